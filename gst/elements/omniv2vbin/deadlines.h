// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// When a live segment must be ready, and how much may be queued. Pure arithmetic on running times:
// no clock, no lock, no element. The sink pad's thread and the application set values, and any
// thread reads them.
//
//   0         segment cut            deadline             on air
//   |-- nominal --|-- overlap --|------ latency ------|--kPrepare--|
//   `first frame, plus the latency of upstream
#pragma once

#include <gst/gst.h>

#include <atomic>

namespace omni {

class Deadlines {
 public:
  /// A fallback is started this long before its first frame is due, because decoders take time.
  /// Never more than a quarter of the latency.
  static constexpr GstClockTime kPrepare = 250 * GST_MSECOND;
  /// A live source may be late by this much without having stopped.
  static constexpr GstClockTime kStalled = GST_SECOND;
  /// Not live, audio but no video for longer than kVideoIdle: accept this many seconds of audio per
  /// second, so that a demuxer reaches the next frame soon, while the audio of another file does
  /// not fill memory.
  static constexpr GstClockTime kVideoIdle = GST_SECOND;
  static constexpr unsigned kVideoIdlePace = 40;

  void set_live(bool live) { live_ = live; }
  void set_upstream_latency(GstClockTime latency) { upstream_latency_ = latency; }
  void set_durations(GstClockTime nominal, GstClockTime max, GstClockTime overlap);
  /// Time allowed for the service per segment.
  void set_latency(GstClockTime latency) { latency_ = latency; }

  bool is_live() const { return live_; }
  /// Is it known whether it is live?
  bool has_begun() const { return nominal_ > 0; }
  GstClockTime nominal() const { return nominal_; }
  GstClockTime overlap() const { return overlap_; }

  /// When to choose what is shown of a segment; `begins` is the running time of its first frame.
  GstClockTime of(GstClockTime begins) const;
  /// `now` may be GST_CLOCK_TIME_NONE: then no deadline has passed.
  bool has_passed(GstClockTime begins, GstClockTime now) const;
  /// Live: is even its end too late to be shown? Such a segment is left out; otherwise a slow
  /// downstream would fall further and further behind, and everything would queue up here.
  bool is_expired(GstClockTime begins, GstClockTime length, GstClockTime now) const;
  /// When the frame that completes a segment is so late that it will not arrive;
  /// GST_CLOCK_TIME_NONE when none is expected.
  GstClockTime stall(GstClockTime complete_at) const;

  /// How much audio may wait for the video. `video_idle`: how long upstream has sent no frame
  /// although nothing blocked it.
  GstClockTime audio_capacity(unsigned window, GstClockTime nominal, GstClockTime video_idle) const;

 private:
  std::atomic<bool> live_{false};
  std::atomic<GstClockTime> upstream_latency_{0};
  std::atomic<GstClockTime> nominal_{0};  // of a segment, from cut to cut
  std::atomic<GstClockTime> max_{0};      // maximum duration of a segment
  std::atomic<GstClockTime> overlap_{0};  // how far its reference extends past the cut
  std::atomic<GstClockTime> latency_{0};
};

}  // namespace omni
