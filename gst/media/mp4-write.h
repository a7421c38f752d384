// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Writes a plain MP4 from tracks and their samples: moov in front, no times of day, so that the
// same samples give the same bytes. Knows nothing of codecs but what it takes to write a sample
// entry.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "media/mp4-samples.h"
#include "service/bytes.h"

namespace omni::mp4 {

/// The samples are not copied: the result holds on to their media.
std::shared_ptr<const Bytes> write_movie(const Movie& movie);

struct Colour {  // code points of ISO/IEC 23091-2; 2 = unknown
  unsigned primaries = 2;
  unsigned transfer = 2;
  unsigned matrix = 2;
  bool full_range = false;
};

/// An 'avc1' entry around what decoders are set up with (avcC).
std::string avc_entry(unsigned width, unsigned height, std::string_view config,
                      const Colour& colour);
/// An 'mp4a' entry around an AudioSpecificConfig.
std::string aac_entry(unsigned channels, unsigned rate, std::string_view config);

/// The same picture's entry as an MP4 has it: QuickTime's own boxes dropped, colours in its form.
std::string plain_video_entry(std::string_view entry);

/// QuickTime wraps AAC in ways of its own: the entry as an MP4 has it; empty when it holds no AAC.
std::string plain_aac_entry(std::string_view entry, std::uint32_t timescale);

}  // namespace omni::mp4
