// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One small interface over the ways to make bytes available by URL. Everything here runs on the
// network thread. Its use by a job is in job-uploads.h.
//
// Implementations, one transport each: publish-serve.cpp, publish-put.cpp, publish-s3.cpp. They
// have no headers: the factory functions at the end of this one create them.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/coroutine.h"
#include "client/http.h"
#include "client/log.h"
#include "client/publish.h"
#include "client/wait.h"

namespace omni {

/// Limits of one job, for all requests to a store on its behalf.
struct JobLimits {
  std::string label;  // for the log
  int max_attempts = 5;
  Micros first_pause = kFirstPause;
  Micros job_timeout = 1800 * kSecond;
  std::function<void()> on_retry;
};

/// One file as published by a transport.
struct PublishedUpload {
  std::shared_ptr<const ByteRope> bytes;
  std::string media_type;
  std::string url;           // the URL that the service fetches
  std::string object;        // the transport's own address of it; may not be shown
  bool get_only = false;     // the URL is signed for GET only: HEAD would fail
  const char* setting = "";  // the property that the URL comes from
  std::string advice;        // what to do if the service cannot fetch it
  bool begun = false;        // publish() was called: the file may exist
};

class Publisher {
 public:
  virtual ~Publisher() = default;
  /// Chooses the address. No traffic yet, so that a URL that no service could fetch is rejected
  /// first. From here on the upload must be withdrawn. Throws Failure.
  virtual PublishedUpload prepare(const Upload& upload, const JobLimits& terms) = 0;
  /// Returns when the service can fetch the file. Throws Failure.
  virtual Async<void> publish(PublishedUpload offer, JobLimits terms,
                              Cancellation& cancellation) = 0;
  /// True if withdraw() deletes a remote file, false if it only closes something local.
  virtual bool deletes() const = 0;
  /// Withdraws the upload. Throws Failure if a file remains.
  virtual Async<void> withdraw(PublishedUpload offer, JobLimits terms,
                               Cancellation& cancellation) = 0;
};

/// The dependencies of the transports.
struct PublisherParts {
  const PublishSettings& settings;
  Http& http;
  LogSink log;
  ByteCounters& counters;
};

std::unique_ptr<Publisher> new_serve_publisher(const PublisherParts& parts);
std::unique_ptr<Publisher> new_put_publisher(const PublisherParts& parts);
std::unique_ptr<Publisher> new_s3_publisher(const PublisherParts& parts);

}  // namespace omni
