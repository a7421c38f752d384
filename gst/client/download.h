// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Fetches a result: with a bound, resumed where it broke, checked before anybody sees it. Knows
// nothing of tasks; what to do when a link is used up is the job's business.
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

/// Says what is wrong with a result; nullopt when it may go downstream.
using ResultCheck = std::function<std::optional<std::string>(const ByteRope&)>;

/// What one link gave.
struct Download {
  enum class Outcome {
    complete,   // `bytes` is a checked result
    not_yet,    // not here, or not whole: later, or at another link, it may be
    too_large,  // and will be so the next time
  };
  Outcome outcome = Outcome::not_yet;
  std::shared_ptr<const ByteRope> bytes;
  Error error;                        // for all but `complete`
  std::string other_url;              // not_yet: the answer was JSON that names another place
  std::optional<Micros> asked_pause;  // not_yet: before this is asked again
};

class Downloader {
 public:
  Downloader(Http& http, Cancellation& cancellation, std::string folder, int max_attempts,
             ResultCheck check, LogSink log);

  /// `bearer`: send the key from the start (the API's own content proxy). Elsewhere at the API's
  /// origin it is only sent after a 401, and at another origin never.
  Async<Download> fetch(std::string url, bool bearer);

  Micros first_pause = kFirstPause;
  /// Counts the tries beyond the first of each fetch.
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
  bool resumable_ = true;       // what is in the sink is the beginning of the file as it is sent
  std::uint64_t farthest_ = 0;  // how much of the result this link ever gave
};

}  // namespace omni
