// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The content of a video without a reference: a landscape drawn from the prompt, or the request's
// images in slow motion.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "image.h"

namespace emu {

/// A frame to paint: three 8-bit planes (I420), each with its stride.
struct Canvas {
  unsigned width = 0, height = 0;  // even
  std::uint8_t* planes[3] = {};
  std::size_t strides[3] = {};
};

/// Paints frames in order; used by one thread.
class Painter {
 public:
  virtual ~Painter() = default;
  /// `at` = 0 at the first frame, 1 at the last; `seconds` = since the first.
  virtual void paint(const Canvas& canvas, double at, double seconds) = 0;
};

/// Hills and a sky over water, in colours derived from the prompt's letters.
std::unique_ptr<Painter> landscape(const std::string& prompt, unsigned width, unsigned height);

/// One image in a slow zoom, or the first one fading into the last. Throws std::runtime_error if an
/// image cannot be decoded.
std::unique_ptr<Painter> stills(const std::string& first, const std::string& last, unsigned width,
                                unsigned height);

}  // namespace emu
