// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Jobs whose reference the service fetches by URL, for the tests of the reference transports.
#pragma once

#include "support/client-run.h"
#include "support/plain-http.h"

namespace omni::test {

inline constexpr char kPlace[] = "reference-0123456789abcdef";

struct PublishRun : Run {
  explicit PublishRun(const std::string& base_url, Micros idle = 2 * kSecond)
      : Run(base_url, idle) {
    spec.body = {std::string("{\"model\":\"m\",\"video\":\"") + kPlace + "\"}", "", false};
    spec.uploads = {{kPlace, spec.reference, "video/mp4", ".mp4", ""}};
    spec.max_attempts = 3;
  }
  /// Fails before anything was paid for, or even sent to the service.
  Error refused(Reason reason, const FakeService& service) {
    const Error error = fails();
    ck_reason(error, reason);
    ck_assert_int_eq(service.creates(), 0);
    for (const JobUpdate& update : recorder->updates)
      ck_assert(update.state != JobState::submitting);
    return error;
  }
  std::string log_text() {
    const std::lock_guard lock(log_lock);
    return log;
  }
};

/// The URL that stands in a create request.
inline std::string url_in(const SeenRequest& create, const std::string& member = "video") {
  const std::string start = "\"" + member + "\":\"";
  const std::size_t at = create.body.find(start);
  if (at == std::string::npos) return "";
  const std::size_t from = at + start.size();
  return create.body.substr(from, create.body.find('"', from) - from);
}

inline std::string created_url(const FakeService& service) {
  for (const SeenRequest& request : service.server.seen())
    if (is_create(request)) return url_in(request);
  return "";
}

}  // namespace omni::test
