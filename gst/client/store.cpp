// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/store.h"

#include "client/url.h"

namespace omni {

namespace {

constexpr std::size_t kErrorBody = 16 * 1024;

Async<void> ask_once(Http& http, HttpRequest request, Cancellation& cancellation, StoreReply& reply,
                     Attempt& attempt, std::optional<Micros>& pause) {
  try {
    const auto response = co_await http.send(request, cancellation);
    const int status = response->status();
    pause = response->asked_pause();
    reply.content_type = response->header("Content-Type");
    reply.content_range = response->header("Content-Range");
    reply.location = response->header("Location");
    reply.region = response->header("x-amz-bucket-region");
    reply.length = response->length();
    const bool has_body = std::string_view(request.method) != "HEAD";
    if (has_body && !is_success(status)) reply.body = co_await response->read_text(kErrorBody);
    reply.status = attempt.http_status = status;
  } catch (const TransportError& error) {
    reply.fault = attempt.fault = error.fault;
    reply.fault_text = error.text;
    attempt.http1 = error.http1;
  }
}

}  // namespace

Async<StoreReply> ask_store(Http& http, LogSink log, std::function<HttpRequest()> make,
                            JobLimits terms, Cancellation& cancellation,
                            std::function<bool(const StoreReply&)> passing) {
  bool ask_first = false;
  for (int number = 1;; ++number) {
    Attempt attempt{.number = number};
    StoreReply reply;
    std::optional<Micros> asked_pause;
    HttpRequest request = make();
    request.foreign = true;
    request.follow = false;
    request.ask_first = ask_first;
    co_await ask_once(http, request, cancellation, reply, attempt, asked_pause);
    Action action = decide_store(attempt, terms.max_attempts);
    const bool may_turn = passing && attempt.http_status != 0 && passing(reply);
    if (action == Action::refuse && may_turn && number < terms.max_attempts) action = Action::retry;
    if (action != Action::retry && action != Action::ask_first) co_return reply;
    ask_first = action == Action::ask_first && request.content;
    if (terms.on_retry) terms.on_retry();
    log(LogLevel::info, terms.label + ": " + request.method + ": " + describe(reply, request.url) +
                            "; trying again");
    co_await sleep(cancellation,
                   backoff(attempt, asked_pause, g_random_double(), terms.first_pause));
  }
}

bool is_gone(const StoreReply& reply) {
  return is_success(reply.status) || reply.status == 404 || reply.status == 410;
}

std::string describe(const StoreReply& reply, const std::string& url) {
  const std::string shown = redact_url(url);
  if (reply.status == 0) return shown + " did not answer: " + reply.fault_text;
  std::string text = shown + " answered HTTP " + std::to_string(reply.status);
  if (!reply.location.empty() && reply.status >= 300 && reply.status < 400) {
    const auto target = resolve_url(url, reply.location);
    text += " (a redirect to " +
            (target ? redact_url(*target) : "something that is not a web address") + ")";
  }
  return text;
}

}  // namespace omni
