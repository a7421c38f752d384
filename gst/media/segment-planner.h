// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decides where a stream is cut. Only lengths that the model accepts are used, on a grid in stream
// time where possible, so that the same material gives the same segments again. Pure arithmetic.
#pragma once

#include <gst/gst.h>

#include "service/dialect.h"

namespace omni {

class SegmentPlanner {
 public:
  /// `wanted` is the length that the user asks for; the nearest one that the model accepts is used.
  /// A live stream is cut from its own start and never later than planned, because its latency is a
  /// promise. References extend past a planned cut by `overlap`, which is part of that length.
  /// Throws Failure when it is too long.
  SegmentPlanner(const Lengths& lengths, GstClockTime wanted, bool live, GstClockTime overlap = 0);

  /// Usual duration of a segment, from cut to cut.
  GstClockTime nominal_duration() const { return nominal_duration_; }
  /// Maximum duration of a segment.
  GstClockTime max_duration() const;

  /// A segment starts with the frame at stream time `start`. `end` is the end of the stream if
  /// known, else GST_CLOCK_TIME_NONE.
  void begin(GstClockTime start, GstClockTime end);
  /// The planned end of the segment.
  GstClockTime cut() const { return cut_; }
  /// Does a frame at `time` start the next segment? A few frames past the announced end of the
  /// stream are still included: they would become a job of their own.
  bool is_beyond(GstClockTime time) const { return time >= cut_ + grace_; }
  /// Is the part before `time` long enough for a segment of its own?
  bool may_cut_at(GstClockTime time) const;

  /// Duration of the reference for a segment of this length: padded to what the model accepts.
  GstClockTime padded(GstClockTime length) const;

 private:
  GstClockTime next_grid_point(GstClockTime start) const;
  bool is_bounded() const { return lengths_.maximum != 0; }

  Lengths lengths_;
  bool live_;
  GstClockTime overlap_;
  GstClockTime nominal_duration_ = 0;
  GstClockTime least_ = 0;
  GstClockTime most_ = 0;
  GstClockTime start_ = 0;
  GstClockTime cut_ = 0;
  GstClockTime grace_ = 0;
};

}  // namespace omni
