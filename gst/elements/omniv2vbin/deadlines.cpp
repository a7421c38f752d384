// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/deadlines.h"

#include <algorithm>

namespace omni {

void Deadlines::set_durations(GstClockTime nominal, GstClockTime max, GstClockTime overlap) {
  max_ = max;
  overlap_ = overlap;
  nominal_ = nominal;
}

GstClockTime Deadlines::of(GstClockTime begins) const {
  const GstClockTime prepare = std::min<GstClockTime>(kPrepare, latency_ / 4);
  return begins + upstream_latency_ + nominal_ + overlap_ + latency_ - prepare;
}

bool Deadlines::has_passed(GstClockTime begins, GstClockTime now) const {
  return GST_CLOCK_TIME_IS_VALID(now) && now >= of(begins);
}

bool Deadlines::is_expired(GstClockTime begins, GstClockTime length, GstClockTime complete,
                           GstClockTime now) const {
  if (!live_ || !GST_CLOCK_TIME_IS_VALID(now)) return false;
  GstClockTime due = of(begins);
  if (GST_CLOCK_TIME_IS_VALID(complete)) due = std::max(due, complete);
  return now > due + length + nominal_;
}

GstClockTime Deadlines::expected(GstClockTime now) const {
  if (!GST_CLOCK_TIME_IS_VALID(now)) return GST_CLOCK_TIME_NONE;
  return now > upstream_latency_ ? now - upstream_latency_ : 0;
}

GstClockTime Deadlines::lag(GstClockTime running, GstClockTime now) const {
  const GstClockTime expected = running + upstream_latency_;
  return live_ && GST_CLOCK_TIME_IS_VALID(now) && now > expected ? now - expected : 0;
}

GstClockTime Deadlines::stall(GstClockTime complete_at, GstClockTime lag) const {
  if (!live_ || !GST_CLOCK_TIME_IS_VALID(complete_at)) return GST_CLOCK_TIME_NONE;
  return complete_at + upstream_latency_ + lag + kStalled;
}

GstClockTime Deadlines::audio_capacity(unsigned window, GstClockTime nominal,
                                       GstClockTime video_idle) const {
  if (live_) return latency_ + upstream_latency_ + overlap_ + 3 * nominal;
  const GstClockTime more =
      video_idle > kVideoIdle ? (video_idle - kVideoIdle) * kVideoIdlePace : 0;
  return window * max_ + 2 * nominal + overlap_ + more;
}

}  // namespace omni
