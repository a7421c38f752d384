// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The properties of a reference, and the size and duration of the result.
#pragma once

#include <string>

#include "render.h"
#include "timing.h"

namespace emu {

struct Probe {
  unsigned width = 0;  // as displayed, with pixel aspect ratio and rotation applied
  unsigned height = 0;
  int fps_n = 0;
  int fps_d = 1;
  double seconds = 0;  // of the video track, if its timing is known
  bool has_sound = false;
  Timing timing;
};

/// Throws TaskFailure if it contains no video that can be decoded.
Probe probe_file(const std::string& path);

struct Shape {
  unsigned width = 0, height = 0;       // of the result, even
  unsigned aspect_n = 0, aspect_d = 1;  // of the kept part of the reference
};

/// The duration of a result in seconds, before --stretch. It is unknown what the services do with a
/// reference of 8.008 s when 8 were bought. Here, durations that differ by less than half a second
/// count as equal, and the reference's is used: no frame is dropped or repeated because of
/// rounding.
double result_seconds(const RenderSpec& spec, const Probe& probe);

Shape fit_shape(const Probe& probe, const std::string& aspect_ratio, unsigned short_side);

}  // namespace emu
