// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/pending-result.h"

#include "elements/common/debug.h"

#define GST_CAT_DEFAULT omni::debug_category()

namespace omni {

namespace {

/// After these errors nothing can have been billed. A job that is cancelled may have been accepted
/// at the same moment.
bool surely_unpaid(const Error& error, bool begun) {
  if (!begun) return true;
  return error.task_id.empty() && error.reason != Reason::unknown_outcome &&
         error.reason != Reason::cancelled;
}

}  // namespace

PendingResult::PendingResult(GstElement* element, SpendTracker& spend, OnFailure on_failure,
                             bool report_progress, std::function<void(const JobOutcome&)> changed)
    : on_failure(on_failure), element_(element), spend_(spend), changed_(std::move(changed)) {
  if (report_progress) progress_.emplace(element);
}

void PendingResult::announce(const char* state) {
  report.state = state;
  post_job(element_, report);
}

void PendingResult::job_updated(const JobUpdate& update) {
  if (update.state != JobState::waiting && update.state != JobState::publishing) begun_ = true;
  const char* state = state_word(update.state);
  if (!g_str_equal(state, report.state))
    GST_DEBUG_OBJECT(element_, "segment %u: its job is %s%s%s", report.segment, state,
                     update.task_id.empty() ? "" : ", task ", update.task_id.c_str());
  report.state = state;
  report.task_id = update.task_id;
  {
    const std::lock_guard lock(lock_);
    task_id_ = update.task_id;
  }
  report.progress = update.progress;
  report.reused = update.reused;
  post_job(element_, report);
  if (progress_) progress_->updated(update);
}

/// Called only once it is known that the result is not reused: what was paid before is not counted
/// again.
void PendingResult::job_buys() {
  spend_.reserve(limit, report.seconds);
  reserved_ = true;
}

void PendingResult::job_recorded(std::shared_ptr<Receipt> receipt) {
  report.ledger_id = receipt->id();
  const std::lock_guard lock(lock_);
  receipt_ = std::move(receipt);
}

void PendingResult::confirm_delivered() {
  std::shared_ptr<Receipt> receipt;
  {
    const std::lock_guard lock(lock_);
    receipt.swap(receipt_);
  }
  if (!receipt) return;
  receipt->confirm();
  GST_INFO_OBJECT(element_, "segment %u: delivered", report.segment);
}

void PendingResult::job_warned(const Error& error) {
  post_warning(element_, error, "the result is not affected");
}

void PendingResult::job_finished(JobOutcome outcome) {
  const auto* error = std::get_if<Error>(&outcome);
  if (error && reserved_ && surely_unpaid(*error, begun_)) spend_.give_back(report.seconds);
  if (progress_) progress_->finished(outcome);
  finish(std::move(outcome));
}

/// Whether the result is late is decided when the outcome is known. It counts as finished only
/// after it was reported, so that nothing is posted before that.
void PendingResult::finish(JobOutcome outcome) {
  bool late = false;
  {
    const std::lock_guard lock(lock_);
    late = late_;
    outcome_ = outcome;
  }
  publish_outcome(outcome, late);
  {
    const std::lock_guard lock(lock_);
    told_ = true;
  }
  changed_(outcome);
}

bool PendingResult::declare_late() {
  const std::lock_guard lock(lock_);
  late_ = !outcome_;
  return late_;
}

void PendingResult::publish_outcome(const JobOutcome& outcome, bool late) {
  const auto* error = std::get_if<Error>(&outcome);
  if (error && error->reason == Reason::cancelled) {
    report.state = "cancelled";
    report.error = *error;
  } else if (error) {
    report.state = "failed";
    report.error = *error;
  } else {
    report.state = !report.request.empty() ? "planned" : late ? "late" : "done";
    reference.reset();
  }
  post_job(element_, report);
}

bool PendingResult::finished() const {
  const std::lock_guard lock(lock_);
  return told_;
}

std::string PendingResult::task_id() const {
  const std::lock_guard lock(lock_);
  return task_id_;
}

bool PendingResult::succeeded() const {
  const std::lock_guard lock(lock_);
  return outcome_ && std::holds_alternative<std::shared_ptr<const ByteRope>>(*outcome_);
}

JobOutcome PendingResult::take_outcome() {
  const std::lock_guard lock(lock_);
  return std::move(*outcome_);
}

}  // namespace omni
