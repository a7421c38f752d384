// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The client of a video service: one network thread that runs any number of jobs. Calls come from
// any thread and return at once; what becomes of a job is told to its observer on the network
// thread.
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
  std::string pipeline;  // who buys, for the ledger: program, pipeline and element
  LogSink log;
};

struct ClientStats {
  JobCounters jobs;
  std::uint64_t bytes_up = 0, bytes_down = 0;
  /// Quantiles of the time from the create to the end of the service's work; 0 without any job.
  Micros service_time_p50 = 0, service_time_p90 = 0, service_time_max = 0;
};

class Client {
 public:
  using JobId = std::uint64_t;

  /// Throws Failure for settings that cannot work. `ledger` may be null; it is closed by stop().
  explicit Client(ClientSettings settings, std::shared_ptr<Ledger> ledger = nullptr);
  ~Client();
  Client(const Client&) = delete;

  JobId submit(JobSpec spec, std::shared_ptr<JobObserver> observer);
  /// A job whose create the service has in its hands ends only when that was answered: what it
  /// took has to stand in the ledger.
  void cancel(JobId job);
  void cancel_all();
  /// Calls everything off; returns when no job and no thread is left. Never waits for the network.
  /// Not from the network thread, that is, not from an observer.
  void stop();
  ClientStats stats() const;

 private:
  struct Network;  // what lives on the thread only

  void run(std::function<void(std::exception_ptr)> started);
  void invoke(std::function<void()> call);
  void make_calls();

  const ClientSettings settings_;
  MainContextPtr context_;
  const std::shared_ptr<Ledger> ledger_;
  std::unique_ptr<Network> network_;
  std::atomic<JobId> next_id_{1};
  ByteCounters bytes_;

  std::mutex calls_lock_;  // innermost too; never held together with stats_lock_
  std::vector<std::function<void()>> calls_;

  mutable std::mutex stats_lock_;  // innermost: nothing is called under it
  ClientStats stats_;

  std::thread thread_;
};

}  // namespace omni
