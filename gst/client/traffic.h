// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The limits shared by the jobs of one client: how many run at once, and how often one host is
// polled. One thread, no locks.
#pragma once

#include <algorithm>
#include <list>

#include "client/coroutine.h"
#include "client/wait.h"

namespace omni {

/// Admits at most `limit` jobs, first come, first served.
class InFlightLimit {
 public:
  explicit InFlightLimit(unsigned limit) : limit_(limit) {}

  /// The job is counted while this lives.
  class Pass {
   public:
    explicit Pass(InFlightLimit* limiter) : limiter_(limiter) {}
    Pass(Pass&& other) noexcept : limiter_(std::exchange(other.limiter_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (limiter_) limiter_->leave();
    }

   private:
    InFlightLimit* limiter_;
  };

  Async<Pass> enter(Cancellation& cancellation);

 private:
  void leave();
  const unsigned limit_;
  unsigned inside_ = 0;
  std::list<int> queue_;  // one entry for each waiting job
  Event changed_;
};

/// The shared rate limit for all read-only requests to the API's host.
class Pacer {
 public:
  /// Waits for this request's turn.
  Async<void> turn(Cancellation& cancellation);
  /// The service asked for a pause: no request before `until`.
  void hold(Micros until) { held_until_ = std::max(held_until_, until); }

 private:
  // 20 polls a second: enough for 64 jobs whose polls are close together.
  static constexpr Micros kApart = kSecond / 20;
  // After a time without polls a few may be close together, so that a single job is not slowed
  // down.
  static constexpr Micros kBurst = 8 * kApart;
  Micros next_ = 0;  // when the next request would follow if all were kApart apart
  Micros held_until_ = 0;
};

}  // namespace omni
