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
  bool resumable_ = true;       // what is in the sink is the beginning of the file as it is sent
  std::uint64_t farthest_ = 0;  // how much of the result this link ever gave
};

}  // namespace omni
