// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One request to a store, or to the server of a URL, retried as long as that may help: all these
// requests are safe to repeat. The API key is never sent there.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/publisher.h"

namespace omni {

struct StoreReply {
  int status = 0;                       // 0 = no reply
  std::optional<TransportFault> fault;  // with status 0
  std::string fault_text;
  std::string body;  // the first 16 KiB of a reply that is not a success
  std::string content_type, content_range, location, region;
  std::optional<std::uint64_t> length;
};

/// `make` creates the request of each attempt, because a signature may contain the time. `passing`:
/// a refusal by this store that may succeed on another attempt. Throws Failure(cancelled).
Async<StoreReply> ask_store(Http& http, LogSink log, std::function<HttpRequest()> make,
                            JobLimits terms, Cancellation& cancellation,
                            std::function<bool(const StoreReply&)> passing = nullptr);

/// After a DELETE: the file no longer exists, or never did.
bool is_gone(const StoreReply& reply);

/// "http://host/path answered HTTP 503", or why there was no reply.
std::string describe(const StoreReply& reply, const std::string& url);

}  // namespace omni
