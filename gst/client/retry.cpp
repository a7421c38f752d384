// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/retry.h"

#include <libsoup/soup.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

namespace omni {

namespace {

// After its create request, a task may not be known to every server at once.
constexpr Micros kTaskSettleTime = 30 * kSecond;
constexpr Micros kMaxRetryAfter = 600 * kSecond;
// How often in a row a poll is refused before that is taken for the service's last word. Its own
// words are, unless a server looked into a database that was down for a moment. A task may be
// unknown to one of its servers for a while. What is not its own comes from a firewall or a proxy,
// and passes.
constexpr int kOwnRefusals = 2;
constexpr int kLostTasks = 3;
constexpr int kStrangeRefusals = 7;
// In fifths of the first pause, which is five seconds: a minute in all.
constexpr std::array kSettlePauses = {1, 2, 4, 8, 15, 15, 15};

bool is_gateway_failure(int status) {
  return status >= 500;
}

Action again_or_refuse(const Attempt& attempt, int max_attempts) {
  return attempt.number < max_attempts ? Action::retry : Action::refuse;
}

/// A 503 for a request that was certainly not accepted: the service says so itself.
bool is_definite_503(const Attempt& attempt) {
  return attempt.http_status == 503 && (attempt.has_retry_after || attempt.json_error);
}

Action decide_broken_create(const Attempt& attempt, int max_attempts) {
  if (attempt.fault == TransportFault::tls) return Action::refuse;
  if (attempt.body_complete) return Action::unknown;
  if (attempt.number >= max_attempts) return Action::refuse;
  // Looks like a server that refuses early and closes: the next attempt lets it reply first.
  const bool refused_early = attempt.fault == TransportFault::broken && attempt.http1;
  return refused_early && attempt.number == 1 ? Action::ask_first : Action::retry;
}

}  // namespace

Action decide_create(const Attempt& attempt, int max_attempts) {
  if (attempt.fault) return decide_broken_create(attempt, max_attempts);
  const int status = attempt.http_status;
  if (is_success(status)) return Action::proceed;
  // As many at once as the service allows: room comes as soon as one of them is done.
  const bool busy = attempt.reason == Reason::rate_limited && status < 500;
  // Nor does asking again help where 429 is about money.
  if (status == 429 && attempt.reason.value_or(Reason::rate_limited) != Reason::rate_limited)
    return Action::refuse;
  if (status == 429 || busy)
    return attempt.others_run ? Action::retry : again_or_refuse(attempt, max_attempts);
  if (is_definite_503(attempt)) {
    // No channel serves this model: more often a wrong name than a temporary state.
    const int most = attempt.service_code == "model_not_found" ? 2 : max_attempts;
    return again_or_refuse(attempt, std::min(most, max_attempts));
  }
  if (status == 408 || is_gateway_failure(status)) {
    if (status == 501) return Action::refuse;
    return attempt.body_complete ? Action::unknown : again_or_refuse(attempt, max_attempts);
  }
  return Action::refuse;
}

Action decide_poll(const Attempt& attempt) {
  const int status = attempt.http_status;
  if (is_success(status)) return Action::proceed;
  if (!is_definite_poll_refusal(attempt)) return Action::retry;
  const bool not_known =
      status == 404 || (status == 400 && attempt.service_code == "task_not_exist");
  if (not_known && attempt.since_create < kTaskSettleTime) return Action::retry;
  const int most = !attempt.json_error ? kStrangeRefusals : not_known ? kLostTasks : kOwnRefusals;
  return attempt.refusals < most ? Action::retry : Action::refuse;
}

bool is_definite_poll_refusal(const Attempt& attempt) {
  if (attempt.fault) return attempt.fault == TransportFault::tls;
  const int status = attempt.http_status;
  if (is_success(status) || status == 408 || status == 425 || status == 429) return false;
  return status == 501 || !is_gateway_failure(status);
}

Action decide_download(const Attempt& attempt, int max_attempts) {
  if (attempt.fault == TransportFault::tls) return Action::refuse;
  if (attempt.fault) return attempt.number < max_attempts ? Action::retry : Action::refetch;
  return is_success(attempt.http_status) ? Action::proceed : Action::refetch;
}

std::optional<Micros> settle_pause(int tries, Micros first_pause) {
  const auto index = static_cast<std::size_t>(tries - 1);
  if (index >= kSettlePauses.size()) return std::nullopt;
  return kSettlePauses[index] * first_pause / 5;
}

Action decide_store(const Attempt& attempt, int max_attempts) {
  if (attempt.fault == TransportFault::tls) return Action::refuse;
  if (attempt.fault) {
    // Looks like a store that refuses early and closes: the next attempt lets it reply first.
    const bool refused_early = attempt.fault == TransportFault::broken && attempt.http1;
    const Action action = again_or_refuse(attempt, max_attempts);
    return action == Action::retry && refused_early && attempt.number == 1 ? Action::ask_first
                                                                           : action;
  }
  const int status = attempt.http_status;
  if (is_success(status)) return Action::proceed;
  const bool for_good = status == 501 || status == 505 || status == 507;
  // nginx replies 500 for a missing folder: retry once only.
  if (status == 500 && attempt.number > 1) return Action::refuse;
  const bool passing =
      status == 408 || status == 425 || status == 429 || is_gateway_failure(status);
  return passing && !for_good ? again_or_refuse(attempt, max_attempts) : Action::refuse;
}

Micros backoff(const Attempt& attempt, std::optional<Micros> retry_after, double random,
               Micros first_pause) {
  if (retry_after) return *retry_after + static_cast<Micros>(random * 0.1 * kSecond);
  // A request to slow down needs seconds; after a refused connection the server may be back at
  // once.
  const auto base = static_cast<double>(attempt.fault ? first_pause / 20 : first_pause);
  const int doublings = std::clamp(attempt.number - 1, 0, 3);
  return static_cast<Micros>(base * std::pow(2, doublings) * (1.0 + 0.25 * random));
}

Micros poll_backoff(const Attempt& attempt, std::optional<Micros> retry_after, double random,
                    Micros first_pause, Micros regular) {
  if (retry_after) retry_after = std::min(*retry_after, kLongestPause);
  const Micros pause = backoff(attempt, retry_after, random, first_pause);
  return retry_after ? pause : std::min(pause, std::max(regular, 2 * first_pause));
}

std::optional<Micros> parse_retry_after_ms(const char* value) {
  if (!value || !g_ascii_isdigit(*value)) return std::nullopt;
  const guint64 millis = g_ascii_strtoull(value, nullptr, 10);
  return millis > static_cast<guint64>(kMaxRetryAfter / 1000) ? kMaxRetryAfter
                                                              : static_cast<Micros>(millis) * 1000;
}

std::optional<Micros> parse_retry_after(const char* value, std::int64_t now_unix) {
  if (!value || !*value) return std::nullopt;
  char* end = nullptr;
  const guint64 seconds = g_ascii_strtoull(value, &end, 10);
  if (g_ascii_isdigit(*value) && end && *end == '\0')
    return seconds > 600 ? kMaxRetryAfter : static_cast<Micros>(seconds) * kSecond;
  const std::unique_ptr<GDateTime, FreeWith<&g_date_time_unref>> date(
      soup_date_time_new_from_http_string(value));
  if (!date) return std::nullopt;
  const std::int64_t wait = std::clamp<std::int64_t>(g_date_time_to_unix(date.get()) - now_unix, 0,
                                                     kMaxRetryAfter / kSecond);
  return wait * kSecond;
}

}  // namespace omni
