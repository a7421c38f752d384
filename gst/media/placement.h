// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Which moment of a result is shown at which moment of the segment that it was made from. Pure
// arithmetic.
#pragma once

#include <gst/gst.h>

#include <algorithm>

namespace omni {

/// What is done with a result that is longer or shorter than its segment.
enum class DurationPolicy {
  retime,  // it is played slower or faster, so that it takes just as long
  trim,    // one that is longer is cut at its end; a shorter one is retimed
  hold,    // one that is shorter shows its last picture until the end; a longer one is retimed
};

/// `time` in the reference, of which the whole is `reference` long, to the time in a result that is
/// `result` long.
inline GstClockTime placed_time(DurationPolicy fit, GstClockTime time, GstClockTime reference,
                                GstClockTime result) {
  const bool own_speed = reference == 0 || result == 0 ||
                         (fit == DurationPolicy::trim && result > reference) ||
                         (fit == DurationPolicy::hold && result < reference);
  return own_speed ? time : gst_util_uint64_scale(time, result, reference);
}

}  // namespace omni
