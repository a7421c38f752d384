// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What the jobs of one client share so that together they stay polite: how many run at once, and
// how often one host is asked. One thread, no locks.
#pragma once

#include <algorithm>
#include <list>

#include "client/coroutine.h"
#include "client/wait.h"

namespace omni {

/// Lets at most `limit` jobs in, first come first served.
class InFlightLimit {
 public:
  explicit InFlightLimit(unsigned limit) : limit_(limit) {}

  /// Inside while it lives.
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
  std::list<int> queue_;  // one place for each job that waits
  Event changed_;
};

/// One pacing budget for all requests to the API's host that only look.
class Pacer {
 public:
  /// Waits for this request's turn.
  Async<void> turn(Cancellation& cancellation);
  /// The service asked for a pause: nobody asks before `until`.
  void hold(Micros until) { held_until_ = std::max(held_until_, until); }

 private:
  // 20 polls a second: what 64 jobs need with their polls close together, and no more.
  static constexpr Micros kApart = kSecond / 20;
  // After a while without polls a few may come close together: one job alone is not slowed down.
  static constexpr Micros kBurst = 8 * kApart;
  Micros next_ = 0;  // when the next would come if all were kApart apart
  Micros held_until_ = 0;
};

}  // namespace omni
