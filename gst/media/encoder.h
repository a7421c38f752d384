// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Chooses and configures the H.264 and AAC encoders: installed encoders differ in the names and
// units of their properties. Their input is decided elsewhere.
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

/// An encoder that keeps to an average rate (nothing more is promised; check the output's size
/// where there is a limit), outputs frames in input order, and gives the same bytes for the same
/// frames (where possible: threads fixed). `factory` names the one to use; empty = x264enc, else
/// openh264enc, else any installed one by rank. Throws Failure (invalid_request) when there is
/// none. The caller owns the element (not floating).
ElementPtr make_h264_encoder(const H264Settings& settings, const std::string& factory = {});

struct AacEncoder {
  ElementPtr element;
  unsigned priming = 0;  // samples it outputs before the first one
};

/// Throws Failure (invalid_request) when there is none.
AacEncoder make_aac_encoder(unsigned bits_per_second);

}  // namespace omni
