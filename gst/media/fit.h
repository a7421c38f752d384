// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Makes a reference fit what a service takes: its bytes, its size in pixels, its codec and
// container. A file whose picture can stay is only written anew; else the picture is encoded anew,
// at a rate that follows from limit and length. Blocks while it works, and needs no main loop.
// Knows no service.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "media/mp4.h"
#include "media/recode.h"
#include "service/bytes.h"

namespace omni {

struct FitLimits {  // 0 = no limit
  std::uint64_t max_bytes = 0;
  // As for a picture that lies: the longer one limits the long side and the shorter one the short
  // side, so that a portrait clip is compared turned. The size is that which is shown, rotation
  // applied.
  unsigned max_width = 0;
  unsigned max_height = 0;
  bool h264_mp4_only = true;  // plain (not fragmented) MP4 with H.264 (avc1) picture
};

/// Why a reference does not fit.
struct Misfit {
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
Misfit find_misfit(const mp4::Info& info, std::uint64_t bytes, const FitLimits& limits);

using FitLog = std::function<void(const std::string&)>;

/// The reference made to fit; the very same when it fits already. Of its tracks, the picture and
/// the first enabled sound are kept: every frame at its time, AAC bit for bit (unless it alone
/// takes too much of the limit), rotation and colours as they are. Other sound becomes AAC. The
/// result is probed, and never over a limit; the same file gives the same bytes.
///
/// `encoder` names the factory of the H.264 encoder; empty = see make_h264_encoder(). Throws
/// Failure: too_large (not even a small picture fits), bad_input (it cannot be decoded),
/// invalid_request (an element is not installed), cancelled.
std::shared_ptr<const Bytes> fit_reference(std::shared_ptr<const Bytes> reference,
                                           const mp4::Info& info, const FitLimits& limits,
                                           Interrupt& interrupt, const FitLog& log = {},
                                           const std::string& encoder = {});

}  // namespace omni
