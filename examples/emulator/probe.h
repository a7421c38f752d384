// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a reference is, and what size and length the result will have.
#pragma once

#include <string>

#include "render.h"
#include "timing.h"

namespace emu {

struct Probe {
  unsigned width = 0;  // as displayed: pixel aspect and rotation applied
  unsigned height = 0;
  int fps_n = 0;
  int fps_d = 1;
  double seconds = 0;  // of the picture, where its timing is known
  bool has_sound = false;
  Timing timing;
};

/// Throws TaskFailure when there is no picture in it that can be decoded.
Probe probe_file(const std::string& path);

struct Shape {
  unsigned width = 0, height = 0;       // of the result, even
  unsigned aspect_n = 0, aspect_d = 1;  // of the part of the reference that is kept
};

/// Seconds that a result should last, before --stretch. Nobody knows what the services make of a
/// reference of 8.008 s when 8 were bought. Lengths that differ by less than half a second are
/// taken for the same here, and the reference's holds: no frame is left out or repeated for a
/// rounding.
double result_seconds(const RenderSpec& spec, const Probe& probe);

Shape fit_shape(const Probe& probe, const std::string& aspect_ratio, unsigned short_side);

}  // namespace emu
