// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What an element reports to the application about its jobs: omni/job, PROGRESS, errors and
// warnings. Called with no lock held.
#pragma once

#include <gst/gst.h>

#include <chrono>
#include <optional>
#include <string>

#include "client/client.h"
#include "elements/common/spend-tracker.h"
#include "service/error.h"

namespace omni {

/// One state change of one job, as posted in omni/job. Unknown times are GST_CLOCK_TIME_NONE.
struct JobReport {
  guint segment = 0;
  const char* state = "";  // fitting, waiting, publishing, submitting, pending, running,
                           // downloading, done, late, failed, cancelled, planned
  std::string task_id;
  std::optional<double> progress;
  GstClockTime running_time = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  std::string prompt;
  Error error;          // states failed, cancelled
  std::string request;  // state planned: the body without the reference's bytes
  guint seconds = 0;    // what is or would be billed, s
  bool reused = false;  // paid in an earlier run
  std::string ledger_id;
};

void post_job(GstElement* element, const JobReport& report);

/// The end of a dry run: omni/plan with what it would have bought. Does nothing for an empty plan.
void post_plan(GstElement* element, const PlannedSum& sum);

/// gst-launch-1.0 hangs when an error is posted before its main loop runs: it quits a loop that has
/// not started, and the failed pipeline never reaches PAUSED. So immediate errors, such as a
/// missing key, are delayed until the application has surely returned from its state change.
inline constexpr auto kErrorDelay = std::chrono::milliseconds(200);

void post_error(GstElement* element, const Error& error);
void post_warning(GstElement* element, const Error& error, const char* what_instead);

const char* state_word(JobState state);

GstStructure* stats_structure(const ClientStats& stats);

/// Posts PROGRESS for one job at a time: messages are paired and never overlap, because gst-launch
/// tracks only one operation.
class ProgressReporter {
 public:
  explicit ProgressReporter(GstElement* element) : element_(element) {}
  void updated(const JobUpdate& update);
  void finished(const JobOutcome& outcome);

 private:
  enum class Phase { none, submit, generate, download };
  void enter(Phase phase);
  void post(GstProgressType type, const std::string& text);

  GstElement* element_;
  Phase phase_ = Phase::none;
};

}  // namespace omni
