// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/wait.h"

#include <algorithm>

#include "service/error.h"

namespace omni {

namespace {

gboolean dispatch(GSource* source, GSourceFunc callback, gpointer data) {
  g_source_set_ready_time(source, -1);
  return callback ? callback(data) : G_SOURCE_REMOVE;
}

GSourceFuncs timed_source_functions = {nullptr, nullptr, dispatch, nullptr, nullptr, nullptr};

/// A source that fires at `deadline`, or when its ready time is set to 0.
GSource* new_timed_source(Micros deadline, GSourceFunc callback, gpointer data) {
  GSource* source = g_source_new(&timed_source_functions, sizeof(GSource));
  g_source_set_ready_time(source, deadline);
  g_source_set_callback(source, callback, data, nullptr);
  return source;
}

}  // namespace

Cancellation::Link::Link(Cancellation& owner)
    : owner_(owner), cancellable_(ObjectPtr<GCancellable>::adopt(g_cancellable_new())) {
  if (owner_.cancelled_) g_cancellable_cancel(get());
  owner_.links_.push_back(get());
}

Cancellation::Link::~Link() {
  std::erase(owner_.links_, get());
}

void Cancellation::cancel() {
  cancelled_ = true;
  // Cancelling a call may end it at once and remove its link from the list.
  std::vector<ObjectPtr<GCancellable>> held;
  for (GCancellable* link : links_) held.push_back(ObjectPtr<GCancellable>::share(link));
  for (auto& link : held) g_cancellable_cancel(link.get());
}

void Cancellation::check() const {
  if (cancelled_) throw Failure(Reason::cancelled, "stopped");
}

void Event::notify_all() {
  for (GSource* source : waiting_) g_source_set_ready_time(source, 0);
  waiting_.clear();
}

Wait::Wait(Cancellation& cancellation, Micros deadline, Event* event)
    : cancellation_(cancellation), link_(cancellation), deadline_(deadline), event_(event) {
}

Wait::~Wait() {
  forget();
}

void Wait::await_suspend(std::coroutine_handle<> awaiting) {
  awaiting_ = awaiting;
  source_ = SourceHandle(new_timed_source(deadline_, on_wake, this));
  GSource* cancelled = g_cancellable_source_new(link_.get());
  g_source_set_dummy_callback(cancelled);
  g_source_add_child_source(source_.get(), cancelled);
  g_source_unref(cancelled);
  g_source_attach(source_.get(), g_main_context_get_thread_default());
  if (event_) event_->waiting_.push_back(source_.get());
}

gboolean Wait::on_wake(gpointer data) {
  auto* self = static_cast<Wait*>(data);
  self->forget();
  self->awaiting_.resume();
  return G_SOURCE_REMOVE;
}

void Wait::forget() {
  // If the event's list no longer has the source, the event woke it.
  if (source_ && event_) notified_ = std::erase(event_->waiting_, source_.get()) == 0;
  event_ = nullptr;
  source_.reset();
}

bool Wait::await_resume() {
  cancellation_.check();
  return notified_;
}

/// Called for every piece of data, so it only stores the time: setting a source's ready time wakes
/// the main loop, which costs a write and a read. The timer checks the time when it fires.
void Watchdog::restart(Micros duration) {
  if (duration <= 0) return suspend();
  due_ = now() + duration;
  if (armed_until_ != kNever && armed_until_ <= due_) return;
  arm(due_);
}

void Watchdog::arm(Micros when) {
  armed_until_ = when;
  if (!source_) {
    source_ = SourceHandle(new_timed_source(when, on_timeout, this));
    g_source_attach(source_.get(), g_main_context_get_thread_default());
  } else {
    g_source_set_ready_time(source_.get(), when);
  }
}

void Watchdog::suspend() {
  due_ = kNever;
}

gboolean Watchdog::on_timeout(gpointer data) {
  auto* self = static_cast<Watchdog*>(data);
  self->armed_until_ = kNever;
  if (self->due_ == kNever) return G_SOURCE_CONTINUE;
  if (now() < self->due_)
    self->arm(self->due_);
  else
    self->fire_();
  return G_SOURCE_CONTINUE;
}

}  // namespace omni
