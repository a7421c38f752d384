// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Waiting for the service: when to poll, and what a reply means.
#include "client/job.h"
#include "client/url.h"
#include "service/json.h"
#include "service/redact.h"
#include "service/refusal.h"

namespace omni {

namespace {

// Zero is no pause, and would become a flood of polls.
constexpr Micros kShortestPause = kSecond / 2;

}  // namespace

Async<Task> Job::wait_until_done() {
  while (true) {
    const Micros pause =
        std::min(asked_pause_.value_or(schedule_.next_pause(age())), kLongestPause);
    co_await sleep(cancellation_, pause);
    const Task task = co_await poll();
    schedule_.reported(age(), task.progress);
    if (task.state == TaskState::done) co_return task;
    if (task.word_known) unknown_word_.clear();
    if (!task.word_known && task.word != unknown_word_) {
      unknown_word_ = task.word;
      log(LogLevel::warning, "the service reports the unknown status \"" +
                                 quote_for_user(task.word, 60) + "\": treated as running");
    }
    const bool running = task.state != TaskState::pending;
    if (running && last_.state != JobState::running) log(LogLevel::info, "running at the service");
    update(running ? JobState::running : JobState::pending, task.progress);
  }
}

/// What the service says by now of a task that is done. Where it says nothing, what is known stays:
/// some forget a task as soon as they have told its end.
Async<Task> Job::refresh(Task known) {
  co_await services_.pacer.turn(cancellation_);
  Attempt attempt;
  auto fresh = co_await poll_once(attempt);
  if (!fresh) co_return known;
  if (fresh->state == TaskState::failed) raise_failed(*fresh);
  if (fresh->state != TaskState::done) co_return co_await wait_until_done();
  if (fresh->urls.empty()) fresh->urls = std::move(known.urls);
  co_return std::move(*fresh);
}

/// A service without such a list replies with something else, which is ignored.
Async<void> Job::add_artifacts(Task& task) {
  HttpRequest request;
  request.url = url_of(route().artifacts);
  request.bearer = true;
  try {
    const auto response = co_await services_.http.send(request, cancellation_);
    if (!is_success(response->status())) co_return;
    const std::string text = co_await response->read_text(kMaxJsonBytes + 1);
    const Reply reply = parse_reply(text, ReplyKind::artifacts);
    if (const auto* list = std::get_if<Task>(&reply)) task.urls = list->urls;
  } catch (const TransportError& error) {
    log(LogLevel::debug, "no list of results: " + error.text);
  }
}

void Job::raise_failed(const Task& task) {
  over_at_service_ = true;
  failed_at_service_ = true;
  throw Failure(error_from_failed_task(services_.dialect.title(), task));
}

/// The task's state, however often it takes to learn it. Throws when the task failed, or when the
/// service definitely won't say.
Async<Task> Job::poll() {
  for (Attempt attempt;; ++attempt.number) {
    co_await services_.pacer.turn(cancellation_);
    auto task = co_await poll_once(attempt);
    if (task && task->state == TaskState::failed) raise_failed(*task);
    if (task) co_return std::move(*task);
    if (is_definite_poll_refusal(attempt)) ++attempt.refusals;
    if (decide_poll(attempt) == Action::refuse) throw Failure(refusal_);
    services_.count([](JobCounters& c) { ++c.retried; });
    const Micros pause = poll_backoff(attempt, asked_pause_, g_random_double(), spec_.first_pause,
                                      schedule_.next_pause(age()));
    if (attempt.http_status == 429) services_.pacer.hold(now() + pause);
    log(LogLevel::debug, "no answer to the poll (" + refusal_.message + ")");
    co_await sleep(cancellation_, pause);
  }
}

/// One GET. nullopt: the reason is in `attempt` and refusal_.
Async<std::optional<Task>> Job::poll_once(Attempt& attempt) {
  HttpRequest request;
  request.url = url_of(route().poll);
  request.bearer = true;
  attempt.fault.reset();
  attempt.http_status = 0;
  attempt.service_code.clear();
  attempt.json_error = false;
  attempt.since_create = age();
  asked_pause_.reset();
  std::string text;
  try {
    const auto response = co_await services_.http.send(request, cancellation_);
    asked_pause_ = response->asked_pause();
    if (asked_pause_) asked_pause_ = std::max(*asked_pause_, kShortestPause);
    text = co_await response->read_text(kMaxJsonBytes + 1);
    attempt.http_status = response->status();
  } catch (const TransportError& error) {
    attempt.fault = error.fault;
    refusal_ = {Reason::unreachable,
                "The connection to the service was lost while waiting: " + error.text + ".",
                0,
                {},
                {}};
    co_return std::nullopt;
  }
  if (is_success(attempt.http_status)) co_return read_poll(text, attempt);
  const auto refusal = read_refusal(text);
  attempt.json_error = refusal.has_value();
  if (refusal) attempt.service_code = refusal->code;
  const char* title = services_.dialect.title();
  refusal_ = refusal ? error_from_refusal(title, attempt.http_status, *refusal)
                     : error_from_stranger(title, attempt.http_status);
  co_return std::nullopt;
}

/// A reply with a good status. Not all are the task's: a gateway's page, or an error in disguise.
std::optional<Task> Job::read_poll(const std::string& text, Attempt& attempt) {
  // "Accepted" and "no content": there is nothing to tell yet.
  if (text.empty() && (attempt.http_status == 202 || attempt.http_status == 204)) return Task{};
  const Reply reply = parse_reply(text, ReplyKind::poll);
  if (const auto* task = std::get_if<Task>(&reply)) return *task;
  const auto* refusal = std::get_if<Refusal>(&reply);
  if (refusal) {
    const int code = static_cast<int>(g_ascii_strtoll(refusal->code.c_str(), nullptr, 10));
    const bool is_status = code >= 400 && code < 600;
    attempt.service_code = refusal->code;
    attempt.json_error = is_status;  // without a number it may pass: a cache, a deploy
    attempt.http_status = is_status ? code : 400;
  } else {
    attempt.http_status = 502;
  }
  refusal_ = error_from_refusal(services_.dialect.title(), attempt.http_status,
                                refusal ? *refusal : Refusal{});
  return std::nullopt;
}

}  // namespace omni
