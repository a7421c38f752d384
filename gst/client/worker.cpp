// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/worker.h"

#include <pthread.h>

#include "service/error.h"

namespace omni {

Worker::Worker(std::string thread_name, Batch batch)
    : name_(std::move(thread_name)), batch_(std::move(batch)), thread_([this] { loop(); }) {
}

void Worker::stop() {
  {
    const std::lock_guard lock(lock_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Worker::add(Task task) {
  const std::lock_guard lock(lock_);
  if (stopping_) return false;
  tasks_.push_back(std::move(task));
  changed_.notify_all();
  return true;
}

void Worker::post(Work work, std::function<void(std::exception_ptr)> failed) {
  add({std::move(work), [failed = std::move(failed)](std::exception_ptr failure) {
         if (failure && failed) failed(failure);
       }});
}

void Worker::loop() {
  pthread_setname_np(pthread_self(), name_.c_str());
  for (;;) {
    std::vector<Task> tasks;
    {
      std::unique_lock lock(lock_);
      changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      tasks.swap(tasks_);
    }
    std::vector<Work> works;
    for (Task& task : tasks) works.push_back(std::move(task.work));
    Outcomes outcomes = batch_(works);
    // Destroy the captures before the waiting threads are notified.
    works.clear();
    for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i].done(std::move(outcomes[i]));
  }
}

Worker::Outcomes Worker::one_by_one(const std::vector<Work>& works) {
  Outcomes outcomes;
  for (const Work& work : works) {
    outcomes.emplace_back();
    try {
      work();
    } catch (...) {
      outcomes.back() = std::current_exception();
    }
  }
  return outcomes;
}

void Worker::Done::await_suspend(std::coroutine_handle<> handle) {
  awaiting = handle;
  const auto context = MainContextPtr::adopt(g_main_context_ref_thread_default());
  const auto wake = [this, context](std::exception_ptr outcome) {
    failure = std::move(outcome);
    over.store(true, std::memory_order_release);
    GSource* source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, resume, this, nullptr);
    g_source_attach(source, context.get());
    g_source_unref(source);
  };
  if (!worker.add({std::move(work), wake}))
    wake(std::make_exception_ptr(Failure(Reason::cancelled, "stopped")));
}

gboolean Worker::Done::resume(gpointer data) {
  auto* self = static_cast<Done*>(data);
  static_cast<void>(self->over.load(std::memory_order_acquire));
  self->awaiting.resume();
  return G_SOURCE_REMOVE;
}

}  // namespace omni
