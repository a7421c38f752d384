// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One small interface over the ways to make bytes fetchable by URL. Everything here runs on the
// network thread. What a job does with it is in job-uploads.h.
//
// Implementations, one transport each: publish-serve.cpp, publish-put.cpp, publish-s3.cpp. They
// have no headers: the factory functions at the end of this one make them.
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

/// The terms of one job, for everything that is asked of a store on its behalf.
struct JobLimits {
  std::string label;  // for the log
  int max_attempts = 5;
  Micros first_pause = kFirstPause;
  Micros job_timeout = 1800 * kSecond;
  std::function<void()> on_retry;
};

/// One upload, as a transport offers it.
struct PublishedUpload {
  std::shared_ptr<const ByteRope> bytes;
  std::string media_type;
  std::string url;           // where the service fetches it
  std::string object;        // what the transport itself calls it; may not be shown
  bool get_only = false;     // the URL is signed for GET: HEAD would be refused
  const char* setting = "";  // the property that the URL comes from
  std::string advice;        // what to do when nobody gets it there
  bool begun = false;        // publish() was called: something may be there
};

class Publisher {
 public:
  virtual ~Publisher() = default;
  /// Chooses the address. Nothing leaves this machine yet, so that a URL that no service could
  /// fetch is refused before any traffic. From here on the offer is to be withdrawn. Throws
  /// Failure.
  virtual PublishedUpload prepare(const Upload& upload, const JobLimits& terms) = 0;
  /// Returns when the service may fetch it. Throws Failure.
  virtual Async<void> publish(PublishedUpload offer, JobLimits terms,
                              Cancellation& cancellation) = 0;
  /// withdraw() deletes something elsewhere, rather than closing what is here.
  virtual bool deletes() const = 0;
  /// Ends the offer. Throws Failure when something stays behind.
  virtual Async<void> withdraw(PublishedUpload offer, JobLimits terms,
                               Cancellation& cancellation) = 0;
};

/// What the transports are made of.
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
