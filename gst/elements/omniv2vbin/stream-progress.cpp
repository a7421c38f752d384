// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/stream-progress.h"

#include <string>

#include "elements/common/debug.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

namespace omni {

namespace {

constexpr const char* kCode = "generate";

}  // namespace

StreamProgress::StreamProgress(const BinHost& host, const BinQueue& queue,
                               const Deadlines& deadlines)
    : host_(host), queue_(queue), deadlines_(deadlines) {
}

unsigned StreamProgress::running(const QueueLock& lock, const Segment* except) const {
  return queue_.count_if(lock, [&](const BinQueue::Item& item) {
    if (!item.work || item.work.get() == except) return false;
    const Segment::Shared& shared = item.work->shared.of(lock);
    return shared.submitted && !shared.late && !item.work->pending->finished();
  });
}

void StreamProgress::post_progress(GstProgressType type, const char* text) const {
  gst_element_post_message(host_.element,
                           gst_message_new_progress(GST_OBJECT(host_.element), type, kCode, text));
}

/// Output may begin, or the run may end, while START is being posted. Then it is closed here, since
/// the other thread has not seen it open.
void StreamProgress::submitting() {
  Phase phase = Phase::waiting;
  if (!deadlines_.is_live() && phase_.compare_exchange_strong(phase, Phase::starting)) {
    post_progress(GST_PROGRESS_TYPE_START, "waiting for the first segment");
    phase = Phase::starting;
    if (!phase_.compare_exchange_strong(phase, Phase::open))
      post_progress(closed_as_, "output has begun, or has ended");
  }
}

void StreamProgress::withdrawn() {
  close(GST_PROGRESS_TYPE_CANCELED, "flushed or stopped");
  phase_ = Phase::waiting;
}

void StreamProgress::close(GstProgressType type, const char* text) {
  closed_as_ = type;
  if (phase_.exchange(Phase::done) == Phase::open) post_progress(type, text);
}

void StreamProgress::played_out(GstClockTime position) {
  ++done_;
  position_ = position;
  post();
}

void StreamProgress::cancel() {
  withdrawn();
  done_ = 0;
  total_ = 0;
  position_ = GST_CLOCK_TIME_NONE;
}

void StreamProgress::post() {
  const guint done = done_, total = total_;
  const GstClockTime position = position_;
  unsigned jobs = 0;
  {
    const QueueLock lock = queue_.lock();
    jobs = running(lock);
  }
  const std::string all = total ? std::to_string(total) : "an unknown number of";
  GST_INFO_OBJECT(host_.element, "%u of %s segments done, %u running, output at %" GST_TIME_FORMAT,
                  done, all.c_str(), jobs,
                  GST_TIME_ARGS(GST_CLOCK_TIME_IS_VALID(position) ? position : 0));
  GstStructure* progress = gst_structure_new(
      "omni/progress", "segments-done", G_TYPE_UINT, done, "segments-running", G_TYPE_UINT, jobs,
      "segments-total", G_TYPE_UINT, total, "position", G_TYPE_UINT64, position, nullptr);
  gst_element_post_message(host_.element,
                           gst_message_new_element(GST_OBJECT(host_.element), progress));
}

}  // namespace omni
