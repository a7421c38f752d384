// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/messages.h"

#include <cmath>

#include "media/gst-ptr.h"

namespace omni {

namespace {

struct Domain {
  GQuark quark;
  gint code;
};

Domain domain_of(Reason reason) {
  switch (reason) {
    case Reason::unauthorized:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED};
    case Reason::payment_required:
    case Reason::budget:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT};
    case Reason::rate_limited:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY};
    case Reason::invalid_request:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS};
    case Reason::timed_out:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ};
    case Reason::unreachable:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE};
    case Reason::too_large:
    case Reason::bad_input:
      return {GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE};
    case Reason::bad_result:
      return {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT};
    case Reason::moderated:
    case Reason::service_error:
    case Reason::unknown_outcome:
    case Reason::cancelled:
      break;
  }
  return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED};
}

void post(GstElement* element, GstMessageType type, const Error& error, const std::string& text) {
  GstStructure* details =
      gst_structure_new("details", "reason", G_TYPE_STRING, reason_word(error.reason),
                        "http-status-code", G_TYPE_UINT, static_cast<guint>(error.http_status),
                        "task-id", G_TYPE_STRING, error.task_id.c_str(), nullptr);
  const Domain domain = domain_of(error.reason);
  std::string debug = std::string("reason=") + reason_word(error.reason);
  if (error.http_status) debug += " http-status=" + std::to_string(error.http_status);
  if (!error.task_id.empty()) debug += " task-id=" + error.task_id;
  gst_element_message_full_with_details(element, type, domain.quark, domain.code,
                                        g_strdup(text.c_str()), g_strdup(debug.c_str()), __FILE__,
                                        GST_FUNCTION, __LINE__, details);
}

std::string user_text(const Error& error) {
  return std::string(reason_word(error.reason)) + ": " + error.message;
}

const char* phase_code(int phase) {
  static const char* const kCodes[] = {"", "submit", "generate", "download"};
  return kCodes[phase];
}

}  // namespace

const char* state_word(JobState state) {
  switch (state) {
    case JobState::waiting:
      return "waiting";
    case JobState::publishing:
      return "publishing";
    case JobState::submitting:
      return "submitting";
    case JobState::pending:
      return "pending";
    case JobState::running:
      return "running";
    case JobState::downloading:
      return "downloading";
  }
  return "";
}

void post_job(GstElement* element, const JobReport& report) {
  GstStructure* job = gst_structure_new(
      "omni/job", "segment", G_TYPE_UINT, report.segment, "state", G_TYPE_STRING, report.state,
      "task-id", G_TYPE_STRING, report.task_id.c_str(), "running-time", G_TYPE_UINT64,
      report.running_time, "duration", G_TYPE_UINT64, report.duration, "seconds", G_TYPE_UINT,
      report.seconds, "prompt", G_TYPE_STRING, report.prompt.c_str(), "reused", G_TYPE_BOOLEAN,
      static_cast<gboolean>(report.reused), nullptr);
  if (!report.ledger_id.empty())
    gst_structure_set(job, "ledger-id", G_TYPE_STRING, report.ledger_id.c_str(), nullptr);
  if (report.progress) gst_structure_set(job, "progress", G_TYPE_DOUBLE, *report.progress, nullptr);
  if (g_str_equal(report.state, "failed") || g_str_equal(report.state, "cancelled"))
    gst_structure_set(job, "reason", G_TYPE_STRING, reason_word(report.error.reason), "message",
                      G_TYPE_STRING, report.error.message.c_str(), "http-status", G_TYPE_UINT,
                      static_cast<guint>(report.error.http_status), nullptr);
  if (!report.request.empty())
    gst_structure_set(job, "request", G_TYPE_STRING, report.request.c_str(), nullptr);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), job));
}

void post_plan(GstElement* element, const PlannedSum& sum) {
  if (sum.spent.jobs == 0) return;
  GstStructure* plan = gst_structure_new("omni/plan", "jobs", G_TYPE_UINT, sum.spent.jobs,
                                         "seconds", G_TYPE_UINT, sum.spent.seconds, "bytes",
                                         G_TYPE_UINT64, static_cast<guint64>(sum.bytes), nullptr);
  gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), plan));
}

void post_error(GstElement* element, const Error& error) {
  post(element, GST_MESSAGE_ERROR, error, user_text(error));
}

void post_warning(GstElement* element, const Error& error, const char* what_instead) {
  post(element, GST_MESSAGE_WARNING, error, user_text(error) + " (" + what_instead + ")");
}

GstStructure* stats_structure(const ClientStats& stats) {
  const auto ns = [](Micros time) { return static_cast<guint64>(time) * 1000; };
  return gst_structure_new(
      "omni/stats", "submitted", G_TYPE_UINT, stats.jobs.submitted, "completed", G_TYPE_UINT,
      stats.jobs.completed, "failed", G_TYPE_UINT, stats.jobs.failed, "reused", G_TYPE_UINT,
      stats.jobs.reused, "retried", G_TYPE_UINT, stats.jobs.retried, "in-flight", G_TYPE_UINT,
      stats.jobs.in_flight, "jobs-paid", G_TYPE_UINT, stats.jobs.jobs_paid, "seconds-paid",
      G_TYPE_UINT, stats.jobs.seconds_paid, "bytes-up", G_TYPE_UINT64, stats.bytes_up, "bytes-down",
      G_TYPE_UINT64, stats.bytes_down, "service-time-p50", G_TYPE_UINT64,
      ns(stats.service_time_p50), "service-time-p90", G_TYPE_UINT64, ns(stats.service_time_p90),
      "service-time-max", G_TYPE_UINT64, ns(stats.service_time_max), nullptr);
}

void ProgressReporter::post(GstProgressType type, const std::string& text) {
  gst_element_post_message(
      element_, gst_message_new_progress(GST_OBJECT(element_), type,
                                         phase_code(static_cast<int>(phase_)), text.c_str()));
}

void ProgressReporter::enter(Phase phase) {
  static const char* const kDone[] = {"", "job submitted", "clip generated", "result downloaded"};
  static const char* const kStart[] = {"", "submitting the job", "waiting for the service",
                                       "downloading the result"};
  if (phase == phase_) return;
  if (phase_ != Phase::none) post(GST_PROGRESS_TYPE_COMPLETE, kDone[static_cast<int>(phase_)]);
  phase_ = phase;
  if (phase_ != Phase::none) post(GST_PROGRESS_TYPE_START, kStart[static_cast<int>(phase_)]);
}

void ProgressReporter::updated(const JobUpdate& update) {
  switch (update.state) {
    case JobState::waiting:
      return;
    case JobState::publishing:  // part of submitting for the application
    case JobState::submitting:
      return enter(Phase::submit);
    case JobState::pending:
    case JobState::running:
      enter(Phase::generate);
      if (update.progress)
        post(GST_PROGRESS_TYPE_CONTINUE,
             "generating: " + std::to_string(std::lround(*update.progress)) + " %");
      return;
    case JobState::downloading:
      return enter(Phase::download);
  }
}

void ProgressReporter::finished(const JobOutcome& outcome) {
  const auto* error = std::get_if<Error>(&outcome);
  if (!error) return enter(Phase::none);
  if (phase_ == Phase::none) return;
  post(error->reason == Reason::cancelled ? GST_PROGRESS_TYPE_CANCELED : GST_PROGRESS_TYPE_ERROR,
       user_text(*error));
  phase_ = Phase::none;
}

}  // namespace omni
