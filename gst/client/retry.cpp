// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/retry.h"

#include <libsoup/soup.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace omni {

namespace {

// After its create request, a task may not be known to every server at once.
constexpr Micros kTaskSettleTime = 30 * kSecond;
constexpr Micros kMaxRetryAfter = 600 * kSecond;

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
  // The service's limit on concurrent jobs: there is room again once one of them has ended.
  if (status == 429)
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
  if (attempt.fault) return attempt.fault == TransportFault::tls ? Action::refuse : Action::retry;
  const int status = attempt.http_status;
  if (is_success(status)) return Action::proceed;
  if (status == 408 || status == 425 || status == 429) return Action::retry;
  if (status == 501) return Action::refuse;
  if (is_gateway_failure(status)) return Action::retry;
  const bool not_known =
      status == 404 || (status == 400 && attempt.service_code == "task_not_exist");
  if (not_known && attempt.since_create < kTaskSettleTime) return Action::retry;
  return Action::refuse;
}

Action decide_download(const Attempt& attempt, int max_attempts) {
  if (attempt.fault == TransportFault::tls) return Action::refuse;
  if (attempt.fault) return again_or_refuse(attempt, max_attempts);
  const int status = attempt.http_status;
  if (is_success(status)) return Action::proceed;
  if (status == 408 || status == 429 || (is_gateway_failure(status) && status != 501))
    return again_or_refuse(attempt, max_attempts);
  if (status == 400 || status == 403 || status == 404 || status == 410) return Action::refetch;
  return Action::refuse;
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
