// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Encodes one segment of a stream of raw frames as the video track of a reference. Each segment has
// its own encoder: it is drained at the cut, so no frame of a segment waits for the next one, and
// the same frames give the same bytes wherever they are in a stream. Where to cut, and what happens
// to the reference, is decided elsewhere.
//
//   the stream's thread        the pipeline's threads       a thread that may wait
//   push() frame by frame      encode, note_unit()          complete(): fill, drain, take
//
// Gaps are filled by repeating the last frame, in whole frames: some services count frames and
// ignore timestamps, and some give the last frame of a result the nominal duration. Either would
// shift everything after the gap, or the whole segment.
//
// Lock: lock_ guards everything below it; nothing but the condition is called under it.
#pragma once

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "media/encode-chain.h"
#include "media/mp4/samples.h"
#include "media/recode.h"

namespace omni {

/// The limits of a reference, from which its rate and size follow.
struct SegmentLimits {
  std::uint64_t max_bytes = 0;  // of the whole file
  GstClockTime longest = 0;     // segment
  unsigned sound_rate = 0;      // bits per second used by audio
  unsigned max_side = 0;        // pixels, 0 = no limit
  unsigned max_short_side = 0;  // lines that the service works with, 0 = unknown
};

/// Encoder settings for frames with these caps, such that a segment stays within the limit.
/// `encoder` names the factory; empty = see make_h264_encoder().
EncodePlan plan_segment(const GstCaps* raw, const SegmentLimits& limits,
                        const std::string& encoder);

class SegmentEncoder {
 public:
  /// At most `ahead` raw frames may wait, since they are large. Throws Failure (invalid_request)
  /// when an element is not installed.
  SegmentEncoder(const GstCaps* raw, const EncodePlan& plan, unsigned ahead);
  /// Must not run on one of the pipeline's own threads.
  ~SegmentEncoder();
  SegmentEncoder(const SegmentEncoder&) = delete;
  SegmentEncoder& operator=(const SegmentEncoder&) = delete;

  /// Adds a frame at its time from the start of the segment; later than the previous one. Blocks
  /// while the encoder is behind. False when it failed or was cancelled: complete() reports why.
  bool push(BufferPtr frame, GstClockTime time);
  /// Would push() wait?
  bool is_behind() const;
  /// Called before a frame at this time: repeats the last one where frames are missing, if the rate
  /// is constant. Blocks while the encoder is behind, or leaves the rest for later.
  void bridge(GstClockTime time, bool wait);

  /// Called after the last frame, which is shown until `length`. Waits for the encoder; throws
  /// Failure (cancelled, bad_input).
  mp4::SampleTrack complete(GstClockTime length);

  /// From any thread: ends all waiting, permanently.
  void cancel();

 private:
  static GstFlowReturn new_sample(GstAppSink* sink, gpointer self);
  static void end_of_stream(GstAppSink* sink, gpointer self);
  static GstPadProbeReturn frame_leaves(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstBusSyncReply bus_message(GstBus* bus, GstMessage* message, gpointer self);
  void start(const GstCaps* raw, const EncodePlan& plan);
  bool wait_for_room();
  bool has_room(unsigned frames) const;
  void repeat_last(GstClockTime until, guint64 count, bool wait);
  void fill_up(GstClockTime until);
  void drain();
  void note_unit(GstBuffer* buffer, GstCaps* caps);
  mp4::SampleTrack make_track(GstClockTime length) const;

  ElementPtr pipeline_;
  ElementPtr source_;
  ElementPtr encoder_;
  const unsigned ahead_;
  GstClockTime frame_duration_ = 0;  // nominal
  const bool constant_rate_;
  std::uint32_t timescale_ = 0;

  // Of the pushing thread
  std::vector<GstClockTime> times_;
  BufferPtr last_;

  mutable std::mutex lock_;
  std::condition_variable changed_;
  unsigned waiting_ = 0;  // frames that the encoder has not started on
  bool ended_ = false;
  bool cancelled_ = false;
  std::string problem_;
  Coded coded_;
};

}  // namespace omni
