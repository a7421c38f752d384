// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/output-queue.h"

#include "elements/common/messages.h"

namespace omni {

void OutputFlow::changed(const QueueLock&) {
  ++changes_;
  condition_.notify_all();
}

void OutputFlow::wait_for_change(guint seen) const {
  QueueLock held = lock();
  wait(held, [&] { return flushing_ || changes_ != seen; });
}

bool OutputFlow::wait_for_change(guint seen, std::chrono::milliseconds at_most) const {
  QueueLock held = lock();
  return condition_.wait_for(held, at_most, [&] { return flushing_ || changes_ != seen; });
}

gboolean OutputFlow::activate() {
  {
    const QueueLock held = lock();
    flushing_ = stopped_;
  }
  errors_from_ = std::chrono::steady_clock::now() + kErrorDelay;
  return gst_pad_start_task(src_, task, this, nullptr);
}

gboolean OutputFlow::deactivate() {
  gst_pad_stop_task(src_);
  // A flush that was under way may have restarted the task; it cannot any more, now that the flag
  // is set.
  return gst_pad_stop_task(src_);
}

void OutputFlow::stop() {
  const QueueLock held = lock();
  stopped_ = true;
  flushing_ = true;
  changed(held);
}

void OutputFlow::begin_flush() {
  const QueueLock held = lock();
  flushing_ = true;
  changed(held);
}

void OutputFlow::end_flush() {
  const QueueLock held = lock();
  flushing_ = stopped_;
}

bool OutputFlow::is_stopped() const {
  const QueueLock held = lock();
  return stopped_;
}

void OutputFlow::end(const QueueLock& lock, GstFlowReturn flow) {
  flow_ = flow;
  changed(lock);
}

void OutputFlow::start_task() {
  if (!is_flushing()) gst_pad_start_task(src_, task, this, nullptr);
}

void OutputFlow::pause_task() {
  gst_pad_pause_task(src_);
}

bool OutputFlow::wait_before_error() const {
  QueueLock held = lock();
  return !condition_.wait_until(held, errors_from_, [&] { return flushing_; });
}

void OutputFlow::task(gpointer self) {
  static_cast<OutputFlow*>(self)->turn_();
}

}  // namespace omni
