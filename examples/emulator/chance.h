// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What chance decides about a job: how long it takes, whether it fails. One seeded row of numbers,
// used up in the order in which jobs are accepted: the n-th job of a run always meets the same.
#pragma once

#include <cstdint>
#include <random>

#include "settings.h"

namespace emu {

struct Fate {
  double service_time = 0;  // seconds that the job takes at least
  bool slow = false;        // the service time has --slow-time in it
  bool fails = false;
};

class Chance {
 public:
  explicit Chance(const Settings& settings) : settings_(settings), row_(settings.seed) {}
  Fate next();

 private:
  double draw();

  const Settings& settings_;
  std::mt19937_64
      row_;  // the standard says what its numbers are, so a seed means the same anywhere
};

}  // namespace emu
