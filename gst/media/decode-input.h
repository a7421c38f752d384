// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The head of a pipeline that decodes one track of an MP4 in memory, appsrc ! qtdemux ! decodebin,
// and how such a pipeline is stopped at any moment. What stands behind it is made, and linked to
// it, by who made this.
//
// Lock: lock_ guards what stands below it, and is held while two pads are linked.
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
  /// Is this demuxed track to be decoded? Asked on a streaming thread, for one track after another
  /// until the first yes.
  using Wants = std::function<bool(GstPad* demuxed)>;
  /// A pad of decodebin's, to be linked; on a streaming thread.
  using Use = std::function<void(GstPad* decoded)>;

  /// Adds the three to `pipeline`. Throws Failure (invalid_request) when one is not installed.
  DecodeInput(const ElementPtr& pipeline, std::shared_ptr<const ByteRope> file, Wants wants,
              Use use);
  DecodeInput(const DecodeInput&) = delete;
  DecodeInput& operator=(const DecodeInput&) = delete;

  /// Unless the pipeline is being stopped, or the sink is linked already. What does not fit ends in
  /// an error on the bus: not-linked.
  void link(GstPad* pad, GstPad* sink);

  /// The whole pipeline, to NULL, once and for all. Not from one of its own threads. Nothing may
  /// wait in the pipeline for who calls this.
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
  bool plugged_ = false;  // decodebin has put its parts together, or will find none
};

}  // namespace omni
