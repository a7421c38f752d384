// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The errors of a job, with the reason words that users see. Their meanings and remedies are in
// gst/elements/README.md.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace omni {

enum class Reason {
  unauthorized,      // the key is missing, wrong, or not allowed to do this
  payment_required,  // balance or quota exhausted
  rate_limited,      // the service asked repeatedly to slow down
  invalid_request,   // the service (or the check before it) rejects a parameter
  moderated,         // content rules blocked the prompt, the reference or the result
  timed_out,         // no result within job-timeout, or the service gave up
  too_large,         // the reference exceeds the limit
  bad_input,         // the reference is not an MP4 that can be sent
  bad_result,        // the result is not a usable MP4
  unreachable,       // no connection, or it broke and could not be restored
  service_error,     // the service failed
  unknown_outcome,   // a create request may have been accepted, and must not be repeated
  budget,            // max-jobs or max-seconds is reached
  cancelled,         // stopped by the application: never shown as an error
};

/// The reason word, part of the stable interface: "unauthorized", "payment-required", ...
const char* reason_word(Reason reason);

struct Error {
  Reason reason = Reason::service_error;
  std::string message;       // one or two sentences: what was wrong, what was expected, what to do
  int http_status = 0;       // 0 = no HTTP reply
  std::string task_id;       // empty until the service has assigned one
  std::string service_code;  // the service's own code, unchanged
};

/// An Error as an exception, inside the library only. Never crosses a C callback.
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
