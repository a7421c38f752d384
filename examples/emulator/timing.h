// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The presentation times of a reference's frames. Read from its samples, without decoding.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace emu {

struct Timing {
  std::vector<double> shown;  // seconds from the start of the file, sorted; empty = unknown
  double end = 0;             // where the last frame ends

  /// True if every frame is where this rate would put it.
  bool steady(double fps) const;
};

/// Never throws: a file that cannot be read has an unknown timing, and decoding it will report the
/// error.
Timing read_timing(const std::string& path);

}  // namespace emu
