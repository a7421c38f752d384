// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One segment of a stream of raw pictures, encoded as the picture track of a reference. An encoder
// of its own for each segment: it is drained at the cut, so nothing of one segment waits for the
// next, and the same pictures give the same bytes wherever in a stream they are. Where to cut, and
// what becomes of the reference, is decided elsewhere.
//
//   the stream's thread        the pipeline's threads       a thread that may wait
//   push() frame by frame      encode, note_unit()          complete(): fill, drain, take
//
// A picture that is shown for longer than the others is repeated, in whole frames: what reads a
// reference frame by frame knows nothing of times, and who writes a result often gives the last
// frame the length of any other. Either moves all that is behind, or the whole segment.
//
// Lock: lock_ guards everything below it; nothing is called under it but the condition.
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

/// What a reference may take: its rate and size follow from it.
struct SegmentLimits {
  std::uint64_t max_bytes = 0;  // of the whole file
  GstClockTime longest = 0;     // segment
  unsigned sound_rate = 0;      // bits per second that sound takes of it
  unsigned max_side = 0;        // pixels, 0 = no limit
  unsigned max_short_side = 0;  // lines that the service works in, 0 = unknown
};

/// How pictures with these caps are encoded so that a segment surely comes near its limit at most.
/// `encoder` names the factory; empty = see make_h264_encoder().
EncodePlan plan_segment(const GstCaps* raw, const SegmentLimits& limits,
                        const std::string& encoder);

class SegmentEncoder {
 public:
  /// `ahead` raw frames may wait at most: they are large. Throws Failure (invalid_request) when an
  /// element is not installed.
  SegmentEncoder(const GstCaps* raw, const EncodePlan& plan, unsigned ahead);
  /// Not from one of the pipeline's own threads.
  ~SegmentEncoder();
  SegmentEncoder(const SegmentEncoder&) = delete;
  SegmentEncoder& operator=(const SegmentEncoder&) = delete;

  /// A frame at its time from the segment's beginning; later than the one before it. Waits while
  /// the encoder is behind. False when it failed or was cancelled: complete() tells.
  bool push(BufferPtr frame, GstClockTime time);
  /// Would push() wait?
  bool is_behind() const;
  /// Before a frame is pushed at this time: repeats the last one where others are missing, if the
  /// rate is constant. Waits while the encoder is behind, or leaves the rest for later.
  void bridge(GstClockTime time, bool wait);

  /// After the last frame, which is shown up to `length`. Waits for the encoder; throws Failure
  /// (cancelled, bad_input).
  mp4::SampleTrack complete(GstClockTime length);

  /// From any thread: ends all waiting, for good.
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

  // Of who pushes
  std::vector<GstClockTime> times_;
  BufferPtr last_;

  mutable std::mutex lock_;
  std::condition_variable changed_;
  unsigned waiting_ = 0;  // frames that the encoder has not begun with
  bool ended_ = false;
  bool cancelled_ = false;
  std::string problem_;
  Coded coded_;
};

}  // namespace omni
