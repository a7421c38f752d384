// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/input-timeline.h"

#include <algorithm>

namespace omni {

namespace {

// A larger step back in time is a new start; a smaller one is jitter.
constexpr GstClockTime kJitter = 500 * GST_MSECOND;

// Frames without times that come faster than their rate says are ahead of the clock by this at
// most.
constexpr GstClockTime kAhead = GST_SECOND;

}  // namespace

void InputTimeline::reset() {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  last_ = GST_CLOCK_TIME_NONE;
  next_ = 0;
}

bool InputTimeline::set_segment(const GstSegment& segment) {
  GstSegment same = segment;
  same.position = segment_.position;
  const bool differs = !gst_segment_is_equal(&same, &segment_);
  segment_ = segment;
  return differs;
}

GstClockTime InputTimeline::to_stream(GstClockTime position) const {
  return gst_segment_to_stream_time(&segment_, GST_FORMAT_TIME, position);
}

GstClockTime InputTimeline::to_running(GstClockTime position) const {
  return gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, position);
}

/// Evenly, as long as that is near to when the frames come.
FrameTimes InputTimeline::follow(GstClockTime arrived) const {
  GstClockTime running = next_;
  if (GST_CLOCK_TIME_IS_VALID(arrived)) {
    if (arrived > next_ + kJitter) running = arrived;
    if (next_ > arrived + kAhead) running = std::max(arrived + kAhead, after_last());
  }
  const GstClockTime position =
      gst_segment_position_from_running_time(&segment_, GST_FORMAT_TIME, running);
  const GstClockTime stream = to_stream(position);
  return {running, GST_CLOCK_TIME_IS_VALID(stream) ? stream : running};
}

std::optional<FrameTimes> InputTimeline::locate(const GstBuffer* frame, GstClockTime duration,
                                                GstClockTime arrived) const {
  if (!GST_BUFFER_PTS_IS_VALID(frame)) return follow(arrived);
  // A frame that begins before the segment and is still shown in it counts from the beginning.
  guint64 from = GST_BUFFER_PTS(frame), until = from + duration;
  if (!gst_segment_clip(&segment_, GST_FORMAT_TIME, from, until, &from, &until))
    return std::nullopt;
  const FrameTimes times{to_running(from), to_stream(from)};
  if (!GST_CLOCK_TIME_IS_VALID(times.running) || !GST_CLOCK_TIME_IS_VALID(times.stream))
    return std::nullopt;
  return times;
}

GstClockTime InputTimeline::take(GstClockTime running, GstClockTime duration, bool first) {
  last_ = !first && running <= last_ ? last_ + 1 : running;
  next_ = last_ + duration;
  return last_;
}

bool InputTimeline::goes_back_to(GstClockTime running) const {
  return GST_CLOCK_TIME_IS_VALID(last_) && running + kJitter < last_;
}

std::optional<GstClockTime> InputTimeline::begin_again() {
  const GstClockTime begins = to_running(segment_.start);
  if (!GST_CLOCK_TIME_IS_VALID(begins) || !goes_back_to(begins)) return std::nullopt;
  last_ = GST_CLOCK_TIME_NONE;
  next_ = begins;
  return begins;
}

}  // namespace omni
