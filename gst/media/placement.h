// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Maps times of a segment to times of the result that was made from it. Pure arithmetic.
#pragma once

#include <gst/gst.h>

#include <algorithm>

namespace omni {

/// What to do with a result that is longer or shorter than its segment.
enum class DurationPolicy {
  retime,  // play it slower or faster, so that the durations match
  trim,    // cut a longer one at its end; retime a shorter one
  hold,    // hold the last frame of a shorter one until the end; retime a longer one
};

/// Maps `time` in a reference of duration `reference` to the time in a result of duration `result`.
inline GstClockTime placed_time(DurationPolicy fit, GstClockTime time, GstClockTime reference,
                                GstClockTime result) {
  const bool own_speed = reference == 0 || result == 0 ||
                         (fit == DurationPolicy::trim && result > reference) ||
                         (fit == DurationPolicy::hold && result < reference);
  return own_speed ? time : gst_util_uint64_scale(time, result, reference);
}

}  // namespace omni
