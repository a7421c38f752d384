// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/interrupt.h"

#include "service/error.h"

namespace omni {

void Interrupt::interrupt() {
  BusPtr bus;
  {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    bus = bus_;
  }
  if (!bus) return;
  // Whoever waits on this bus wakes up, and asks.
  GstStructure* nothing = gst_structure_new_empty("omni/interrupt");
  gst_bus_post(bus.get(), gst_message_new_application(nullptr, nothing));
}

bool Interrupt::is_interrupted() const {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

Interrupt::Guard::Guard(Interrupt& interrupt, GstBus* bus) : interrupt_(interrupt) {
  const std::lock_guard lock(interrupt.mutex_);
  if (interrupt.interrupted_) {
    throw Failure(Reason::cancelled, "transcoding the reference was interrupted");
  }
  interrupt.bus_ = BusPtr::share(bus);
}

Interrupt::Guard::~Guard() {
  BusPtr bus;
  const std::lock_guard lock(interrupt_.mutex_);
  std::swap(bus, interrupt_.bus_);
}

}  // namespace omni
