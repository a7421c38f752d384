// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What edit lists show of the media of a track.
#pragma once

#include <cstdint>
#include <vector>

#include "media/mp4/samples.h"

namespace omni::mp4 {

/// Where the media of a track lies in its own time, in nanoseconds.
struct MediaSpan {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint32_t timescale = 0;  // of the edits' media times
};

/// How long the edits show some of it, in nanoseconds. Time in which they show nothing, and edits
/// beyond the media, do not count.
std::uint64_t shown_length(const std::vector<Edit>& edits, std::uint32_t movie_timescale,
                           const MediaSpan& media);

}  // namespace omni::mp4
