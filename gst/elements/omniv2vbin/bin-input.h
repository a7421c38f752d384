// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, the video sink pad: which caps, segments and events are accepted, and which are
// refused. Accepted input goes to the cutter. All on the sink pad's thread, unless noted.
#pragma once

#include <atomic>

#include "elements/omniv2vbin/bin-host.h"
#include "elements/omniv2vbin/cutter.h"
#include "elements/omniv2vbin/deadlines.h"

namespace omni {

class BinInput {
 public:
  BinInput(const BinHost& host, BinQueue& queue, Deadlines& deadlines, Cutter& cutter);

  GstFlowReturn chain(BufferPtr buffer);
  /// All events except flushes and STREAM_START.
  gboolean event(EventPtr event);
  /// Another stream follows, without a flush.
  void begin_stream();
  bool query(GstQuery* query, gboolean* answer);
  /// After a flush; the caps stay.
  void reset();

  // Any thread

  /// How long upstream has sent nothing although nothing blocked it.
  GstClockTime idle_for() const;
  /// The output waits, not live: what is held back here goes on its way when upstream brings
  /// nothing more, and what another part of the pipeline has to do is told, once.
  void look_after_wait();
  /// A segment has played out.
  void note_played_out(const QueueLock& lock);

 private:
  static constexpr gint64 kNotWaiting = G_MAXINT64;
  /// Not live: for so long it is waited for upstream without a word.
  static constexpr GstClockTime kPatience = 5 * GST_SECOND;

  GstFlowReturn refusal() const;
  GstFlowReturn fail_now(const Error& error);
  void check_orientation(GstEvent* event);
  void report_empty();
  void report_wait(std::string what, const char* until);
  bool upstream_is_live() const;
  bool start();
  void learn_latency();
  GstClockTime frame_duration(GstBuffer* buffer) const;
  GstFlowReturn take_buffer(BufferPtr buffer);
  bool set_caps(GstEvent* event);
  bool get_ready();
  bool set_segment(GstEvent* event);
  bool take_custom(GstEvent* event);

  const BinHost& host_;
  BinQueue& queue_;
  Deadlines& deadlines_;
  Cutter& cutter_;
  CapsPtr caps_;
  bool ready_ = false;      // frames with these caps can be taken
  bool refused_ = false;    // an error was reported, or EOS came
  bool any_frame_ = false;  // of the whole run
  bool empty_told_ = false;
  bool turn_told_ = false;
  // Of the src pad's task
  bool wait_told_ = false;
  bool pads_told_ = false;
  std::atomic<gint64> began_{kNotWaiting};  // the first caps, monotonic
  // Since when upstream is waited for, monotonic, while nothing else is
  std::atomic<gint64> waits_since_{g_get_monotonic_time()};
};

}  // namespace omni
