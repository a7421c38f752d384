// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Sample entries: how a track describes its codec, in MP4 and QuickTime form.
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

/// An 'avc1' entry around the decoder configuration (avcC).
std::string avc_entry(unsigned width, unsigned height, std::string_view config,
                      const Colour& colour);
/// An 'mp4a' entry around an AudioSpecificConfig.
std::string aac_entry(unsigned channels, unsigned rate, std::string_view config);

/// The entry of the same video in MP4 form: QuickTime's own boxes dropped, colours converted.
std::string plain_video_entry(std::string_view entry);

/// Whether a 'colr' box in a video entry says that samples are full range.
bool is_full_range(std::string_view entry);

/// QuickTime wraps AAC in its own ways. Returns the entry in MP4 form; empty when it is not AAC.
std::string plain_aac_entry(std::string_view entry, std::uint32_t timescale);

}  // namespace omni::mp4
