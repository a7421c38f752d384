// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/traffic.h"

namespace omni {

namespace {

/// A place in the queue, given up on every exit path.
class Ticket {
 public:
  Ticket(std::list<int>& queue, Event& changed)
      : queue_(queue), changed_(changed), place_(queue.insert(queue.end(), 0)) {}
  ~Ticket() {
    queue_.erase(place_);
    changed_.notify_all();
  }
  Ticket(const Ticket&) = delete;
  bool first() const { return place_ == queue_.begin(); }

 private:
  std::list<int>& queue_;
  Event& changed_;
  std::list<int>::iterator place_;
};

}  // namespace

Async<InFlightLimit::Pass> InFlightLimit::enter(Cancellation& cancellation) {
  const Ticket ticket(queue_, changed_);
  while (!ticket.first() || inside_ >= limit_) co_await Wait(cancellation, kNever, &changed_);
  ++inside_;
  co_return Pass(this);
}

void InFlightLimit::leave() {
  --inside_;
  changed_.notify_all();
}

Async<void> Pacer::turn(Cancellation& cancellation) {
  const Micros mine = std::max({next_ - kBurst, held_until_, now()});
  next_ = std::max(next_, mine) + kApart;
  if (mine > now()) co_await Wait(cancellation, mine);
}

}  // namespace omni
