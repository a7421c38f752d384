// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Writes a plain MP4 from tracks and their samples. moov comes first and no creation times are
// stored, so the same samples give the same bytes. Knows no codecs beyond what a sample entry
// needs.
#pragma once

#include <cstdint>
#include <memory>

#include "media/mp4/samples.h"
#include "service/byte-rope.h"

namespace omni::mp4 {

/// The samples are not copied: the result holds references to their media.
std::shared_ptr<const ByteRope> write_movie(const Movie& movie);

}  // namespace omni::mp4
