// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A file reduced to one track, for a demuxer: only boxes are changed or added, media stays where it
// is.
#pragma once

#include <cstdint>
#include <memory>

#include "media/mp4/samples.h"
#include "service/byte-rope.h"

namespace omni::mp4 {

/// The same file, without copying it, in which only this track is left, and all of it is shown: for
/// a demuxer that is to give every sample there is, at its media time.
std::shared_ptr<const ByteRope> only_track(const std::shared_ptr<const ByteRope>& file,
                                           const SampleTrack& track, std::uint32_t movie_timescale);

}  // namespace omni::mp4
