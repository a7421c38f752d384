// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Maps input frames to running time and stream time. Used by the sink pad's thread.
#pragma once

#include <gst/gst.h>

#include <optional>

namespace omni {

struct FrameTimes {
  GstClockTime running = 0;
  GstClockTime stream = 0;
};

class InputTimeline {
 public:
  InputTimeline() { reset(); }
  /// After a flush: no segment, no frame.
  void reset();
  /// True when frames after this do not continue those before.
  bool set_segment(const GstSegment& segment);
  bool has_segment() const { return segment_.format == GST_FORMAT_TIME; }

  /// A frame without a PTS follows the one before. Live, `arrived` says where it is in running time
  /// by when it came, else GST_CLOCK_TIME_NONE: a source may be slower or faster than its caps say,
  /// or begin late. Nothing for a frame that is outside of what is to be shown.
  std::optional<FrameTimes> locate(const GstBuffer* frame, GstClockTime duration,
                                   GstClockTime arrived) const;
  /// A frame is taken: its running time. Frames that come at one time, or too late, follow each
  /// other closely: none is lost. `first` is the first one of its segment, which keeps its time.
  GstClockTime take(GstClockTime running, GstClockTime duration, bool first);
  /// Is a frame at this time a new start rather than jitter?
  bool goes_back_to(GstClockTime running) const;
  /// The GstSegment restarts in running time without a flush: returns where. Frames then count from
  /// there.
  std::optional<GstClockTime> begin_again();

  GstClockTime to_stream(GstClockTime position) const;
  GstClockTime to_running(GstClockTime position) const;
  /// The stream time at which the GstSegment ends.
  GstClockTime end() const { return to_stream(segment_.stop); }

  /// Of the previous frame; GST_CLOCK_TIME_NONE before the first one.
  GstClockTime last() const { return last_; }
  /// The end of the previous frame.
  GstClockTime next() const { return next_; }
  /// The earliest possible time of the next frame, since frames may have no duration.
  GstClockTime after_last() const { return GST_CLOCK_TIME_IS_VALID(last_) ? last_ + 1 : 0; }

 private:
  FrameTimes follow(GstClockTime arrived) const;

  GstSegment segment_;
  GstClockTime last_ = GST_CLOCK_TIME_NONE;
  GstClockTime next_ = 0;
};

}  // namespace omni
