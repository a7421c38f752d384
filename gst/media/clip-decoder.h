// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decodes the video of one MP4 (a result, or a kept reference) into raw frames converted to the
// format, size, pixel aspect ratio and colorimetry of the stream. Rotation and edit lists are
// applied. The pipeline is not part of any bin; only a few raw frames wait in it. Which frame is
// shown when is decided elsewhere.
//
// Lock: lock_ guards everything below it; nothing but the condition is called under it.
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
  GstClockTime time = 0;  // running time in the clip
};

class ClipDecoder {
 public:
  /// `wanted`: raw caps. With a width and height, every frame is scaled to them, with black bars
  /// where the aspect ratio differs; without them, the clip's own size is kept. Throws Failure
  /// (invalid_request) when an element is not installed. Does not block.
  ClipDecoder(std::shared_ptr<const ByteRope> file, const GstCaps* wanted);
  /// Must not run on one of the pipeline's own threads.
  ~ClipDecoder();
  ClipDecoder(const ClipDecoder&) = delete;
  ClipDecoder& operator=(const ClipDecoder&) = delete;

  /// Waits for the next frame; empty at the end. Throws Failure (bad_result, cancelled).
  std::optional<ClipFrame> next();

  /// From any thread: ends all waiting, permanently.
  void cancel();

 private:
  static GstPadProbeReturn colours_probe(GstPad* pad, GstPadProbeInfo* info, gpointer self);
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
  ElementPtr same_colours_;  // capsfilter behind it
  ElementPtr convert_;
  ElementPtr intermediate_;  // capsfilter between the two conversions

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<ClipFrame> frames_;
  bool ended_ = false;
  bool cancelled_ = false;
  std::string problem_;
  std::string missing_;  // what GStreamer has no plugin for
};

/// Duration of an MP4's video with its edit list applied; 0 when it cannot be read.
GstClockTime shown_duration(const std::shared_ptr<const ByteRope>& file);

}  // namespace omni
