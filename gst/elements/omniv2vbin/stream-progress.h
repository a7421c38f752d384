// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Progress of a stream for the application:
// - omni/progress, with each submitted job and each segment that was output;
// - PROGRESS, from the first submission to the first output, the wait in which nothing is visible.
//   gst-launch-1.0 stays in PAUSED while one is open, so it is closed before the first buffer, and
//   a live stream, which needs its clock, has none.
#pragma once

#include <gst/gst.h>

#include <atomic>

#include "elements/omniv2vbin/bin-host.h"
#include "elements/omniv2vbin/deadlines.h"

namespace omni {

class StreamProgress {
 public:
  StreamProgress(const BinHost& host, const BinQueue& queue, const Deadlines& deadlines);

  /// Jobs that are running: submitted, not finished and not late; `except` is not counted.
  unsigned running(const QueueLock& lock, const Segment* except = nullptr) const;

  /// The stream begins with the segment of this number: those before count no more.
  void count_from(guint number) { first_number_ = number; }
  /// How many segments the run will have had at the end of the stream, as far as that is known;
  /// else 0.
  void set_total(guint segments) { total_ = segments ? segments - first_number_ : 0; }
  /// Before a job is submitted: its output cannot begin before PROGRESS has.
  void submitting();
  void submitted() { post(); }
  /// It was submitted during a flush or a stop, and is cancelled.
  void withdrawn();
  /// Before a buffer, a GAP or EOS is pushed.
  void output_begins() { close(GST_PROGRESS_TYPE_COMPLETE, "the first segment is ready"); }
  void failed(const Error& error) { close(GST_PROGRESS_TYPE_ERROR, error.message.c_str()); }
  /// A segment was output, up to this stream time.
  void played_out(GstClockTime position);
  /// A flush, or a stop.
  void cancel();

 private:
  enum class Phase {
    waiting,   // for the first submission
    starting,  // START is being posted
    open,      // until output begins
    done,      // output has begun, or has failed
  };

  void post();
  void post_progress(GstProgressType type, const char* text) const;
  void close(GstProgressType type, const char* text);

  const BinHost& host_;
  const BinQueue& queue_;
  const Deadlines& deadlines_;
  guint first_number_ = 0;  // sink pad's thread
  std::atomic<guint> done_{0};
  std::atomic<guint> total_{0};
  std::atomic<GstClockTime> position_{GST_CLOCK_TIME_NONE};
  std::atomic<Phase> phase_{Phase::waiting};
  std::atomic<GstProgressType> closed_as_{GST_PROGRESS_TYPE_COMPLETE};
};

}  // namespace omni
