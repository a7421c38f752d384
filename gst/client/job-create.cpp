// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The step that costs money. One rule governs all of it: a create request is repeated only if the
// service certainly did not accept it.
#include "client/job.h"
#include "client/url.h"
#include "service/json.h"
#include "service/refusal.h"

namespace omni {

namespace {

constexpr std::size_t kErrorBody = 64 * 1024;

/// The status that a refusal sent with HTTP 200 stands for.
int status_of(const Refusal& refusal) {
  const int code = static_cast<int>(g_ascii_strtoll(refusal.code.c_str(), nullptr, 10));
  return code >= 400 && code < 600 ? code : 400;
}

}  // namespace

Async<Task> Job::create() {
  bool ask_first = false;
  for (Attempt attempt;; ++attempt.number) {
    services_.count([&](JobCounters& c) { attempt.number == 1 ? ++c.submitted : ++c.retried; });
    Task task = co_await post_once(attempt, ask_first);
    if (!task.id.empty()) {
      services_.count([&](JobCounters& c) {
        ++c.jobs_paid;
        c.seconds_paid += spec_.seconds;
      });
      co_return std::move(task);
    }
    // An address that is not known took nothing.
    const bool unknown_address =
        (attempt.http_status == 404 || attempt.http_status == 405) && !attempt.names_model;
    if (unknown_address && route_ + 1 < services_.dialect.service().routes.size()) {
      co_await mark_not_taken();
      ++route_;
      log(LogLevel::info, "not accepted (" + refusal_.message + "); trying " + route().create);
      continue;
    }
    attempt.others_run = services_.at_service > 0;
    const Action action = decide_create(attempt, spec_.max_attempts);
    if (action == Action::proceed || action == Action::unknown) raise_create(action, attempt);
    co_await mark_not_taken();
    if (action == Action::refuse) raise_create(action, attempt);
    if (leaving_) cancel_now();  // answered, and not accepted
    ask_first = action == Action::ask_first;
    const Micros pause = backoff(attempt, asked_pause_, g_random_double(), spec_.first_pause);
    if (attempt.http_status == 429) services_.pacer.hold(now() + pause);
    log(LogLevel::info, "not accepted (" + refusal_.message + "); trying again in " +
                            std::to_string(pause / 1000) + " ms");
    co_await sleep(cancellation_, pause);
  }
}

HttpRequest Job::create_request(BodyStream& body, bool ask_first) const {
  HttpRequest request;
  request.method = "POST";
  request.url = join_path(services_.http.settings().base_url, route().create);
  request.body = &body;
  request.idempotency_key = name_;
  request.bearer = true;
  request.ask_first = ask_first;
  request.patient = true;
  return request;
}

/// One POST. A task with an id is a success; otherwise see `attempt` and refusal_.
Async<Task> Job::post_once(Attempt& attempt, bool ask_first) {
  std::shared_ptr<BodyStream> body;
  const auto on_last_chunk = [this, &body] {
    releasing_ = true;
    run_detached(release_last_chunk(body), [this] {
      releasing_ = false;
      released_.notify_all();
    });
  };
  body = std::make_shared<BodyStream>(spec_.body, spec_.reference, on_last_chunk);
  body_ = body;
  attempt = Attempt{.number = attempt.number};
  asked_pause_.reset();
  std::string text;
  try {
    const auto response =
        co_await services_.http.send(create_request(*body, ask_first), cancellation_);
    attempt.http1 = response->http1();
    asked_pause_ = response->asked_pause();
    attempt.has_retry_after = asked_pause_.has_value();
    text = co_await response->read_text(is_success(response->status()) ? kMaxJsonBytes + 1
                                                                       : kErrorBody);
    attempt.http_status = response->status();
  } catch (const TransportError& error) {
    attempt.fault = error.fault;
    attempt.http1 = error.http1;
    refusal_ = {Reason::unreachable, error.text, 0, {}, {}};
  } catch (const Failure& failure) {
    if (failure.error().reason != Reason::cancelled) throw;
  }
  // The ledger's row must be written before anything else is decided.
  Cancellation never;
  while (releasing_) co_await Wait(never, kNever, &released_);
  body_ = nullptr;
  attempt.body_complete = body->complete();
  in_doubt_ = attempt.body_complete;
  check_cancelled(attempt);
  if (attempt.fault) co_return Task{};
  co_return read_create_reply(text, attempt);
}

/// Throws if the job was cancelled before the reply came. A reply that did come is still read,
/// because it may name a paid task. If the deadline passes with the whole request sent and no
/// reply, the outcome is unknown.
void Job::check_cancelled(const Attempt& attempt) {
  if (attempt.http_status != 0) return;
  if (deadline_hit_ && attempt.body_complete) {
    refusal_ = {Reason::unknown_outcome, "no answer within job-timeout", 0, {}, {}};
    raise_create(Action::unknown, attempt);
  }
  if (cancellation_.cancelled() && attempt.body_complete) {
    const char* doubt = "stopped after the whole job was sent: it may run and be billed";
    log(LogLevel::warning, doubt);
    throw Failure(Reason::cancelled, doubt);
  }
  cancellation_.check();
}

Task Job::read_create_reply(const std::string& text, Attempt& attempt) {
  if (!is_success(attempt.http_status)) {
    const auto refusal = read_refusal(text);
    refuse_create(refusal ? &*refusal : nullptr, attempt);
    return {};
  }
  const Reply reply = parse_reply(text, ReplyKind::create);
  if (const auto* refusal = std::get_if<Refusal>(&reply)) {
    attempt.http_status = status_of(*refusal);
    refuse_create(refusal, attempt);
    return {};
  }
  if (const auto* task = std::get_if<Task>(&reply)) {
    Task taken = *task;
    // Done, with a link and without an id: the job's own name stands for it in the ledger.
    if (taken.id.empty()) taken.id = name_;
    return taken;
  }
  refusal_ = {Reason::unknown_outcome,
              "an answer, but " + std::get<Unreadable>(reply).why,
              attempt.http_status,
              {},
              {}};
  return {};
}

/// `refusal` is null when the answer is not the service's own.
void Job::refuse_create(const Refusal* refusal, Attempt& attempt) {
  const char* title = services_.dialect.title();
  attempt.json_error = refusal != nullptr;
  if (!refusal) {
    refusal_ = error_from_stranger(title, attempt.http_status);
    return;
  }
  attempt.service_code = refusal->code;
  attempt.names_model = names_model(*refusal);
  refusal_ = error_from_refusal(title, attempt.http_status, *refusal);
  attempt.reason = refusal_.reason;
}

/// This create was surely not taken.
Async<void> Job::mark_not_taken() {
  in_doubt_ = false;
  if (!written_as_sent_) co_return;
  written_as_sent_ = false;
  co_await services_.ledger->not_taken(name_);
}

/// Everything but the last chunk was sent: record that, then release the chunk.
Async<void> Job::release_last_chunk(std::shared_ptr<BodyStream> body) {
  try {
    const std::string reference_hash = co_await hashed();
    written_as_sent_ = true;
    co_await services_.ledger->sent(name_, facts(), reference_hash);
    body->release_last_chunk();
  } catch (const std::exception& problem) {
    const auto* failure = dynamic_cast<const Failure*>(&problem);
    ledger_failure_ =
        failure ? failure->error() : Error{Reason::service_error, problem.what(), 0, {}, {}};
    cancellation_.cancel();
  }
}

Error Job::unknown_outcome(const Attempt& attempt) const {
  std::string text =
      std::string("The job was sent completely to ") + services_.dialect.title() +
      ", and no answer says whether it was accepted. It may run and be billed, so it is not sent "
      "again: look at the service's list of tasks before you submit this clip again" +
      (services_.ledger->records()
           ? ", by " + services_.ledger->forget_command(name_) + " or reuse=none"
           : std::string()) +
      ". The answer was: " + refusal_.message;
  if (!text.ends_with('.')) text += '.';
  return {Reason::unknown_outcome, text, attempt.http_status, {}, refusal_.service_code};
}

void Job::raise_create(Action action, const Attempt& attempt) const {
  // A 2xx status without a task id leaves as much doubt as a broken connection.
  if (action == Action::proceed || action == Action::unknown)
    throw Failure(unknown_outcome(attempt));
  Error error = refusal_;
  const int status = attempt.http_status;
  if (attempt.fault) {
    const std::string host = redact_url(services_.http.settings().base_url);
    error.message = attempt.fault == TransportFault::tls
                        ? "The certificate of " + host + " was refused: " + error.message +
                              ". For a private certificate authority set ssl-ca-file."
                        : "There is no connection to " + host + ": " + error.message +
                              ". Check base-url, proxy and the network; nothing was submitted.";
  } else if (status >= 300 && status < 400) {
    error.message =
        "The service redirects submissions to another address, and a paid request is not sent "
        "after a redirect. Set base-url to that address.";
    error.reason = Reason::invalid_request;
  }
  throw Failure(error);
}

}  // namespace omni
