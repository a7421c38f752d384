// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Writes a plain MP4 from tracks and their samples: moov in front, no times of day, so that the
// same samples give the same bytes. Knows nothing of codecs but what it takes to write a sample
// entry.
#pragma once

#include <cstdint>
#include <memory>

#include "media/mp4/samples.h"
#include "service/byte-rope.h"

namespace omni::mp4 {

/// The samples are not copied: the result holds on to their media.
std::shared_ptr<const ByteRope> write_movie(const Movie& movie);

}  // namespace omni::mp4
