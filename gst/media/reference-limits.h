// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a service takes as a reference, and how a clip is compared with it.
#pragma once

#include <cstdint>
#include <string>

#include "media/mp4/probe.h"

namespace omni {

struct ReferenceLimits {  // 0 = no limit
  std::uint64_t max_bytes = 0;
  // As for a picture that lies: the longer one limits the long side and the shorter one the short
  // side, so that a portrait clip is compared turned. The size is that which is shown, rotation
  // applied.
  unsigned max_width = 0;
  unsigned max_height = 0;
  bool h264_mp4_only = true;  // plain (not fragmented) MP4 with H.264 (avc1) picture
};

/// Why a reference does not fit.
struct LimitViolation {
  enum class Kind {
    none,       // it fits
    codec,      // its picture is no H.264
    bytes,      // over max_bytes
    pixels,     // over max_width or max_height
    container,  // fragmented, or QuickTime: its picture could stay as it is
  };
  Kind kind = Kind::none;  // the most telling one, in the order above
  /// All of them, for a user: "its picture is HEVC (H.265), and it is 23.4 MB, over 15 MiB".
  std::string text;
  explicit operator bool() const { return kind != Kind::none; }
};
LimitViolation find_violation(const mp4::Info& info, std::uint64_t bytes,
                              const ReferenceLimits& limits);

}  // namespace omni
