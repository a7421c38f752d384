// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The spend limit: how much may be bought, and the error message when it is reached.
#pragma once

#include "client/wait.h"

namespace omni {

/// 0 = no limit.
struct SpendLimit {
  unsigned max_jobs = 0, max_seconds = 0;
  /// Applies to all jobs in the ledger within this period. 0: applies to the element's own jobs
  /// during its lifetime, which the ledger does not check.
  Micros period = 0;

  bool any() const { return max_jobs > 0 || max_seconds > 0; }
};

struct Spent {
  unsigned jobs = 0, seconds = 0;
};

/// Throws Failure(budget) if one more job of `seconds` (0 = unknown) would exceed the limit.
void check_spend(const SpendLimit& limit, const Spent& spent, unsigned seconds);

}  // namespace omni
