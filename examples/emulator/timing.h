// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// When the frames of a reference are shown. Read from its samples; nothing is decoded.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace emu {

struct Timing {
  std::vector<double> shown;  // seconds from the file's beginning, in order; empty = unknown
  double end = 0;             // where the last frame ends

  /// Every frame stands where this rate would put it.
  bool steady(double fps) const;
};

/// Never throws: a file that cannot be read in this way has an unknown timing, and whoever decodes
/// it will say what is wrong.
Timing read_timing(const std::string& path);

}  // namespace emu
