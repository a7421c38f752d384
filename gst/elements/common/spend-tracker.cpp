// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/spend-tracker.h"

#include <utility>

namespace omni {

namespace {

void add_counts(ClientStats& to, const ClientStats& from) {
  to.jobs.submitted += from.jobs.submitted;
  to.jobs.completed += from.jobs.completed;
  to.jobs.failed += from.jobs.failed;
  to.jobs.reused += from.jobs.reused;
  to.jobs.retried += from.jobs.retried;
  to.jobs.jobs_paid += from.jobs.jobs_paid;
  to.jobs.seconds_paid += from.jobs.seconds_paid;
  to.bytes_up += from.bytes_up;
  to.bytes_down += from.bytes_down;
}

void add_job(Spent& spent, unsigned seconds) {
  ++spent.jobs;
  spent.seconds += seconds;
}

}  // namespace

void SpendTracker::reserve(const SpendLimit& limit, unsigned seconds) {
  const std::lock_guard lock(lock_);
  if (limit.period == 0) check_spend(limit, spent_, seconds);
  add_job(spent_, seconds);
}

void SpendTracker::give_back(unsigned seconds) {
  const std::lock_guard lock(lock_);
  --spent_.jobs;
  spent_.seconds -= seconds;
}

void SpendTracker::plan(const SpendLimit& limit, const Spent& before, unsigned seconds,
                        std::uint64_t bytes) {
  const std::lock_guard lock(lock_);
  const Spent& planned = planned_.spent;
  check_spend(limit, {before.jobs + planned.jobs, before.seconds + planned.seconds}, seconds);
  add_job(planned_.spent, seconds);
  planned_.bytes += bytes;
}

PlannedSum SpendTracker::take_planned() {
  const std::lock_guard lock(lock_);
  return std::exchange(planned_, {});
}

void SpendTracker::close(Client& client) {
  client.stop();
  const ClientStats stats = client.stats();
  const std::lock_guard lock(lock_);
  add_counts(past_, stats);
}

ClientStats SpendTracker::totals(const Client* running) const {
  ClientStats totals = running ? running->stats() : ClientStats{};
  const std::lock_guard lock(lock_);
  add_counts(totals, past_);
  return totals;
}

}  // namespace omni
