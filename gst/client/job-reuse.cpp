// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What stands in the ledger about a job: what an earlier run has paid for is taken up, and what
// this one does is written down.
#include "client/job.h"
#include "client/url.h"

namespace omni {

JobKey Job::key() const {
  return {services_.dialect.name(), normal_base_url(services_.http.settings().base_url),
          spec_.request_hash, reference_size_};
}

/// The result, when it is here already. Without it: a task, when there is one.
Async<std::shared_ptr<const ByteRope>> Job::take_up() {
  while (services_.leaving.has(key()))
    co_await Wait(cancellation_, kNever, &services_.leaving.changed);
  Claim claim;
  // Neither {} in what is awaited nor one conditional expression: gcc 12 destroys twice what the
  // braces make, and the task of the branch not taken.
  const HashRequest reference{spec_.reference, abandoned_};
  if (spec_.take_up.empty())
    claim = co_await services_.ledger->claim(key(), spec_.reuse, reference);
  else
    claim = co_await services_.ledger->take(spec_.take_up);
  // Called off in the meantime: whoever comes for the same clip next may have it.
  if (cancellation_.cancelled()) services_.ledger->let_go(claim.id);
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
  if (claim.result && !spec_.check_result(*claim.result)) {
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

void Job::raise_doubt(const Claim& claim) const {
  throw Failure(
      Reason::unknown_outcome,
      "The same job was sent before, and no answer said whether it was accepted. It may run and be "
      "billed, so it is not sent again: look at the service's list of tasks, then run " +
          services_.ledger->forget_command(claim.id) + " or set reuse=none.");
}

/// The key goes to the service that is set, and to no other.
void Job::tell_elsewhere(const Claim& claim) {
  observer_->job_warned(
      {Reason::invalid_request,
       "The same job was paid at " + redact_url(claim.base_url) + " (ledger: " + claim.id +
           ") and not delivered. Set base-url to that address to reuse it; here it is bought again",
       0,
       claim.task_id,
       {}});
}

/// From here on something in the ledger is this job's.
void Job::record(const std::string& id) {
  in_ledger_ = true;
  if (!services_.ledger->records()) return;
  receipt_ = std::make_shared<Receipt>(services_.ledger, id);
  observer_->job_recorded(receipt_);
}

/// Beside the upload: it is wanted before the last chunk goes.
void Job::start_hashing() {
  if (!services_.ledger->records() || !spec_.reference) return;
  hashing_ = true;
  run_detached(compute_hash(), [this] {
    hashing_ = false;
    hash_done_.notify_all();
  });
}

/// Nobody awaits it, so nothing may come out of it.
Async<void> Job::compute_hash() {
  try {
    const HashRequest reference{spec_.reference, abandoned_};
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

/// How it stands with a job that ended without a result.
Ending Job::ending() const {
  if (failed_at_service_) return Ending::failed;
  return last_.task_id.empty() && !in_doubt_ ? Ending::refused : Ending::open;
}

/// What to do about a job that is paid and could not be had now.
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

}  // namespace omni
