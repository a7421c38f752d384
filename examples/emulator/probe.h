// What a reference is, and what size and length the result will have.
#pragma once

#include <string>

#include "render.h"

namespace emu {

struct Probe {
  unsigned width = 0;  // as displayed: pixel aspect and rotation applied
  unsigned height = 0;
  int fps_n = 0;
  int fps_d = 1;
  double seconds = 0;
  bool has_sound = false;
};

/// Throws TaskFailure when there is no picture in it that can be decoded.
Probe probe_file(const std::string& path);

struct Shape {
  unsigned width = 0, height = 0;       // of the result, even
  unsigned aspect_n = 0, aspect_d = 1;  // of the part of the reference that is kept
};

Shape fit_shape(const Probe& probe, const std::string& aspect_ratio, unsigned short_side);

}  // namespace emu
