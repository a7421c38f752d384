// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "chance.h"

namespace emu {

/// In [0, 1). Not a standard distribution, because their numbers differ between standard libraries.
double Chance::draw() {
  constexpr double kSteps = 1ULL << 53;
  return static_cast<double>(row_() >> 11) / kSteps;
}

Fate Chance::next() {
  // Always three numbers per job, so that an option does not change the outcome of the others.
  const double time = draw(), slow = draw(), failure = draw();
  Fate fate;
  fate.service_time = settings_.service_time.least +
                      time * (settings_.service_time.most - settings_.service_time.least);
  fate.slow = slow < settings_.slow_rate;
  if (fate.slow) fate.service_time += settings_.slow_time;
  fate.fails = failure < settings_.fail_rate;
  return fate;
}

}  // namespace emu
