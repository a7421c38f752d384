// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Reduces a file to one track, for a demuxer. Boxes are changed or added; media stays where it is.
#pragma once

#include <cstdint>
#include <memory>

#include "media/mp4/samples.h"
#include "service/byte-rope.h"

namespace omni::mp4 {

/// The same file, not copied, with only this track left and all of it presented, so that a demuxer
/// returns every sample at its media time.
std::shared_ptr<const ByteRope> only_track(const std::shared_ptr<const ByteRope>& file,
                                           const SampleTrack& track, std::uint32_t movie_timescale);

}  // namespace omni::mp4
