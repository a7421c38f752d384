// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// How AAC describes itself: the AudioSpecificConfig that an MP4 stores once, and the ADTS header
// that a stream has before each unit. Knows no containers and no GStreamer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace omni {

struct AacSetup {
  std::string config;     // AudioSpecificConfig
  unsigned rate = 0;      // of the core; with SBR the output has twice as many samples
  unsigned channels = 0;  // 0 = signalled elsewhere
  unsigned unit = 1024;   // samples in a unit, at that rate
};

/// Nothing unless a unit is plain AAC (LC and similar, with or without SBR).
std::optional<AacSetup> read_aac_config(std::string_view config);

struct AdtsHeader {
  std::size_t header = 0;  // bytes before the decoder's input
  std::size_t size = 0;    // including the header
  AacSetup setup;
};
constexpr std::size_t kAdtsBytes = 7;

/// Nothing unless a unit starts here that can be used without its header.
std::optional<AdtsHeader> read_adts(const std::array<std::uint8_t, kAdtsBytes>& bytes);

}  // namespace omni
