// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What an MP4 that stands for a stretch of the stream (a result, or a kept reference) shows at
// which moment of it. Times are asked for in order; the decoder is read as far as that needs.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>

#include "media/clip-decoder.h"
#include "media/placement.h"

namespace omni {

/// How long a part is, and how long the reference that it stands for.
struct ClipLengths {
  GstClockTime reference = 0;
  GstClockTime part = 0;
};

class ClipPlayer {
 public:
  ClipPlayer(std::shared_ptr<ClipDecoder> decoder, DurationPolicy fit, ClipLengths lengths)
      : decoder_(std::move(decoder)), fit_(fit), lengths_(lengths) {}

  /// The frame that is shown at this time of the reference; not earlier than asked for before.
  /// Valid until the next call. Throws Failure (bad_result, cancelled).
  const ClipFrame& at(GstClockTime time);

 private:
  std::shared_ptr<ClipDecoder> decoder_;
  DurationPolicy fit_;
  ClipLengths lengths_;
  std::optional<ClipFrame> shown_;     // of the moment
  std::optional<ClipFrame> upcoming_;  // the one after it
  bool at_end_ = false;
};

}  // namespace omni
