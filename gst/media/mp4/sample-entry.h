// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Sample entries: what a track says about its codec, in the forms that MP4 and QuickTime give it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace omni::mp4 {

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

/// Whether a 'colr' box in a video entry says that samples use all levels.
bool is_full_range(std::string_view entry);

/// QuickTime wraps AAC in ways of its own: the entry as an MP4 has it; empty when it holds no AAC.
std::string plain_aac_entry(std::string_view entry, std::uint32_t timescale);

}  // namespace omni::mp4
