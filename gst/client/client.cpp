// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/client.h"

#include <pthread.h>

#include <future>

#include "client/ledger/request-hash.h"
#include "service/redact.h"

namespace omni {

namespace {

/// Secrets that are sent with every request, both raw and URL-encoded.
std::vector<std::string> secrets_of(const HttpSettings& http) {
  std::vector<std::string> secrets{http.api_key};
  for (const auto& [name, value] : http.extra_headers) secrets.push_back(value);
  for (std::size_t i = 0, count = secrets.size(); i < count; ++i)
    secrets.emplace_back(CharPtr(g_uri_escape_string(secrets[i].c_str(), nullptr, FALSE)).get());
  return secrets;
}

}  // namespace

struct Client::Network {
  Network(Client& client)
      : http(client.settings_.http, client.settings_.log, client.bytes_),
        publishing(client.settings_.publish, http, client.settings_.log, client.bytes_),
        in_flight(client.settings_.max_in_flight),
        services{*client.settings_.dialect,
                 http,
                 client.ledger_,
                 client.settings_.pipeline,
                 publishing,
                 in_flight,
                 pacer,
                 times,
                 at_service,
                 leaving,
                 client.settings_.log,
                 [this, &client](const auto& change) {
                   const std::lock_guard lock(client.stats_lock_);
                   change(client.stats_.jobs);
                   client.stats_.service_time_p50 = times.quantile(0.5);
                   client.stats_.service_time_p90 = times.quantile(0.9);
                   client.stats_.service_time_max = times.quantile(1);
                 }} {}

  Http http;
  Publishing publishing;
  InFlightLimit in_flight;
  Pacer pacer;
  ServiceTimes times;
  unsigned at_service = 0;
  CancelledCreates leaving;
  JobServices services;
  std::map<JobId, std::shared_ptr<Job>> jobs;
  bool stopping = false;
};

Client::Client(ClientSettings settings, std::shared_ptr<Ledger> ledger)
    : settings_(std::move(settings)),
      context_(MainContextPtr::adopt(g_main_context_new())),
      ledger_(ledger ? std::move(ledger) : std::make_shared<NoLedger>()) {
  std::promise<void> started;
  auto outcome = started.get_future();
  thread_ = std::thread([this, &started] {
    run([&started](std::exception_ptr failure) {
      failure ? started.set_exception(failure) : started.set_value();
    });
  });
  try {
    outcome.get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

Client::~Client() {
  stop();
}

void Client::stop() {
  if (!thread_.joinable()) return;
  ledger_->prepare_to_stop();
  invoke([this] {
    network_->stopping = true;
    network_->publishing.stop();
    for (const auto& [id, job] : network_->jobs) job->cancel_now();
  });
  thread_.join();
  ledger_->close();
}

/// Runs on the network thread from start to end.
void Client::run(std::function<void(std::exception_ptr)> started) {
  pthread_setname_np(pthread_self(), "omni-network");
  hide_words(secrets_of(settings_.http));
  g_main_context_push_thread_default(context_.get());
  bool ready = false;
  try {
    // A SoupSession belongs to the main context that is the thread's default when it is created.
    network_ = std::make_unique<Network>(*this);
    ready = true;
    started(nullptr);
  } catch (...) {
    started(std::current_exception());
  }
  if (ready) {
    while (!network_->stopping || !network_->jobs.empty() || network_->publishing.busy()) {
      g_main_context_iteration(context_.get(), TRUE);
      make_calls();
    }
    network_.reset();
  }
  // libsoup finishes cancelled exchanges in later iterations of the loop.
  while (g_main_context_iteration(context_.get(), FALSE)) {
  }
  g_main_context_pop_thread_default(context_.get());
}

/// Calls `call` on the network thread.
void Client::invoke(std::function<void()> call) {
  {
    const std::lock_guard lock(calls_lock_);
    calls_.push_back(std::move(call));
  }
  g_main_context_wakeup(context_.get());
}

void Client::make_calls() {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(calls_lock_);
    calls.swap(calls_);
  }
  for (const auto& call : calls) call();
}

Client::JobId Client::submit(JobSpec spec, std::shared_ptr<JobObserver> observer) {
  const JobId id = next_id_++;
  if (ledger_->records())
    spec.request_hash = request_hash(*settings_.dialect, spec.identity.value_or(spec.body),
                                     spec.uploads, spec.reference.get());
  auto shared_spec = std::make_shared<JobSpec>(std::move(spec));
  invoke([this, id, shared_spec, observer] {
    auto job = std::make_shared<Job>(network_->services, std::move(*shared_spec), observer);
    network_->jobs[id] = job;
    network_->services.count([](JobCounters& c) { ++c.in_flight; });
    if (network_->stopping) job->cancel_now();
    run_detached(job->run(), [this, id, job] { network_->jobs.erase(id); });
  });
  return id;
}

void Client::cancel(JobId id) {
  invoke([this, id] {
    const auto job = network_->jobs.find(id);
    if (job != network_->jobs.end()) job->second->cancel();
  });
}

void Client::cancel_all() {
  invoke([this] {
    for (const auto& [id, job] : network_->jobs) job->cancel();
  });
}

ClientStats Client::stats() const {
  const std::lock_guard lock(stats_lock_);
  ClientStats stats = stats_;
  stats.bytes_up = bytes_.up;
  stats.bytes_down = bytes_.down;
  return stats;
}

}  // namespace omni
