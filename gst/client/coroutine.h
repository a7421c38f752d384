// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// C++20 coroutines over GLib's main loop: a job awaits its steps, each an Async<T>. Everything here
// runs on the thread that owns the main context, so there are no locks. Waiting is in wait.h.
#pragma once

#include <gio/gio.h>

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "service/glib-ptr.h"

namespace omni {

namespace detail {

/// Resumes the awaiting coroutine without growing the stack.
struct ResumeContinuation {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
    std::coroutine_handle<> next = finished.promise().continuation;
    return next ? next : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;
  std::exception_ptr failure;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  ResumeContinuation final_suspend() const noexcept { return {}; }
  void unhandled_exception() { failure = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() {
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  void return_void() {}
  void take() {
    if (failure) std::rethrow_exception(failure);
  }
};

}  // namespace detail

/// A lazy coroutine with one awaiter. It starts when awaited, and owns its frame. Parameters are
/// taken by value, or must outlive the co_await expression.
template <class T>
class [[nodiscard]] Async {
 public:
  struct promise_type : detail::Promise<T> {
    Async get_return_object() {
      return Async(std::coroutine_handle<promise_type>::from_promise(*this));
    }
  };

  Async(Async&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Async& operator=(Async&&) = delete;
  ~Async() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    frame_.promise().continuation = awaiting;
    return frame_;
  }
  T await_resume() { return frame_.promise().take(); }

 private:
  explicit Async(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    // Nobody awaits a detached step, so it has to catch its own exceptions.
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace detail

/// Runs a step that nobody awaits. `finished` is called when it has ended.
inline detail::Detached run_detached(Async<void> step, std::function<void()> finished) {
  co_await std::move(step);
  finished();
}

/// Awaits one GIO-style call: `start` gets the callback and its data; the await returns the
/// GAsyncResult for the matching _finish function.
template <class Start>
class GioCall {
 public:
  explicit GioCall(Start start) : start_(std::move(start)) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    awaiting_ = awaiting;
    start_(&GioCall::on_ready, static_cast<gpointer>(this));
  }
  ObjectPtr<GAsyncResult> await_resume() { return std::move(result_); }

 private:
  static void on_ready(GObject*, GAsyncResult* result, gpointer data) {
    auto* self = static_cast<GioCall*>(data);
    self->result_ = ObjectPtr<GAsyncResult>::share(result);
    self->awaiting_.resume();
  }
  Start start_;
  std::coroutine_handle<> awaiting_;
  ObjectPtr<GAsyncResult> result_;
};

}  // namespace omni
