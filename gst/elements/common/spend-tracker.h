// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What an element has spent in its lifetime: the spend limit and the totals of `stats`.
#pragma once

#include <mutex>

#include "client/client.h"
#include "client/ledger/spend-limit.h"

namespace omni {

/// What a dry run would have bought.
struct PlannedSum {
  Spent spent;
  std::uint64_t bytes = 0;  // of references
};

class SpendTracker {
 public:
  /// Counts a job before it is submitted. Throws Failure (budget) and counts nothing when it would
  /// exceed `limit`. The ledger checks limits with a period.
  void reserve(const SpendLimit& limit, unsigned seconds);
  /// The job certainly cost nothing.
  void give_back(unsigned seconds);

  /// The same for a job of a dry run; `before` is what counts already.
  void plan(const SpendLimit& limit, const Spent& before, unsigned seconds, std::uint64_t bytes);
  /// What was planned since the last call.
  PlannedSum take_planned();

  /// Closes a client and keeps its counts.
  void close(Client& client);
  /// Totals including those of `running` (may be null).
  ClientStats totals(const Client* running) const;

 private:
  mutable std::mutex lock_;  // innermost: nothing is called under it
  Spent spent_;
  PlannedSum planned_;
  ClientStats past_;
};

}  // namespace omni
