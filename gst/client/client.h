// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The client of a video service: one network thread that runs any number of jobs. Calls may come
// from any thread and return at once. A job's observer is notified on the network thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "client/http.h"
#include "client/job.h"
#include "client/ledger/ledger.h"
#include "client/log.h"
#include "client/publish.h"
#include "service/dialect.h"

namespace omni {

struct ClientSettings {
  const Dialect* dialect = nullptr;
  HttpSettings http;
  PublishSettings publish;
  unsigned max_in_flight = 8;
  std::string pipeline;  // the buyer, for the ledger: program, pipeline and element
  LogSink log;
};

struct ClientStats {
  JobCounters jobs;
  std::uint64_t bytes_up = 0, bytes_down = 0;
  /// Quantiles of the time from the create request to the end of the service's work; 0 if there was
  /// no job.
  Micros service_time_p50 = 0, service_time_p90 = 0, service_time_max = 0;
};

class Client {
 public:
  using JobId = std::uint64_t;

  /// Throws Failure for invalid settings. `ledger` may be null; stop() closes it.
  explicit Client(ClientSettings settings, std::shared_ptr<Ledger> ledger = nullptr);
  ~Client();
  Client(const Client&) = delete;

  JobId submit(JobSpec spec, std::shared_ptr<JobObserver> observer);
  /// If the service already has the whole create request, the job ends only after the reply: an
  /// accepted task must be in the ledger.
  void cancel(JobId job);
  void cancel_all();
  /// Cancels everything. Returns when no job and no thread is left, and never waits for the
  /// network. Must not be called from the network thread, that is, from an observer.
  void stop();
  ClientStats stats() const;

 private:
  struct Network;  // used on the network thread only

  void run(std::function<void(std::exception_ptr)> started);
  void invoke(std::function<void()> call);
  void make_calls();

  const ClientSettings settings_;
  MainContextPtr context_;
  const std::shared_ptr<Ledger> ledger_;
  std::unique_ptr<Network> network_;
  std::atomic<JobId> next_id_{1};
  ByteCounters bytes_;

  std::mutex calls_lock_;  // also innermost; never held together with stats_lock_
  std::vector<std::function<void()>> calls_;

  mutable std::mutex stats_lock_;  // innermost: nothing is called under it
  ClientStats stats_;

  std::thread thread_;
};

}  // namespace omni
