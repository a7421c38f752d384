// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What is seen in a video without a reference: a landscape drawn from the prompt, or the images
// that came along, in slow movement.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "image.h"

namespace emu {

/// A frame to paint: three planes of 8 bits (I420), each with its stride.
struct Canvas {
  unsigned width = 0, height = 0;  // even
  std::uint8_t* planes[3] = {};
  std::size_t strides[3] = {};
};

/// Paints frames one after another; used by one thread.
class Painter {
 public:
  virtual ~Painter() = default;
  /// `at` = 0 at the first frame, 1 at the last; `seconds` = since the first.
  virtual void paint(const Canvas& canvas, double at, double seconds) = 0;
};

/// Hills before a sky over water, in colours that the prompt's letters choose.
std::unique_ptr<Painter> landscape(const std::string& prompt, unsigned width, unsigned height);

/// One picture in a slow zoom, or the first that fades into the last. Throws std::runtime_error
/// when an image cannot be decoded.
std::unique_ptr<Painter> stills(const std::string& first, const std::string& last, unsigned width,
                                unsigned height);

}  // namespace emu
