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
  GstClockTime length = 0;            // until its end
  GstClockTime planned_end = 0;       // maximum length of its reference
  GstClockTime overlap_tail = 0;      // part of the next segment that its reference includes
  GstClockTime reference_length = 0;  // including the tail, and the padding that the service needs
  std::vector<SourceItem> items;
  CapsPtr caps;  // of its frames
  BinSettings settings;
  std::shared_ptr<PendingResult> pending;
  std::shared_ptr<BusCancellation> cancel;  // cancels making its reference
  gint64 cut_at = 0;                        // monotonic, µs

  // Of the submitter's thread
  std::shared_ptr<const std::string> still;  // sent as an image

  struct Shared {
    std::shared_ptr<SegmentEncoder> encoder;    // until the reference is ready; null: none
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
