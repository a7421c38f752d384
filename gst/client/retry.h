// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What to do after a failed HTTP exchange: pure decisions, no I/O. One rule takes precedence over
// all others: a create request is repeated only if it certainly had no effect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/wait.h"

namespace omni {

enum class TransportFault {
  connect,    // no connection: name not found, refused, unreachable, no route
  tls,        // the certificate or the handshake failed
  timed_out,  // no byte moved for `timeout`
  broken,     // the connection broke after it was established
};

/// The state that one exchange reached.
struct Attempt {
  int number = 1;                       // 1 = the first attempt
  int http_status = 0;                  // 0 = no reply
  std::optional<TransportFault> fault;  // set when http_status is 0
  bool body_complete = true;            // the request's last chunk was passed to the network
  bool http1 = true;                    // the connection spoke HTTP/1.x
  bool has_retry_after = false;
  bool json_error = false;  // the body is an error message of the service itself
  std::string service_code;
  bool others_run = false;  // for create requests: the service has unfinished jobs of this client
  Micros since_create = 0;  // for polls: age of the task
};

enum class Action {
  proceed,    // a success
  retry,      // repeat it after a pause
  ask_first,  // repeat it with Expect: 100-continue, to learn why the connection broke
  refuse,     // definitely refused
  unknown,    // may have had an effect: never repeated
  refetch,    // download: the link has expired, poll for a new one
};

inline bool is_success(int http_status) {
  return http_status >= 200 && http_status < 300;
}

Action decide_create(const Attempt& attempt, int max_attempts);
Action decide_poll(const Attempt& attempt);
Action decide_download(const Attempt& attempt, int max_attempts);
/// For requests to a store and checks of a URL: all of these are safe to repeat.
Action decide_store(const Attempt& attempt, int max_attempts);

/// The first pause after an HTTP status that means "not now"; it doubles up to eight times this.
inline constexpr Micros kFirstPause = 5 * kSecond;

/// The pause before attempt `attempt.number + 1`. `random` in [0, 1) spreads clients.
Micros backoff(const Attempt& attempt, std::optional<Micros> retry_after, double random,
               Micros first_pause = kFirstPause);

/// Retry-After in seconds or as an HTTP date; nullopt if it is neither. At most 10 minutes.
std::optional<Micros> parse_retry_after(const char* value, std::int64_t now_unix);

}  // namespace omni
