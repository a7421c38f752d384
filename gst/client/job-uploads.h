// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The uploads of one job: all are published before the create request, checked the way the service
// will fetch them, written into the request body, and withdrawn when the service no longer needs
// them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/publisher.h"
#include "service/dialect.h"
#include "service/error.h"

namespace omni {

/// The withdrawals of one job. Shared, because the job may end before they are done.
struct Withdrawals {
  unsigned running = 0;
  std::vector<std::string> left;  // files that could not be deleted and why, for the user
  Event ended;                    // one of them has ended
};

/// The transport of a client, and the withdrawals that continue after their jobs have ended.
class Publishing {
 public:
  Publishing(const PublishSettings& settings, Http& http, LogSink log, ByteCounters& counters);

  /// nullptr: no transport was chosen.
  Publisher* publisher() { return publisher_.get(); }
  Http& http() { return http_; }
  void log(LogLevel level, const std::string& text) const { log_(level, text); }

  /// Continues after the job has ended. A failure is only logged.
  void withdraw(PublishedUpload offer, const JobLimits& terms, std::shared_ptr<Withdrawals> of_job);
  /// Cancels withdrawals from now on, so that stopping does not wait for the network.
  void stop() { stopping_.cancel(); }
  bool busy() const { return withdrawing_ > 0; }

 private:
  Async<void> withdraw_one(PublishedUpload offer, JobLimits terms,
                           std::shared_ptr<Withdrawals> of_job);
  // A copy: the transport reads it as long as it lives.
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

  /// True if the body has a place for any upload; the user's `parameters` may have replaced one.
  bool any_in(const CreateBody& body) const;
  /// Publishes and checks, then puts the URLs into the body. Throws Failure; then nothing was paid.
  Async<void> publish(CreateBody& body, Cancellation& cancellation);
  /// May be called repeatedly; returns at once. With `still_needed`, files in a store stay there.
  void withdraw(bool still_needed);
  /// Waits briefly for the withdrawals: an application often stops right after the result, which
  /// would interrupt the deletion. Longer ones continue without the job.
  Async<void> withdrawn(Cancellation& cancellation);
  /// Files that could not be deleted from a store, as sentences for the user.
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
  std::optional<Error> failure_;  // the first one
};

/// Replaces every `placeholder` in the body by the URL, escaped for a JSON string.
void place_url(CreateBody& body, const std::string& placeholder, const std::string& url);

}  // namespace omni
