// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The random properties of a job: its duration, and whether it fails. One seeded sequence of
// numbers, used in the order in which jobs are accepted: the n-th job of a run always gets the
// same.
#pragma once

#include <cstdint>
#include <random>

#include "settings.h"

namespace emu {

struct Fate {
  double service_time = 0;  // the job's minimum duration in seconds
  bool slow = false;        // the service time includes --slow-time
  bool fails = false;
};

class Chance {
 public:
  explicit Chance(const Settings& settings) : settings_(settings), row_(settings.seed) {}
  Fate next();

 private:
  double draw();

  const Settings& settings_;
  std::mt19937_64 row_;  // the standard defines its sequence, so a seed means the same everywhere
};

}  // namespace emu
