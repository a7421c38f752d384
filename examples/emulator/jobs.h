// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// All jobs: which may run, their minimum duration, their outcome. Everything here happens on the
// main loop's thread. Only rendering is on workers, which report back through on_main().
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "chance.h"
#include "dialect.h"
#include "links.h"
#include "render.h"
#include "settings.h"
#include "state.h"
#include "workers.h"

namespace emu {

/// A validated create request. A reference sent with it is already a file.
struct NewJob {
  std::string id;
  Order order;  // without `reference`, which points into a body that no longer exists
  std::uint64_t reference_bytes = 0;
  std::string idempotency_key;
  // Set by a fault: fail with this code and message. Empty = no fault.
  std::string fail_code;
  std::string fail_message;

  bool has_reference() const { return reference_bytes > 0 || !order.reference_url.empty(); }
};

class Jobs {
 public:
  Jobs(const Settings& settings, const StateFolder& folder, const Links& links);
  ~Jobs();

  bool full() const;
  /// The view of the accepted job; nullopt if there is no room.
  std::optional<JobView> submit(NewJob job);
  /// `origin` = "http://HOST", for the result's URL.
  std::optional<JobView> view(const std::string& id, const std::string& origin);
  /// Like view(), and counts one poll.
  std::optional<JobView> polled(const std::string& id, const std::string& origin);
  std::optional<std::string> with_idempotency_key(const std::string& key) const;
  /// The token of a job's result in URLs; empty for an unknown job.
  std::string token_of(const std::string& id) const;
  std::optional<std::string> id_of_token(const std::string& token) const;
  /// The result file of a completed job; empty otherwise.
  std::string result_file(const std::string& id) const;

  /// Stops everything and waits for it.
  void shut_down();

 private:
  struct Job;
  void start_waiting();
  void start(const std::shared_ptr<Job>& job);
  void rendered(const std::shared_ptr<Job>& job);
  void finish(const std::shared_ptr<Job>& job);
  void forget(const std::string& id);
  int progress(const Job& job) const;
  void meet_fate(Job& job);
  RenderSpec spec(const Job& job) const;
  const Look& look_of(const NewJob& asked) const;
  void add_addresses(JobView& view, Job& job, const std::string& origin) const;

  const Settings& settings_;
  const StateFolder& folder_;
  const Links& links_;
  Chance chance_;
  std::map<std::string, std::shared_ptr<Job>> jobs_;
  std::deque<std::shared_ptr<Job>> waiting_;
  std::map<std::string, std::string> by_key_;    // Idempotency-Key -> id
  std::map<std::string, std::string> by_token_;  // token in the result's URL -> id
  unsigned running_ = 0;
  Workers workers_;
};

}  // namespace emu
