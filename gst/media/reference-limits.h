// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a service accepts as a reference, and how a clip is compared with it.
#pragma once

#include <cstdint>
#include <string>

#include "media/mp4/probe.h"

namespace omni {

struct ReferenceLimits {  // 0 = no limit
  std::uint64_t max_bytes = 0;
  // For landscape: the larger limit applies to the long side and the smaller one to the short side,
  // so a portrait clip is compared rotated. The size is the displayed one, rotation applied.
  unsigned max_width = 0;
  unsigned max_height = 0;
  bool h264_mp4_only = true;  // plain (not fragmented) MP4 with H.264 (avc1) video
};

/// Why a reference does not fit.
struct LimitViolation {
  enum class Kind {
    none,       // it fits
    codec,      // its video is not H.264
    bytes,      // over max_bytes
    pixels,     // over max_width or max_height
    container,  // fragmented, or QuickTime: its video can be kept
  };
  Kind kind = Kind::none;  // the most significant one, in the order above
  /// All of them, for the user: "its video is HEVC (H.265), and it is 23.4 MB, over 15 MiB".
  std::string text;
  explicit operator bool() const { return kind != Kind::none; }
};
LimitViolation find_violation(const mp4::Info& info, std::uint64_t bytes,
                              const ReferenceLimits& limits);

}  // namespace omni
