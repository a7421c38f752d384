// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One place in the output: a reference that was sent to the service, and its outcome.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "client/job.h"
#include "elements/common/messages.h"
#include "elements/common/settings.h"
#include "elements/common/spend-tracker.h"
#include "media/gst-ptr.h"

namespace omni {

class PendingResult : public JobObserver {
 public:
  /// `changed` is called with no lock held when the outcome is known. It gets a copy, since the
  /// outcome itself may have been taken by then.
  PendingResult(GstElement* element, SpendTracker& spend, OnFailure on_failure,
                bool report_progress, std::function<void(const JobOutcome&)> changed);

  /// For omni/job: which segment, its times and prompt.
  JobReport report;
  /// The input, for its timestamps and for on-failure=source. Released as early as possible.
  BufferPtr input;
  std::shared_ptr<const ByteRope> reference;
  const OnFailure on_failure;
  SpendLimit limit;

  /// Reports a step before the job.
  void announce(const char* state);
  /// Finishes without a job: a refused plan, or a dry run.
  void finish(JobOutcome outcome);
  bool finished() const;
  bool succeeded() const;
  /// The job's id; empty until the service has assigned one. From any thread.
  std::string task_id() const;
  /// Once, after finished(), or when it can no longer be declared late.
  JobOutcome take_outcome();
  /// The result was delivered completely and is not reused.
  void confirm_delivered();
  /// The deadline has passed, and the result will not be shown. False when it has just finished.
  bool declare_late();

  void job_updated(const JobUpdate& update) override;
  void job_buys() override;
  void job_recorded(std::shared_ptr<Receipt> receipt) override;
  void job_warned(const Error& error) override;
  void job_finished(JobOutcome outcome) override;

 private:
  void publish_outcome(const JobOutcome& outcome, bool late);

  GstElement* element_;
  SpendTracker& spend_;
  std::optional<ProgressReporter> progress_;
  // The network thread's:
  bool begun_ = false;     // a submission may have been sent
  bool reserved_ = false;  // counted against the spend limit
  std::function<void(const JobOutcome&)> changed_;
  mutable std::mutex lock_;  // innermost
  std::optional<JobOutcome> outcome_;
  bool told_ = false;
  bool late_ = false;
  std::string task_id_;
  std::shared_ptr<Receipt> receipt_;
};

}  // namespace omni
