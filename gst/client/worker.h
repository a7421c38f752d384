// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A thread for blocking work, and a way to await it from a coroutine on the network thread.
#pragma once

#include <gio/gio.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "client/coroutine.h"
#include "service/glib-ptr.h"

namespace omni {

class Worker {
 public:
  using Work = std::function<void()>;
  /// The exception or null of each work, in order.
  using Outcomes = std::vector<std::exception_ptr>;
  /// Runs all the work that is queued; may wrap it, for example in a transaction.
  using Batch = std::function<Outcomes(const std::vector<Work>&)>;

  explicit Worker(std::string thread_name, Batch batch = one_by_one);
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;

  /// May be called from any thread. After stop() the work is dropped.
  void post(Work work, std::function<void(std::exception_ptr)> failed = nullptr);

  /// Awaits the result of the work and rethrows its exceptions. Call it on a thread with a main
  /// context, which must run until the result is there: this cannot be cancelled.
  template <class F>
  Async<std::invoke_result_t<F>> run(F work);

  /// Ends the thread after all queued work. Must not be called from the thread itself.
  void stop();

  static Outcomes one_by_one(const std::vector<Work>& works);

 private:
  struct Task {
    Work work;
    std::function<void(std::exception_ptr)> done;
  };
  /// Suspends a coroutine until its work is done.
  struct Done {
    Worker& worker;
    Work work;
    std::exception_ptr failure = nullptr;
    std::coroutine_handle<> awaiting = nullptr;
    // Orders the two threads for C++ as well; the main context does so, but in C.
    std::atomic<bool> over = false;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() const {
      if (failure) std::rethrow_exception(failure);
    }
    static gboolean resume(gpointer data);
  };
  bool add(Task task);
  void loop();

  const std::string name_;
  const Batch batch_;
  std::mutex lock_;  // innermost: nothing is called under it
  std::condition_variable changed_;
  std::vector<Task> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

template <class F>
Async<std::invoke_result_t<F>> Worker::run(F work) {
  using Result = std::invoke_result_t<F>;
  if constexpr (std::is_void_v<Result>) {
    Done done{*this, [&work] { work(); }};
    co_await done;
  } else {
    std::optional<Result> result;
    Done done{*this, [&work, &result] { result.emplace(work()); }};
    co_await done;
    co_return std::move(*result);
  }
}

}  // namespace omni
