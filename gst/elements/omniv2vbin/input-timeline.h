// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Where the frames of the input are in running time and in stream time. Of the sink pad's thread.
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
  /// True when frames that come now do not follow those before.
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
  /// Is a frame at this time a new beginning, rather than jitter?
  bool goes_back_to(GstClockTime running) const;
  /// The segment begins again in running time, without a flush: where. Frames count from there
  /// then.
  std::optional<GstClockTime> begin_again();

  GstClockTime to_stream(GstClockTime position) const;
  GstClockTime to_running(GstClockTime position) const;
  /// Where the segment ends, in stream time.
  GstClockTime end() const { return to_stream(segment_.stop); }

  /// Of the frame before; GST_CLOCK_TIME_NONE before the first one.
  GstClockTime last() const { return last_; }
  /// Where the frame before ends.
  GstClockTime next() const { return next_; }
  /// The earliest time that the next frame can have, for it need not say how long it is shown.
  GstClockTime after_last() const { return GST_CLOCK_TIME_IS_VALID(last_) ? last_ + 1 : 0; }

 private:
  FrameTimes follow(GstClockTime arrived) const;

  GstSegment segment_;
  GstClockTime last_ = GST_CLOCK_TIME_NONE;
  GstClockTime next_ = 0;
};

}  // namespace omni
