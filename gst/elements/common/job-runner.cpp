// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/job-runner.h"

#include "elements/common/connection.h"

namespace omni {

JobRunner::JobRunner(GstElement* element, SpendTracker& spend, LogSink log)
    : element_(element), spend_(spend), log_(std::move(log)) {
  spend_.take_planned();  // the previous run may have been stopped before it reported this
}

void JobRunner::start(const Settings& settings, unsigned max_in_flight) {
  if (settings.dry_run || client()) return;
  auto started = new_client(element_, settings, log_, max_in_flight);
  const std::lock_guard lock(lock_);
  client_ = std::move(started);
}

std::shared_ptr<Client> JobRunner::client() const {
  const std::lock_guard lock(lock_);
  return client_;
}

std::shared_ptr<BusCancellation> JobRunner::transcode_cancel() const {
  const std::lock_guard lock(lock_);
  return transcode_cancel_;
}

void JobRunner::cancel_all() {
  transcode_cancel()->cancel();
  if (const auto running = client()) running->cancel_all();
}

void JobRunner::renew() {
  auto next = std::make_shared<BusCancellation>();
  const std::lock_guard lock(lock_);
  transcode_cancel_ = std::move(next);
}

void JobRunner::close() {
  std::shared_ptr<Client> last;
  {
    const std::lock_guard lock(lock_);
    last.swap(client_);
  }
  if (last) spend_.close(*last);
}

ClientStats JobRunner::stats() const {
  const auto running = client();
  return spend_.totals(running.get());
}

}  // namespace omni
