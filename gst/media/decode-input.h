// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The head of a pipeline that decodes one track of an MP4 in memory, appsrc ! qtdemux ! decodebin,
// and the means to stop such a pipeline at any moment. The owner makes and links the elements
// downstream.
//
// Lock: lock_ guards everything below it, and is held while two pads are linked.
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "media/gst-ptr.h"
#include "service/byte-rope.h"

namespace omni {

class DecodeInput {
 public:
  /// Should this demuxed track be decoded? Called on a streaming thread, for one track after
  /// another until the first true.
  using Wants = std::function<bool(GstPad* demuxed)>;
  /// A src pad of decodebin, ready to be linked; on a streaming thread.
  using Use = std::function<void(GstPad* decoded)>;

  /// Adds the three elements to `pipeline`. Throws Failure (invalid_request) when one is not
  /// installed.
  DecodeInput(const ElementPtr& pipeline, std::shared_ptr<const ByteRope> file, Wants wants,
              Use use);
  DecodeInput(const DecodeInput&) = delete;
  DecodeInput& operator=(const DecodeInput&) = delete;

  /// Does nothing when the pipeline is being stopped or the sink is linked already. Incompatible
  /// pads cause a not-linked error on the bus.
  void link(GstPad* pad, GstPad* sink);

  /// Sets the whole pipeline to NULL, permanently. Must not run on one of its own threads, and
  /// nothing in the pipeline may wait for the caller.
  void stop();

 private:
  static void demuxed_pad(GstElement* demuxer, GstPad* pad, gpointer self);
  static void decoded_pad(GstElement* decoder, GstPad* pad, gpointer self);
  static GstPadProbeReturn flowing(GstPad* pad, GstPadProbeInfo* info, gpointer self);

  ElementPtr pipeline_;
  std::shared_ptr<const ByteRope> file_;
  ElementPtr demuxer_;
  ElementPtr decoder_;
  PadPtr decoder_sink_;
  Wants wants_;
  Use use_;

  std::mutex lock_;
  std::condition_variable changed_;
  bool closing_ = false;
  bool plugged_ = false;  // decodebin has built its chain, or will find none
};

}  // namespace omni
