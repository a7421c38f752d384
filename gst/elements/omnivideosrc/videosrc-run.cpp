// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omnivideosrc/videosrc-run.h"

#include <gst/base/gstbasesrc.h>

#include "elements/common/buffers.h"
#include "elements/common/connection.h"
#include "elements/common/debug.h"
#include "elements/common/messages.h"

#define GST_CAT_DEFAULT omni::video_src_category()

namespace omni {

VideoSrcRun::VideoSrcRun(Host host)
    : host_(std::move(host)),
      errors_from_(std::chrono::steady_clock::now() + kErrorDelay),
      jobs_(host_.element, host_.spend, host_.log) {
  // Nothing is transcoded here, but planning needs a cancellation object.
  const auto cancel = jobs_.transcode_cancel();
  plan_ = plan_job(host_.settings, nullptr, {host_.publish, nullptr, *cancel, host_.log});
  plan_.spec.label = "clip";
  const OnFailure on_failure = host_.settings.on_failure == OnFailure::automatic
                                   ? OnFailure::error
                                   : host_.settings.on_failure;
  pending_ =
      std::make_shared<PendingResult>(host_.element, host_.spend, on_failure, true,
                                      [this](const JobOutcome& outcome) { job_ended(outcome); });
  pending_->report.seconds = plan_.resolved.seconds;
  pending_->report.prompt = plan_.resolved.request.prompt;
  deliveries_.emplace(GST_BASE_SRC_PAD(host_.element));
  jobs_.start(host_.settings);
}

void VideoSrcRun::close() {
  deliveries_.reset();
  jobs_.close();
}

void VideoSrcRun::submit() {
  submitted_ = true;
  try {
    pending_->limit = plan_.spec.spend_limit;
    if (host_.settings.dry_run) {
      host_.spend.plan(pending_->limit, spent_before(host_.settings), plan_.resolved.seconds, 0);
      pending_->report.request = plan_.shown_request();
      return pending_->finish(std::make_shared<const ByteRope>());
    }
    GST_DEBUG_OBJECT(host_.element, "submitting the job: %u s", plan_.resolved.seconds);
    jobs_.client()->submit(std::move(plan_.spec), pending_);
  } catch (const Failure& failure) {
    pending_->finish(failure.error());
  }
}

GstFlowReturn VideoSrcRun::create(BufferPtr& piece, gsize most, guint64 stop) {
  if (!submitted_) submit();
  if (const GstFlowReturn flow = take_result(); flow != GST_FLOW_OK) return flow;
  const auto bytes = result();
  const guint64 end = bytes ? std::min<guint64>(bytes->size(), stop) : 0;
  if (position_ >= end) return finish();
  piece = slice(*bytes, position_, std::min<guint64>(most, end - position_));
  position_ += gst_buffer_get_size(piece.get());
  return GST_FLOW_OK;
}

GstFlowReturn VideoSrcRun::finish() {
  GST_DEBUG_OBJECT(host_.element, "EOS after %" G_GUINT64_FORMAT " bytes", position_);
  post_plan(host_.element, host_.spend.take_planned());
  return GST_FLOW_EOS;
}

/// Everything was output, or downstream has everything it wants; unless the flow is an error.
void VideoSrcRun::ending(GstFlowReturn last_flow) {
  if (submitted_ && !pending_->finished()) return call_off();
  const auto bytes = result();
  const bool all = bytes && position_ >= bytes->size() && last_flow == GST_FLOW_OK;
  if (all || (bytes && last_flow == GST_FLOW_EOS)) deliveries_->hand_over({pending_});
}

/// Its PROGRESS would keep an application waiting that has sent EOS to end.
void VideoSrcRun::call_off() {
  GST_DEBUG_OBJECT(host_.element, "EOS before the result: the job is called off");
  {
    const std::lock_guard lock(lock_);
    called_off_ = true;
  }
  jobs_.cancel_all();
}

/// On the network thread, or in submit().
void VideoSrcRun::job_ended(const JobOutcome& outcome) {
  bool called_off = false;
  {
    const std::lock_guard lock(lock_);
    called_off = called_off_;
    changed_.notify_all();
  }
  const auto* error = std::get_if<Error>(&outcome);
  if (called_off && error && error->reason == Reason::cancelled)
    post_warning(host_.element, *error, "nothing is output: EOS came before the result");
}

/// Waits for the job to end. EOS when there will be no result.
GstFlowReturn VideoSrcRun::take_result() {
  if (!pending_->finished()) GST_DEBUG_OBJECT(host_.element, "waiting for the job");
  {
    std::unique_lock lock(lock_);
    changed_.wait(lock, [&] { return interrupted_ || pending_->finished(); });
    if (interrupted_) return GST_FLOW_FLUSHING;
  }
  if (!taken_) take_outcome();
  return error_ ? tell_error() : GST_FLOW_OK;
}

void VideoSrcRun::take_outcome() {
  taken_ = true;
  JobOutcome outcome = pending_->take_outcome();
  if (const auto* error = std::get_if<Error>(&outcome)) {
    error_ = *error;
    return;
  }
  const std::lock_guard lock(lock_);
  result_ = std::get<std::shared_ptr<const ByteRope>>(std::move(outcome));
}

GstFlowReturn VideoSrcRun::tell_error() {
  if (!wait_until(errors_from_)) return GST_FLOW_FLUSHING;
  const Error error = *std::exchange(error_, std::nullopt);
  if (pending_->on_failure == OnFailure::skip)
    post_warning(host_.element, error, "nothing is output instead");
  else
    post_error(host_.element, error);
  // GST_FLOW_ERROR would make the base class add its own "Internal data stream error".
  return GST_FLOW_EOS;
}

/// False when interrupted.
bool VideoSrcRun::wait_until(std::chrono::steady_clock::time_point when) {
  std::unique_lock lock(lock_);
  return !changed_.wait_until(lock, when, [&] { return interrupted_; });
}

void VideoSrcRun::interrupt() {
  const std::lock_guard lock(lock_);
  interrupted_ = true;
  changed_.notify_all();
}

void VideoSrcRun::resume() {
  const std::lock_guard lock(lock_);
  interrupted_ = false;
}

bool VideoSrcRun::seek(guint64 offset) {
  const auto bytes = result();
  if (!bytes || offset > bytes->size()) return false;
  position_ = offset;
  return true;
}

std::shared_ptr<const ByteRope> VideoSrcRun::result() const {
  const std::lock_guard lock(lock_);
  return result_;
}

ClientStats VideoSrcRun::stats() const {
  return jobs_.stats();
}

}  // namespace omni
