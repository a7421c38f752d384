// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The client of one run, and the cancellation of its work: running jobs and transcoding. Used from
// the first job to close().
#pragma once

#include <memory>
#include <mutex>

#include "client/client.h"
#include "elements/common/settings.h"
#include "elements/common/spend-tracker.h"
#include "media/bus-cancellation.h"

namespace omni {

class JobRunner {
 public:
  /// `spend` outlives the runner.
  JobRunner(GstElement* element, SpendTracker& spend, LogSink log);

  /// Connects to the service at the first call, unless this is a dry run, which may end while
  /// playing. `max_in_flight` 0 = as in the settings. Throws Failure.
  void start(const Settings& settings, unsigned max_in_flight = 0);
  /// Null before start(), after close(), and in a dry run.
  std::shared_ptr<Client> client() const;

  /// Cancels transcoding. The object stays cancelled; renew() replaces it.
  std::shared_ptr<BusCancellation> transcode_cancel() const;
  /// Cancels transcoding and all jobs.
  void cancel_all();
  /// Work that starts from now on is not cancelled.
  void renew();

  /// Ends the network thread. Others that still hold this run, such as a bus handler that reads
  /// stats, must not be the ones to end it.
  void close();
  ClientStats stats() const;

 private:
  GstElement* const element_;
  SpendTracker& spend_;
  const LogSink log_;
  mutable std::mutex lock_;  // innermost: guards everything below
  std::shared_ptr<Client> client_;
  std::shared_ptr<BusCancellation> transcode_cancel_ = std::make_shared<BusCancellation>();
};

}  // namespace omni
