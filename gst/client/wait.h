// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Waiting on the network thread, for a time, an event, or both; and cancellation. Everything here
// belongs to one thread, so there are no locks.
#pragma once

#include <gio/gio.h>

#include <coroutine>
#include <cstdint>
#include <vector>

#include "client/coroutine.h"
#include "service/glib-ptr.h"

namespace omni {

/// Monotonic time in µs.
using Micros = std::int64_t;
inline constexpr Micros kSecond = G_USEC_PER_SEC;
inline constexpr Micros kNever = -1;

/// Cancels everything that one job has in progress. Each blocking step has a Link of its own, so
/// that it can also be cancelled alone (an idle timeout) without cancelling the job.
/// BusCancellation is the counterpart for pipelines.
class Cancellation {
 public:
  class Link {
   public:
    explicit Link(Cancellation& owner);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    GCancellable* get() const { return cancellable_.get(); }
    void cancel() { g_cancellable_cancel(get()); }

   private:
    Cancellation& owner_;
    ObjectPtr<GCancellable> cancellable_;
  };

  void cancel();
  bool cancelled() const { return cancelled_; }
  /// Throws Failure(cancelled) once cancel() was called.
  void check() const;

 private:
  bool cancelled_ = false;
  std::vector<GCancellable*> links_;
};

/// An event that others wait for; it outlives them. notify_all() wakes all current waiters in the
/// order of their arrival.
class Event {
 public:
  void notify_all();

 private:
  friend class Wait;
  std::vector<GSource*> waiting_;
};

/// co_await Wait(...): until `deadline` (kNever: no deadline) or until `event` is notified,
/// whichever comes first. Throws Failure(cancelled) when the job is cancelled. Returns true when
/// woken by the event.
class Wait {
 public:
  Wait(Cancellation& cancellation, Micros deadline, Event* event = nullptr);
  ~Wait();
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  bool await_ready() const { return cancellation_.cancelled(); }
  void await_suspend(std::coroutine_handle<> awaiting);
  bool await_resume();

 private:
  static gboolean on_wake(gpointer self);
  void forget();

  Cancellation& cancellation_;
  Cancellation::Link link_;
  Micros deadline_;
  Event* event_;
  bool notified_ = false;
  SourceHandle source_;
  std::coroutine_handle<> awaiting_;
};

inline Micros now() {
  return g_get_monotonic_time();
}

/// co_await sleep(...): waits for a time.
inline Wait sleep(Cancellation& cancellation, Micros duration) {
  return Wait(cancellation, now() + duration);
}

/// A timer on the thread's context: calls `fire` if restart() was not called for `duration`.
class Watchdog {
 public:
  explicit Watchdog(std::function<void()> fire) : fire_(std::move(fire)) {}
  void restart(Micros duration);
  void suspend();

 private:
  static gboolean on_timeout(gpointer self);
  void arm(Micros when);
  std::function<void()> fire_;
  Micros due_ = kNever;          // kNever = suspended
  Micros armed_until_ = kNever;  // when the source fires; kNever = never
  SourceHandle source_;
};

}  // namespace omni
