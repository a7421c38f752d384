// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Downloads a result: bounded in size, resumed where it broke off, and checked before it is used.
// Knows nothing of tasks: if a link has expired, the job decides what to do.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/coroutine.h"
#include "client/http.h"
#include "client/result-sink.h"
#include "service/byte-rope.h"
#include "service/error.h"

namespace omni {

/// Says what is wrong with a result; nullopt if it may go downstream.
using ResultCheck = std::function<std::optional<std::string>(const ByteRope&)>;

/// The outcome of one link.
struct Download {
  enum class Outcome {
    complete,   // `bytes` is a checked result
    used_up,    // the link is no longer valid; a new one may be
    not_ready,  // the service says that the task has not finished after all
    unusable,   // no usable data, and retrying here will not help
  };
  Outcome outcome = Outcome::unusable;
  std::shared_ptr<const ByteRope> bytes;
  Error error;            // for all but `complete`
  std::string other_url;  // unusable: the reply was JSON that names another location
};

class Downloader {
 public:
  Downloader(Http& http, Cancellation& cancellation, std::string folder, int max_attempts,
             ResultCheck check, LogSink log);

  /// `bearer`: send the key with the first request (the API's own content proxy). Otherwise the key
  /// is sent only after a 401, only at the API's origin, and never to another origin.
  Async<Download> fetch(std::string url, bool bearer);

  Micros first_pause = kFirstPause;
  /// Called for each retry.
  std::function<void()> on_retry;

 private:
  Async<Download> fetch_once(const std::string& url, bool bearer, Attempt& attempt);
  Async<Download> receive(HttpResponse& response, Attempt& attempt);
  Async<Download> refuse(HttpResponse& response, Attempt& attempt);
  bool prepare(HttpResponse& response);
  Download judge() const;

  Http& http_;
  Cancellation& cancellation_;
  ResultSink sink_;
  int max_attempts_;
  ResultCheck check_;
  LogSink log_;
  std::string etag_;
  std::uint64_t farthest_ = 0;  // the most bytes that this link ever delivered
  std::optional<Micros> retry_after_;
};

}  // namespace omni
