// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/segment-planner.h"

#include <algorithm>
#include <string>

#include "service/request.h"

namespace omni {
namespace {

constexpr GstClockTime kSecond = GST_SECOND;

// Frames do not end on whole seconds: 240 of 30000/1001 take 8.008 s and are billed as 8.
constexpr GstClockTime kSlack = 100 * GST_MSECOND;

// What is longer than a length of the model by less than this is sold as that length: half a
// second, less what rounding to the ticks of a file may add.
constexpr GstClockTime kSold = 499 * GST_MSECOND;

// Upstream's word about where a stream ends may be short by its last frames. What is as short as
// that is no segment, whatever the model takes.
constexpr GstClockTime kLateEnd = 500 * GST_MSECOND;

std::string seconds_text(GstClockTime time) {
  char text[32];
  g_snprintf(text, sizeof text, "%g s", static_cast<double>(time) / GST_SECOND);
  return text;
}

}  // namespace

SegmentPlanner::SegmentPlanner(const Lengths& lengths, GstClockTime wanted, bool live,
                               GstClockTime overlap)
    : lengths_(lengths), live_(live), overlap_(overlap) {
  wanted = std::max<GstClockTime>(wanted, GST_MSECOND);
  const bool known = lengths.maximum != 0 || lengths.minimum != 0 || !lengths.only.empty();
  // Within a range, the length need not be whole seconds as long as it is padded to them.
  nominal_duration_ = wanted;
  if (known) nominal_duration_ = nearest_length(wanted, lengths) * kSecond;
  // Otherwise a frame would fade into a third segment before it has left the first.
  if (overlap > nominal_duration_ / 2)
    throw Failure(Reason::invalid_request,
                  "`overlap` is more than half of a segment, which is " +
                      seconds_text(nominal_duration_) + " long. Set it to at most " +
                      seconds_text(nominal_duration_ / 2) + ", in nanoseconds.");
  nominal_duration_ -= overlap;
  least_ = lengths.only.empty() ? lengths.minimum * kSecond : lengths.only.front() * kSecond;
  most_ = lengths.only.empty() ? lengths.maximum * kSecond : lengths.only.back() * kSecond;
}

GstClockTime SegmentPlanner::max_duration() const {
  if (live_) return nominal_duration_;
  // A start too close to the next grid point is joined with what follows, and so is a short tail.
  const GstClockTime most = nominal_duration_ + std::max(nominal_duration_, 2 * least_);
  return is_bounded() ? std::min(most, most_) : most;
}

GstClockTime SegmentPlanner::next_grid_point(GstClockTime start) const {
  GstClockTime point = (start / nominal_duration_ + 1) * nominal_duration_;
  if (point - start + overlap_ + kSlack < least_) point += nominal_duration_;
  const bool too_far = is_bounded() && point - start + overlap_ > most_ + kSlack;
  return too_far ? start + nominal_duration_ : point;
}

void SegmentPlanner::begin(GstClockTime start, GstClockTime end) {
  start_ = start;
  grace_ = 0;
  is_rest_ = live_ && start < claimed_until_;
  if (is_rest_)
    cut_ = claimed_until_;
  else
    cut_ = live_ ? start + nominal_duration_ : next_grid_point(start);
  if (!live_ && overlap_ > 0 && GST_CLOCK_TIME_IS_VALID(end) && end + kSlack >= cut_)
    take_along(end);
}

void SegmentPlanner::take_along(GstClockTime end) {
  const auto fits = [&](GstClockTime last) {
    return !is_bounded() || last - start_ < most_ + kSold;
  };
  const bool too_short = end < cut_ + least_ - std::min(least_, kSlack);
  if (end > cut_ && !(too_short && fits(end))) return;
  cut_ = std::max(cut_, end);
  if (fits(cut_ + kLateEnd)) grace_ = kLateEnd;
}

GstClockTime SegmentPlanner::longest_joined() const {
  if (live_) return 0;
  return std::max(least_ - std::min(least_, kSlack), kLateEnd);
}

bool SegmentPlanner::joins(GstClockTime left, GstClockTime whole) const {
  return left < longest_joined() && (!is_bounded() || whole < most_ + kSold);
}

bool SegmentPlanner::may_end_soon(GstClockTime end) const {
  if (live_ || !GST_CLOCK_TIME_IS_VALID(end)) return false;
  const GstClockTime far = cut_ + longest_joined() + kLateEnd;
  return end < far;
}

bool SegmentPlanner::may_cut_at(GstClockTime time) const {
  return time > start_ && (is_rest_ || time - start_ >= least_);
}

bool SegmentPlanner::claim(GstClockTime start, GstClockTime length) {
  if (!live_) return true;
  if (start < claimed_until_ || length + kSlack < least_) return false;
  claimed_until_ = start + nominal_duration_;
  return true;
}

GstClockTime SegmentPlanner::padded(GstClockTime length) const {
  if (!lengths_.only.empty()) {
    for (const unsigned seconds : lengths_.only)
      if (length < seconds * kSecond + kSold) return std::max(length, seconds * kSecond);
    return length;
  }
  if (!is_bounded() && least_ == 0) return length;
  GstClockTime whole = (length + kSecond - kSold) / kSecond * kSecond;
  // What is a little too long may still be taken; filled up to the next second it never is.
  if (is_bounded()) whole = std::min(whole, most_);
  return std::max(length, std::max(whole, least_));
}

}  // namespace omni
