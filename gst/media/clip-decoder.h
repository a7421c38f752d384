// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decodes the picture of one MP4 (a result, or a kept reference) into raw frames that are conformed
// to what the stream has: format, size, pixel aspect, colorimetry. Rotation and edit lists are
// respected. A pipeline of its own outside of any bin; a few raw frames wait in it and no more.
// Which of the frames is shown when is decided elsewhere.
//
// Lock: lock_ guards everything below it; nothing is called under it but the condition.
#pragma once

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "media/decode-input.h"
#include "media/gst-ptr.h"
#include "service/byte-rope.h"

namespace omni {

struct ClipFrame {
  BufferPtr picture;
  CapsPtr caps;
  GstClockTime time = 0;  // running time in the part
};

class ClipDecoder {
 public:
  /// `wanted`: raw caps. With a width and a height everything is made to fit them, with black bars
  /// where the shape differs; without them the part's own size stays. Throws Failure
  /// (invalid_request) when an element is not installed. Does not wait for anything.
  ClipDecoder(std::shared_ptr<const ByteRope> file, const GstCaps* wanted);
  /// Not from one of the pipeline's own threads.
  ~ClipDecoder();
  ClipDecoder(const ClipDecoder&) = delete;
  ClipDecoder& operator=(const ClipDecoder&) = delete;

  /// Waits for the next frame; empty at the end. Throws Failure (bad_result, cancelled).
  std::optional<ClipFrame> next();

  /// From any thread: ends all waiting, for good.
  void cancel();

 private:
  static GstPadProbeReturn shape_probe(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstFlowReturn new_sample(GstAppSink* sink, gpointer self);
  static void end_of_stream(GstAppSink* sink, gpointer self);
  static GstBusSyncReply bus_message(GstBus* bus, GstMessage* message, gpointer self);
  void build(std::shared_ptr<const ByteRope> file);
  ElementPtr add(ElementPtr element);
  GstFlowReturn keep(const GstSample* sample);
  void note_problem(const std::string& text);

  CapsPtr wanted_;
  ElementPtr pipeline_;
  std::optional<DecodeInput> input_;
  ElementPtr head_;
  ElementPtr convert_;
  ElementPtr by_way_of_;  // what is between two conversions: as a rule what is wanted

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<ClipFrame> frames_;
  bool ended_ = false;
  bool cancelled_ = false;
  std::string problem_;
  std::string missing_;  // what a plugin is missing for
};

/// How long the picture of an MP4 is shown, edit list applied; 0 when that cannot be read.
GstClockTime shown_duration(const std::shared_ptr<const ByteRope>& file);

}  // namespace omni
