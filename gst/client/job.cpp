// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/job.h"

#include <cstring>

#include "client/data-uri.h"
#include "client/unique-id.h"
#include "client/url.h"
#include "service/redact.h"

namespace omni {

namespace {

/// One more as long as it lives.
class Counted {
 public:
  explicit Counted(unsigned& count) : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;

 private:
  unsigned& count_;
};

/// What is known of a service's models holds at the service's own address. Elsewhere anything may
/// answer, also a machine of the user's.
Micros first_poll(const JobServices& services) {
  const ServiceFacts& service = services.dialect.service();
  const auto known = static_cast<Micros>(service.first_poll_ns / 1000);
  return services.http.is_own_origin(service.default_base_url) ? known : std::min(known, kSecond);
}

bool is_base64_video(const std::string& url) {
  return g_str_has_prefix(url.c_str(), "data:");
}

bool same_bytes(const ByteRope& one, const ByteRope& other) {
  if (one.size() != other.size()) return false;
  for (std::uint64_t at = 0; at < one.size();) {
    const auto [left, left_size] = one.run_at(at);
    const auto [right, right_size] = other.run_at(at);
    const std::size_t both = std::min(left_size, right_size);
    if (std::memcmp(left, right, both) != 0) return false;
    at += both;
  }
  return true;
}

}  // namespace

Job::Job(JobServices& services, JobSpec spec, std::shared_ptr<JobObserver> observer)
    : services_(services),
      spec_(std::move(spec)),
      observer_(std::move(observer)),
      name_(unique_id()),
      reference_size_(spec_.reference ? spec_.reference->size() : 0),
      deadline_([this] {
        deadline_hit_ = true;
        cancellation_.cancel();
      }),
      schedule_({first_poll(services), spec_.poll_interval}, services.times),
      uploads_(services.publishing, std::move(spec_.uploads), publish_terms()),
      downloader_(services.http, cancellation_, spec_.download_folder, spec_.max_attempts,
                  spec_.check_result, services.log) {
  downloader_.first_pause = spec_.first_pause;
  downloader_.on_retry = [this] { services_.count([](JobCounters& c) { ++c.retried; }); };
}

void Job::cancel_now() {
  *hash_cancelled_ = true;
  cancellation_.cancel();
}

void Job::cancel() {
  if (leaving_) return;
  if (!body_ || !body_->complete()) return cancel_now();
  leaving_ = true;
  services_.leaving.keys.push_back(key());
}

/// Wakes the jobs that wait for this one.
void Job::leave() {
  if (!leaving_) return;
  std::vector<JobKey>& keys = services_.leaving.keys;
  keys.erase(std::find(keys.begin(), keys.end(), key()));
  services_.leaving.changed.notify_all();
}

Async<void> Job::run() {
  JobOutcome outcome;
  try {
    outcome = co_await steps();
  } catch (const Failure& failure) {
    outcome = explain(failure.error());
  } catch (const std::exception& error) {
    outcome =
        explain({Reason::service_error, std::string("internal error: ") + error.what(), 0, {}, {}});
  }
  deadline_.suspend();
  *hash_cancelled_ = true;
  co_await hashed();
  co_await withdraw_uploads(outcome);
  if (const auto* error = std::get_if<Error>(&outcome)) {
    services_.count([](JobCounters& c) { ++c.failed; });
    log(error->reason == Reason::cancelled ? LogLevel::info : LogLevel::warning,
        std::string("ended: ") + reason_word(error->reason) + ": " + error->message);
    co_await write_end(*error);
    if (receipt_) receipt_->make_void();
  } else {
    services_.count([](JobCounters& c) { ++c.completed; });
  }
  receipt_.reset();
  leave();
  // Before the notification: the observer reads stats at once.
  services_.count([](JobCounters& c) { --c.in_flight; });
  observer_->job_finished(std::move(outcome));
}

/// True if the service may have the job, or may yet get it, and still need its reference.
bool Job::may_go_on(const Error& error) const {
  if (over_at_service_ || last_.state < JobState::submitting) return false;
  return !last_.task_id.empty() || error.reason == Reason::unknown_outcome ||
         error.reason == Reason::cancelled;
}

Async<void> Job::withdraw_uploads(const JobOutcome& outcome) {
  const auto* error = std::get_if<Error>(&outcome);
  uploads_.withdraw(error && may_go_on(*error));
  co_await uploads_.withdrawn(cancellation_);
  for (const std::string& text : uploads_.left_behind())
    observer_->job_warned({Reason::unreachable, text, 0, last_.task_id, {}});
}

Async<std::shared_ptr<const ByteRope>> Job::steps() {
  update(JobState::waiting);
  const InFlightLimit::Pass pass = co_await services_.in_flight.enter(cancellation_);
  deadline_.restart(spec_.job_timeout);
  ends_at_ = now() + spec_.job_timeout;
  std::shared_ptr<const ByteRope> bytes = co_await take_up();
  if (!bytes) {
    if (last_.task_id.empty()) co_await buy();
    bytes = co_await collect();
    if (spec_.check_result) services_.ledger->fetched(name_, bytes);
  }
  // A service may return the reference unchanged, and bill it.
  if (co_await is_reference(bytes))
    log(LogLevel::warning,
        "the result is the reference itself, byte for byte: ask in the prompt for a newly "
        "generated video");
  co_return bytes;
}

/// Once its hash is known, the reference is no longer needed: free it, because a service may take
/// an hour.
void Job::release_reference() {
  if (!reference_hash_.empty()) spec_.reference = nullptr;
}

Async<bool> Job::is_reference(std::shared_ptr<const ByteRope> result) {
  if (result->size() != reference_size_) co_return false;
  if (spec_.reference) co_return same_bytes(*result, *spec_.reference);
  if (reference_hash_.empty()) co_return false;
  try {
    const HashRequest hashed{std::move(result), hash_cancelled_};
    const std::string hash = co_await services_.ledger->hash(hashed);
    co_return hash == reference_hash_;
  } catch (const std::exception& problem) {
    log(LogLevel::debug, std::string("the result cannot be hashed: ") + problem.what());
  }
  co_return false;
}

JobFacts Job::facts() const {
  return {key(), spec_.model, services_.pipeline, spec_.label, spec_.seconds, spec_.project};
}

Async<void> Job::buy() {
  co_await publish();
  observer_->job_buys();
  update(JobState::submitting);
  co_await services_.ledger->intent(name_, facts(), spec_.spend_limit);
  record(name_);
  start_hashing();
  log(LogLevel::info, "submitting to " + std::string(services_.dialect.title()) + ": " +
                          spec_.model + ", " + std::to_string(spec_.seconds) + " s, reference of " +
                          std::to_string(reference_size_) + " bytes, job " + name_);
  Task task = co_await create();
  last_.task_id = task.id;
  created_at_ = now();
  co_await services_.ledger->accepted(name_, facts(), last_.task_id, route().create);
  log(LogLevel::info, "accepted as task " + last_.task_id);
  if (task.state == TaskState::done && !task.urls.empty()) done_at_once_ = std::move(task);
  release_reference();
  if (leaving_) cancel_now();
}

JobKey Job::key() const {
  return {services_.dialect.name(), normal_base_url(services_.http.settings().base_url),
          spec_.request_hash, reference_size_};
}

/// Returns the result if it is already here. Otherwise sets the task, if there is one.
Async<std::shared_ptr<const ByteRope>> Job::take_up() {
  while (services_.leaving.has(key()))
    co_await Wait(cancellation_, kNever, &services_.leaving.changed);
  Claim claim;
  // Neither {} in the awaited expression nor a conditional expression: gcc 12 destroys a temporary
  // of the braces twice, and also the task of the branch not taken.
  const HashRequest reference{spec_.reference, hash_cancelled_};
  if (spec_.take_up.empty())
    claim = co_await services_.ledger->claim(key(), spec_.reuse, reference);
  else
    claim = co_await services_.ledger->take(spec_.take_up);
  // Cancelled in the meantime: leave the row to the next job for the same clip.
  if (cancellation_.cancelled()) services_.ledger->release(claim.id);
  cancellation_.check();
  switch (claim.kind) {
    case Claim::Kind::task:
    case Claim::Kind::result:
      co_return resume(std::move(claim));
    case Claim::Kind::doubt:
      raise_doubt(claim);
    case Claim::Kind::elsewhere:
      tell_elsewhere(claim);
      break;
    case Claim::Kind::nothing:
      break;
  }
  if (!spec_.take_up.empty())
    throw Failure(
        Reason::invalid_request,
        "Job " + spec_.take_up + " has no undelivered result, or another process uses it.");
  co_return nullptr;
}

std::shared_ptr<const ByteRope> Job::resume(Claim claim) {
  name_ = claim.id;
  record(name_);
  last_.task_id = claim.task_id;
  last_.reused = true;
  services_.count([](JobCounters& c) { ++c.reused; });
  if (claim.result && !problem_of(*claim.result)) {
    log(LogLevel::info, "reused: the result of task " + claim.task_id + " is kept here");
    update(JobState::downloading);
    return claim.result;
  }
  const auto& routes = services_.dialect.service().routes;
  for (std::size_t i = 0; i < routes.size(); ++i)
    if (claim.create_path == routes[i].create) route_ = i;
  created_at_ = now() - std::max<Micros>(g_get_real_time() - claim.accepted_at, 0);
  log(LogLevel::info, "reused: task " + claim.task_id + ", paid in an earlier run");
  return nullptr;
}

std::optional<std::string> Job::problem_of(const ByteRope& result) const {
  return spec_.check_result ? spec_.check_result(result) : std::nullopt;
}

void Job::raise_doubt(const Claim& claim) const {
  throw Failure(
      Reason::unknown_outcome,
      "The same job was sent before, and no answer said whether it was accepted. It may run and be "
      "billed, so it is not sent again: look at the service's list of tasks, then run " +
          services_.ledger->forget_command(claim.id) + " or set reuse=none.");
}

/// The key is sent to the configured service only.
void Job::tell_elsewhere(const Claim& claim) {
  observer_->job_warned(
      {Reason::invalid_request,
       "The same job was paid at " + redact_url(claim.base_url) + " (ledger: " + claim.id +
           ") and not delivered. Set base-url to that address to reuse it; here it is bought again",
       0,
       claim.task_id,
       {}});
}

/// From here on the job has a row in the ledger.
void Job::record(const std::string& id) {
  in_ledger_ = true;
  if (!services_.ledger->records()) return;
  receipt_ = std::make_shared<Receipt>(services_.ledger, id);
  observer_->job_recorded(receipt_);
}

/// Runs in parallel with the upload: the hash is needed before the last chunk is released.
void Job::start_hashing() {
  if (!services_.ledger->records() || !spec_.reference) return;
  hashing_ = true;
  run_detached(compute_hash(), [this] {
    hashing_ = false;
    hash_done_.notify_all();
  });
}

/// Nobody awaits it, so no exception may leave it.
Async<void> Job::compute_hash() {
  try {
    const HashRequest reference{spec_.reference, hash_cancelled_};
    reference_hash_ = co_await services_.ledger->hash(reference);
  } catch (const std::exception& problem) {
    log(LogLevel::warning, std::string("the reference cannot be hashed: ") + problem.what());
  }
}

Async<std::string> Job::hashed() {
  Cancellation never;
  while (hashing_) co_await Wait(never, kNever, &hash_done_);
  co_return reference_hash_;
}

/// The state of a job that ended without a result.
Ending Job::ending() const {
  if (failed_at_service_) return Ending::failed;
  return last_.task_id.empty() && !in_doubt_ ? Ending::refused : Ending::open;
}

/// Advice for a paid job whose result could not be fetched now.
std::string Job::ways_on() const {
  const bool owed = in_ledger_ && services_.ledger->records() && !last_.task_id.empty();
  if (!owed || ending() != Ending::open) return "";
  return " It is in the ledger as " + name_ +
         ": if the pipeline is started again, the job is reused and not bought again. " +
         services_.ledger->forget_command(name_) + " or reuse=none gives it up.";
}

Async<void> Job::write_end(const Error& error) {
  if (in_ledger_) co_await services_.ledger->ended(name_, ending(), error);
}

/// Waits for a paid task and downloads its result.
Async<std::shared_ptr<const ByteRope>> Job::collect() {
  const Counted at_service(services_.at_service);
  update(JobState::pending);
  if (last_.reused) asked_pause_ = 0;  // it may have been done for long
  // Not one conditional expression: gcc 12 destroys the task of the branch not taken.
  Task task;
  if (done_at_once_)
    task = std::move(*done_at_once_);
  else
    task = co_await wait_until_done();
  log(LogLevel::info, "done after " + std::to_string(age() / kSecond) + " s");
  over_at_service_ = true;
  if (schedule_.polls() == 1 && !last_.reused) services_.times.done_at_first_poll(age());
  services_.times.add(age());
  // The service has a result, so it no longer needs the reference. It is withdrawn during the
  // download.
  if (!task.urls.empty()) uploads_.withdraw(false);
  update(JobState::downloading, task.progress);
  auto bytes = co_await fetch(task);
  log(LogLevel::info, "result: " + std::to_string(bytes->size()) + " bytes");
  co_return bytes;
}

JobLimits Job::publish_terms() {
  return {.label = spec_.label,
          .max_attempts = spec_.max_attempts,
          .first_pause = spec_.first_pause,
          .job_timeout = spec_.job_timeout,
          .on_retry = [this] { services_.count([](JobCounters& c) { ++c.retried; }); }};
}

/// Before the ledger is written: a failure here costs nothing.
Async<void> Job::publish() {
  if (!uploads_.any_in(spec_.body)) co_return;
  update(JobState::publishing);
  co_await uploads_.publish(spec_.body, cancellation_);
}

void Job::update(JobState state, std::optional<double> progress) {
  if (state == last_.state && progress == last_.progress && state != JobState::waiting) return;
  last_.state = state;
  last_.progress = progress;
  observer_->job_updated(last_);
}

std::string Job::url_of(const char* path) const {
  return join_path(services_.http.settings().base_url, Dialect::with_id(path, last_.task_id));
}

void Job::log(LogLevel level, const std::string& text) const {
  services_.log(level, spec_.label + ": " + text);
}

/// Adds to an error what only the job knows.
Error Job::explain(Error error) const {
  if (ledger_failure_) error = *ledger_failure_;
  error.task_id = last_.task_id;
  if (error.reason == Reason::cancelled && deadline_hit_)
    explain_timeout(error);
  else if (error.reason == Reason::cancelled && !error.task_id.empty())
    error.message = "The wait for it was ended. The task continues at the service and is billed.";
  error.message += ways_on();
  return error;
}

void Job::explain_timeout(Error& error) const {
  if (fetch_failure_) {
    error = *fetch_failure_;
    error.task_id = last_.task_id;
    error.message += " It was looked for until job-timeout.";
    return;
  }
  error.reason = Reason::timed_out;
  error.message = "There was no result within " + std::to_string(spec_.job_timeout / kSecond) +
                  " s (job-timeout)";
  if (last_.state == JobState::publishing)
    error.message += ", and all of it was spent on publishing. Nothing was paid.";
  else if (last_.task_id.empty())
    error.message += ". The service had not accepted the job, so nothing was paid.";
  else
    error.message +=
        ". The task continues at the service and is billed: raise job-timeout, or fetch its result "
        "by its task id instead of paying again.";
  if (!last_.task_id.empty() && !unknown_word_.empty())
    error.message += " Its last status was \"" + quote_for_user(unknown_word_, 60) +
                     "\", a word that is not known here.";
}

/// A result that is paid for is looked for again and again: the link may come later than "done",
/// the file later than its link, and a link may be used up. Asking is free.
Async<std::shared_ptr<const ByteRope>> Job::fetch(Task task) {
  for (int tries = 1;; ++tries) {
    if (task.urls.empty() && route().artifacts) co_await add_artifacts(task);
    Download download = co_await fetch_from_any(task);
    if (download.outcome == Download::Outcome::complete) co_return std::move(download.bytes);
    const auto pause = pause_before_refetch(download, tries);
    if (!pause) throw Failure(download.error);
    fetch_failure_ = download.error;
    services_.count([](JobCounters& c) { ++c.retried; });
    log(LogLevel::info,
        download.error.message + " Trying again in " + std::to_string(*pause / 1000) + " ms");
    co_await sleep(cancellation_, *pause);
    task = co_await refresh(std::move(task));
  }
}

/// nullopt: it is given up, since it won't come, or not before job-timeout. What is wrong with the
/// result says more than that the time is over.
std::optional<Micros> Job::pause_before_refetch(const Download& download, int tries) const {
  const auto pause = settle_pause(tries, spec_.first_pause);
  const Micros left = ends_at_ - now();
  if (download.outcome == Download::Outcome::too_large || !pause || *pause >= left)
    return std::nullopt;
  const Micros asked = download.asked_pause.value_or(0);
  return asked < left ? std::max(*pause, asked) : *pause;
}

/// Tries every place that the service named, then its content proxy. The error is that of the first
/// one.
Async<Download> Job::fetch_from_any(const Task& task) {
  std::vector<std::string> links = task.urls;
  if (route().content) links.push_back(url_of(route().content));
  Download best;
  best.error = {
      Reason::bad_result, "The service reports the task as done, but names no result.", 0, {}, {}};
  for (std::size_t i = 0; i < links.size(); ++i) {
    Download download = co_await fetch_from(links[i], true);
    if (download.outcome == Download::Outcome::complete) co_return download;
    log(LogLevel::debug, "no result there: " + download.error.message);
    const bool too_large = download.outcome == Download::Outcome::too_large;
    if (i == 0 || too_large) best = std::move(download);
    if (too_large) break;
  }
  co_return best;
}

Async<Download> Job::fetch_from(std::string link, bool follow_json) {
  Download result;
  if (is_base64_video(link)) {
    result.bytes = decode_data_uri(link);
    const auto problem =
        result.bytes ? problem_of(*result.bytes)
                     : std::optional<std::string>("The data: URI of the result cannot be read.");
    if (!problem) result.outcome = Download::Outcome::complete;
    if (problem) result.error = {Reason::bad_result, *problem, 0, {}, {}};
    co_return result;
  }
  const auto url = resolve_url(services_.http.settings().base_url, link);
  if (!url) {
    result.error = {
        Reason::bad_result, "The service named a result that is not a web address.", 0, {}, {}};
    co_return result;
  }
  const bool bearer = route().content && *url == url_of(route().content);
  try {
    result = co_await downloader_.fetch(*url, bearer);
  } catch (const Failure& failure) {
    if (failure.error().reason == Reason::cancelled) throw;
    result.error = failure.error();
  }
  if (!result.other_url.empty() && follow_json) {
    const std::string other = result.other_url;
    co_return co_await fetch_from(other, false);
  }
  co_return result;
}

}  // namespace omni
