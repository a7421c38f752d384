// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/ledger/spend-limit.h"

#include <string>

#include "service/error.h"

namespace omni {

namespace {

std::string used_up(const char* property, unsigned limit, const SpendLimit& of) {
  const std::string when =
      of.period > 0 ? " in " + std::to_string(of.period / kSecond) + " s (budget-period)" : "";
  return std::string("The limit ") + property + "=" + std::to_string(limit) + when +
         " is reached: nothing more is submitted. Raise it to continue.";
}

}  // namespace

void check_spend(const SpendLimit& limit, const Spent& spent, unsigned seconds) {
  if (limit.max_jobs && spent.jobs + 1 > limit.max_jobs)
    throw Failure(Reason::budget, used_up("max-jobs", limit.max_jobs, limit));
  if (limit.max_seconds && seconds == 0)
    throw Failure(Reason::budget,
                  "The limit max-seconds is set, and the length that the service will generate is "
                  "unknown: nothing is submitted. Set seconds, or use max-jobs instead.");
  if (limit.max_seconds && spent.seconds + seconds > limit.max_seconds)
    throw Failure(Reason::budget, used_up("max-seconds", limit.max_seconds, limit));
}

}  // namespace omni
