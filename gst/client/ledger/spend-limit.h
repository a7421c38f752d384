// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The spend guard: how much may be bought, and the words when it is used up.
#pragma once

#include "client/wait.h"

namespace omni {

/// 0 = no limit.
struct SpendLimit {
  unsigned max_jobs = 0, max_seconds = 0;
  /// Counted are all jobs in the ledger that are no older than this; 0: an element's own, in its
  /// life, which is not the ledger's business.
  Micros period = 0;

  bool any() const { return max_jobs > 0 || max_seconds > 0; }
};

struct Spent {
  unsigned jobs = 0, seconds = 0;
};

/// Throws Failure(budget) when one more job of so many seconds (0 = unknown) is too much.
void check_spend(const SpendLimit& limit, const Spent& spent, unsigned seconds);

}  // namespace omni
