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

  /// A segment begins with the frame at `start` of stream time. `end` is where the stream ends, as
  /// far as that is known: with an overlap, what would be left there is taken along, for it cannot
  /// join later.
  void begin(GstClockTime start, GstClockTime end = GST_CLOCK_TIME_NONE);
  /// Where the segment ends, by plan.
  GstClockTime cut() const { return cut_; }
  /// Does a frame at `time` begin the next segment?
  bool is_beyond(GstClockTime time) const { return time >= cut_ + grace_; }
  /// Is the part before `time` long enough for a segment of its own?
  bool may_cut_at(GstClockTime time) const;

  /// Is what is left behind a segment too short for one of its own, and can both be one, which is
  /// `whole` long? Not live: there the segment is on its way already.
  bool joins(GstClockTime left, GstClockTime whole) const;
  /// How long that is at most; 0 where nothing ever joins.
  GstClockTime longest_joined() const;
  /// May something be left that joins? `end` is where the stream ends, where upstream knows: more
  /// or less, for some count it from the first frame.
  bool may_end_soon(GstClockTime end) const;

  /// A segment from `start` on has become this long. Is a job made of it? Live, only where the
  /// model takes that length, and only one for each `nominal_duration()`: what a source brings
  /// after it has stopped in the midst of a segment is no reason for another one.
  bool claim(GstClockTime start, GstClockTime length);
  /// The next segment has nothing to do with the ones before: a cut was asked for, or the timeline
  /// or the picture is another one.
  void begin_anew() { claimed_until_ = 0; }
  /// The shortest length that the model takes; 0 where that is not known.
  GstClockTime least() const { return least_; }

  /// How long the reference of a segment of this length is. The nearest length that the model takes
  /// is bought: where that is longer, the reference is padded up to it.
  GstClockTime padded(GstClockTime length) const;

 private:
  GstClockTime next_grid_point(GstClockTime start) const;
  void take_along(GstClockTime end);
  bool is_bounded() const { return lengths_.maximum != 0; }

  Lengths lengths_;
  bool live_;
  GstClockTime overlap_;
  GstClockTime nominal_duration_ = 0;
  GstClockTime least_ = 0;
  GstClockTime most_ = 0;
  GstClockTime start_ = 0;
  GstClockTime cut_ = 0;
  GstClockTime grace_ = 0;          // frames that are taken along behind the cut
  bool is_rest_ = false;            // live: of a segment of which a job was made already
  GstClockTime claimed_until_ = 0;  // live: no job is made of what begins before
};

}  // namespace omni
