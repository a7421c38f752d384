// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// From coded pictures and the times of the frames that they were made of to a track of an MP4.
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

/// Throws Failure (bad_input) when no frame came out of the encoder.
CodedPicture coded_picture(const Coded& coded);

/// Indexes of the units in the order in which they are shown.
std::vector<std::size_t> shown_order(const Coded& coded);

/// One sample for each unit, every frame at its time, whatever order the encoder gives them in.
/// `frames` are in the order in which they are shown, as many as there are units. The times in the
/// track are those of the frames less `early`.
void place_units(const Coded& coded, const std::vector<ShownFrame>& frames, std::int64_t early,
                 mp4::SampleTrack& track);

}  // namespace omni
