// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One place in the output: a reference on its way through the service, and what became of it.
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
  /// `changed` is called, without a lock held, when the outcome is there: with a copy, since the
  /// outcome itself may be taken by then.
  PendingResult(GstElement* element, SpendTracker& spend, OnFailure on_failure,
                bool report_progress, std::function<void(const JobOutcome&)> changed);

  /// For omni/job: which segment, its times and prompt.
  JobReport report;
  /// What came in, for its timestamps and for on-failure=source. Let go of as early as possible.
  BufferPtr input;
  std::shared_ptr<const ByteRope> reference;
  const OnFailure on_failure;
  SpendLimit limit;

  /// Tells of a step before the job.
  void announce(const char* state);
  /// Ends the pending without a job: a refused plan, or a dry run.
  void finish(JobOutcome outcome);
  bool finished() const;
  bool succeeded() const;
  /// Of the job; empty until the service gave one. From any thread.
  std::string task_id() const;
  /// Once, after finished(), or when it cannot be declared late any more.
  JobOutcome take_outcome();
  /// The result has gone downstream whole: it is not taken up again.
  void confirm_delivered();
  /// Its time is over, and what comes is not shown. False when it has finished in this moment.
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
  bool begun_ = false;     // a create may be on its way
  bool reserved_ = false;  // counted by the spend guard
  std::function<void(const JobOutcome&)> changed_;
  mutable std::mutex lock_;  // innermost
  std::optional<JobOutcome> outcome_;
  bool told_ = false;
  bool late_ = false;
  std::string task_id_;
  std::shared_ptr<Receipt> receipt_;
};

}  // namespace omni
