// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One question to a store, or to whatever stands behind a URL, repeated as long as that may help:
// everything that is asked here is safe to repeat. The key never goes there.
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
  std::string body;  // its first 16 KiB, of a reply that is no success
  std::string content_type, content_range, location, region;
  std::optional<std::uint64_t> length;
};

/// `make` gives the request of each try, because a signature may hold the time. `passing`: a
/// refusal by this store that another try may turn. Throws Failure(cancelled).
Async<StoreReply> ask_store(Http& http, LogSink log, std::function<HttpRequest()> make,
                            JobLimits terms, Cancellation& cancellation,
                            std::function<bool(const StoreReply&)> passing = nullptr);

/// After a DELETE: it is not there any more, or was not there at all.
bool is_gone(const StoreReply& reply);

/// "http://host/path answered HTTP 503", or why there was no answer.
std::string describe(const StoreReply& reply, const std::string& url);

}  // namespace omni
