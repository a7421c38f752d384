// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Which encoder is used for H.264 and for AAC, and how it is set: encoders that are installed
// differ in the names and units of their properties. What is fed to them is decided elsewhere.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <string>

#include "media/gst-ptr.h"

namespace omni {

struct H264Settings {
  std::uint64_t bits_per_second = 4'000'000;
  unsigned keyframe_interval = 0;  // frames; 0 = the encoder's own
};

/// An encoder set up to keep to a rate over the whole (no more is promised: whoever has a limit
/// looks at what came out), to give frames in the order in which they came, and to give the same
/// bytes for the same frames (where it can: threads fixed). `factory` names the one to use; empty =
/// x264enc, else openh264enc, else what is installed, by rank. Throws Failure (invalid_request)
/// when there is none. The element is the caller's (not floating).
ElementPtr make_h264_encoder(const H264Settings& settings, const std::string& factory = {});

struct AacEncoder {
  ElementPtr element;
  unsigned priming = 0;  // samples it puts before the first one
};

/// Throws Failure (invalid_request) when there is none.
AacEncoder make_aac_encoder(unsigned bits_per_second);

}  // namespace omni
