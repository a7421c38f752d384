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
  /// A live source may be silent for a little without having stopped.
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
  /// Live: is even its end so late that nobody can show it, though it was complete at
  /// `complete`? Such a segment is left out, or a slow downstream would fall back further and
  /// further, and all would pile up here. An input that is itself late is shown late.
  bool is_expired(GstClockTime begins, GstClockTime length, GstClockTime complete,
                  GstClockTime now) const;
  /// The running time of a frame that comes now, on time.
  GstClockTime expected(GstClockTime now) const;
  /// How much later a frame comes than upstream's latency says.
  GstClockTime lag(GstClockTime running, GstClockTime now) const;
  /// When the frame that should complete a segment has not come for so long that it will not come;
  /// GST_CLOCK_TIME_NONE where nothing is waited for. `lag` is that of the last one that came:
  /// where all are late, the next one is as well.
  GstClockTime stall(GstClockTime complete_at, GstClockTime lag) const;

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
