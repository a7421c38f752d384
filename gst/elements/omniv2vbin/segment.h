// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One segment of a stream on its way: its source items and what becomes of it.
//
//   open -> cut -> submitted -> ready ------------------> played out, frame by frame
//                     |   |---> failed -> on-failure ---> played out (source, hold, skip), or an
//                     |                                   error
//                     |-------> late (live) -> late-policy -> played out; the job continues, its
//                               result is not shown
//
// Owner: the cutter until the cut; then the submitter and the playout share it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "elements/common/output-queue.h"
#include "elements/common/pending-result.h"
#include "elements/omniv2vbin/bin-settings.h"
#include "media/bus-cancellation.h"
#include "media/frame-record.h"
#include "media/gst-ptr.h"
#include "media/segment-encoder.h"

namespace omni {

/// Duration of a frame that has none.
inline constexpr GstClockTime kDefaultFrameDuration = GST_SECOND / 25;

/// A frame or a serialized event of the source, in input order.
struct SourceItem {
  GstClockTime time = 0;  // from the start of the segment
  FrameRecord frame;
  EventPtr event;  // instead of a frame
};

struct Segment {
  // Set by the cutter, before the cut
  guint number = 0;
  GstClockTime running_time = 0;      // of its first frame
  GstClockTime stream_time = 0;       // of its first frame
  GstClockTime length = 0;            // up to its end
  GstClockTime planned_end = 0;       // of its reference, from its beginning: the most there can be
  GstClockTime overlap_tail = 0;      // of the next segment, that its reference goes on with
  GstClockTime reference_length = 0;  // with the tail, and the padding that the service wants
  GstClockTime joined_at = 0;         // where what it took in at its end begins
  std::vector<SourceItem> items;
  CapsPtr caps;  // of its frames
  BinSettings settings;
  std::shared_ptr<PendingResult> pending;
  std::shared_ptr<BusCancellation> cancel;         // of making its reference
  gint64 cut_at = 0;                               // monotonic, µs
  GstClockTime complete_at = GST_CLOCK_TIME_NONE;  // running time by the clock when it was cut
  std::string unsold;  // live: why no job is made of it; empty where one is

  // Of the submitter's thread
  std::shared_ptr<const std::string> still;  // sent as an image

  struct Shared {
    std::shared_ptr<SegmentEncoder> encoder;    // until the reference is there; null: there is none
    std::shared_ptr<SegmentEncoder> joined;     // of what it took in at its end
    std::shared_ptr<const ByteRope> reference;  // kept while it may have to be shown
    bool submitted = false;
    bool late = false;  // its deadline passed before the result was ready
  };
  Guarded<Shared> shared;

  OnFailure late_policy() const {
    if (settings.late_policy == LatePolicy::hold) return OnFailure::hold;
    return settings.late_policy == LatePolicy::skip ? OnFailure::skip : OnFailure::source;
  }
  OnFailure on_failure(bool live) const {
    if (settings.on_failure != OnFailure::automatic) return settings.on_failure;
    return live ? OnFailure::source : OnFailure::error;
  }
};

}  // namespace omni
