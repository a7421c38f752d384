// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What to do after a failed HTTP exchange: pure decisions, no I/O. One rule takes precedence over
// all others: a create request is repeated only if it certainly had no effect.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/wait.h"
#include "service/error.h"

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
  bool json_error = false;  // the body is an error of the service itself
  int refusals = 0;         // for polls: definite ones since the last good answer, with this one
  std::string service_code;
  std::optional<Reason> reason;  // for creates: what the service's own refusal means
  bool names_model = false;      // for creates: it is about the model, not the address
  bool others_run = false;       // for creates: the service has jobs of ours that are not done
  Micros since_create = 0;       // for polls: age of the task
};

enum class Action {
  proceed,    // a good reply
  retry,      // the same again, after a pause
  ask_first,  // the same again, but with Expect: 100-continue, to learn the reason of a break
  refuse,     // a definite no
  unknown,    // may have taken effect: never repeated
  refetch,    // download: nothing to be had here now; another link, or a fresh poll, may help
};

inline bool is_success(int http_status) {
  return http_status >= 200 && http_status < 300;
}

Action decide_create(const Attempt& attempt, int max_attempts);
Action decide_poll(const Attempt& attempt);
/// Does this answer to a poll count among `Attempt::refusals`?
bool is_definite_poll_refusal(const Attempt& attempt);
Action decide_download(const Attempt& attempt, int max_attempts);
/// For requests to a store and checks of a URL: all of these are safe to repeat.
Action decide_store(const Attempt& attempt, int max_attempts);

/// The first pause after an HTTP status that means "not now"; it doubles up to eight times this.
inline constexpr Micros kFirstPause = 5 * kSecond;

/// The pause before attempt `attempt.number + 1`. `random` in [0, 1) spreads clients.
Micros backoff(const Attempt& attempt, std::optional<Micros> retry_after, double random,
               Micros first_pause = kFirstPause);

/// The same for a poll, which costs nothing: no longer than the `regular` pause between polls, or
/// two first pauses, since the task may be done by then.
Micros poll_backoff(const Attempt& attempt, std::optional<Micros> retry_after, double random,
                    Micros first_pause, Micros regular);

/// However long a service asks to be left alone: longer silence over a job that is paid for helps
/// nobody.
inline constexpr Micros kLongestPause = 60 * kSecond;

/// The pause before a result that is done is looked for again, after it was not to be had `tries`
/// times: stores and CDNs do not show a new file everywhere at once. nullopt when that took a
/// minute.
std::optional<Micros> settle_pause(int tries, Micros first_pause = kFirstPause);

/// Retry-After in seconds or as an HTTP date; nullopt when it is neither. Capped at 10 minutes.
std::optional<Micros> parse_retry_after(const char* value, std::int64_t now_unix);
/// The same in milliseconds, which some services add in a header of their own.
std::optional<Micros> parse_retry_after_ms(const char* value);

}  // namespace omni
