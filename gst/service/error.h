// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What can go wrong with a job, in the words that users see: gst/elements/README.md has them
// with their meanings and remedies.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace omni {

enum class Reason {
  unauthorized,      // the key is missing, wrong, or not allowed to do this
  payment_required,  // balance or quota used up
  rate_limited,      // the service asked to slow down, and kept asking
  invalid_request,   // the service (or the check before it) refuses a parameter
  moderated,         // prompt, reference or result was blocked by content rules
  timed_out,         // no result within job-timeout, or the service gave up
  too_large,         // the reference is over the limit
  bad_input,         // the reference is not an MP4 that can be sent
  bad_result,        // what came back is not a usable MP4
  unreachable,       // no connection, or it broke and stayed broken
  service_error,     // the service failed
  unknown_outcome,   // a create may have been accepted, and must not be repeated
  budget,            // max-jobs or max-seconds is reached
  cancelled,         // stopped from this side: never shown as an error
};

/// The stable word of the interface: "unauthorized", "payment-required", ...
const char* reason_word(Reason reason);

struct Error {
  Reason reason = Reason::service_error;
  std::string message;       // one sentence or two: what was wrong, what was expected, what to do
  int http_status = 0;       // 0 = no HTTP reply was involved
  std::string task_id;       // empty until the service gave one
  std::string service_code;  // the service's own code, as it wrote it
};

/// How an Error travels inside the library. Never crosses a C callback.
class Failure : public std::exception {
 public:
  explicit Failure(Error error) : error_(std::move(error)) {}
  Failure(Reason reason, std::string message) : error_{reason, std::move(message), 0, {}, {}} {}
  const char* what() const noexcept override { return error_.message.c_str(); }
  const Error& error() const { return error_; }

 private:
  Error error_;
};

}  // namespace omni
