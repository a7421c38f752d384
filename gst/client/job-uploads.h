// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What one job has published: all of it at once before the create, checked the way the service will
// fetch it, written into the request body, and withdrawn when the service needs it no longer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/publisher.h"
#include "service/dialect.h"
#include "service/error.h"

namespace omni {

/// What one job withdraws. Shared, because the job may end before that is done.
struct Withdrawals {
  unsigned running = 0;
  std::vector<std::string> left;  // what was left behind and why, for the user
  Event ended;                    // one of them
};

/// The transport of a client, and what is still being withdrawn after its jobs have ended.
class Publishing {
 public:
  Publishing(const PublishSettings& settings, Http& http, LogSink log, ByteCounters& counters);

  /// nullptr: no transport was chosen.
  Publisher* publisher() { return publisher_.get(); }
  Http& http() { return http_; }
  void log(LogLevel level, const std::string& text) const { log_(level, text); }

  /// Runs on after the job. A failure is only logged.
  void withdraw(PublishedUpload offer, const JobLimits& terms, std::shared_ptr<Withdrawals> of_job);
  /// Cancels withdrawals from now on: stopping does not wait for the network.
  void stop() { stopping_.cancel(); }
  bool busy() const { return withdrawing_ > 0; }

 private:
  Async<void> withdraw_one(PublishedUpload offer, JobLimits terms,
                           std::shared_ptr<Withdrawals> of_job);
  // Copied: the transport reads them as long as it lives.
  const PublishSettings settings_;
  Http& http_;
  LogSink log_;
  std::unique_ptr<Publisher> publisher_;
  Cancellation stopping_;
  unsigned withdrawing_ = 0;
};

class JobUploads {
 public:
  JobUploads(Publishing& publishing, std::vector<Upload> uploads, JobLimits terms);
  ~JobUploads() { withdraw(false); }
  JobUploads(const JobUploads&) = delete;

  /// Those that the body has a place for; the user's `parameters` may have replaced one.
  bool any_in(const CreateBody& body) const;
  /// Publishes and checks, then puts the URLs into the body. Throws Failure: nothing was paid.
  Async<void> publish(CreateBody& body, Cancellation& cancellation);
  /// Any number of times; returns at once. What the service may still need and is stored elsewhere
  /// stays there.
  void withdraw(bool still_needed);
  /// Waits a little for what withdraw() has begun: an application often stops right after the
  /// result, and would cut off the deletion. What takes longer goes on without the job.
  Async<void> withdrawn(Cancellation& cancellation);
  /// What has stayed in a store although it was to be deleted, as sentences for the user.
  std::vector<std::string> left_behind() const;

 private:
  struct Task {
    Upload upload;
    PublishedUpload offer;
  };
  void prepare(const CreateBody& body);
  Async<void> run(Task& task, Cancellation& cancellation);
  Async<void> publish_one(Task& task, Cancellation& cancellation);

  Publishing& publishing_;
  std::vector<Upload> uploads_;
  JobLimits terms_;
  std::vector<Task> tasks_;
  std::shared_ptr<Withdrawals> withdrawals_ = std::make_shared<Withdrawals>();
  unsigned running_ = 0;
  Event changed_;
  std::optional<Error> failure_;  // the first
};

/// Replaces every `placeholder` in the body by the URL as it stands in a JSON string.
void place_url(CreateBody& body, const std::string& placeholder, const std::string& url);

}  // namespace omni
