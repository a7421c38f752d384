// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Finds the frame that a clip (a result, or a kept reference) shows at each moment of the stream.
// Times are asked for in order; the decoder is read only as far as needed.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <optional>

#include "media/clip-decoder.h"
#include "media/placement.h"

namespace omni {

/// The duration of a clip, and of the reference that it replaces.
struct ClipLengths {
  GstClockTime reference = 0;
  GstClockTime part = 0;
};

class ClipPlayer {
 public:
  ClipPlayer(std::shared_ptr<ClipDecoder> decoder, DurationPolicy fit, ClipLengths lengths)
      : decoder_(std::move(decoder)), fit_(fit), lengths_(lengths) {}

  /// The frame for this time of the reference, which must not be earlier than in the last call.
  /// Valid until the next call. Throws Failure (bad_result, cancelled).
  const ClipFrame& at(GstClockTime time);

 private:
  std::shared_ptr<ClipDecoder> decoder_;
  DurationPolicy fit_;
  ClipLengths lengths_;
  std::optional<ClipFrame> shown_;     // the current frame
  std::optional<ClipFrame> upcoming_;  // the one after it
  bool at_end_ = false;
};

}  // namespace omni
