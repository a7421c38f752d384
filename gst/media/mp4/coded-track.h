// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Turns encoded frames and the times of their source frames into a track of an MP4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "media/mp4/samples.h"
#include "media/recode.h"

namespace omni {

/// A frame, in its track's timescale.
struct ShownFrame {
  std::int64_t time = 0;
  std::uint32_t duration = 0;
};

struct CodedPicture {
  std::string entry;  // for stsd
  unsigned width = 0;
  unsigned height = 0;
};

/// Throws Failure (bad_input) when the encoder returned no frame.
CodedPicture coded_picture(const Coded& coded);

/// Indexes of the units in presentation order.
std::vector<std::size_t> shown_order(const Coded& coded);

/// One sample for each unit, each frame at its time, in whatever order the encoder returns them.
/// `frames` are in presentation order, one for each unit. Times in the track are those of the
/// frames minus `early`.
void place_units(const Coded& coded, const std::vector<ShownFrame>& frames, std::int64_t early,
                 mp4::SampleTrack& track);

}  // namespace omni
