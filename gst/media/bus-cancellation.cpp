// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/bus-cancellation.h"

#include "service/error.h"

namespace omni {

void BusCancellation::cancel() {
  BusPtr bus;
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    bus = bus_;
  }
  if (!bus) return;
  // Wakes the thread that waits on this bus; it then checks cancelled().
  GstStructure* nothing = gst_structure_new_empty("omni/interrupt");
  gst_bus_post(bus.get(), gst_message_new_application(nullptr, nothing));
}

bool BusCancellation::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

BusCancellation::Guard::Guard(BusCancellation& cancellation, GstBus* bus)
    : cancellation_(cancellation) {
  const std::lock_guard lock(cancellation.mutex_);
  if (cancellation.cancelled_) {
    throw Failure(Reason::cancelled, "transcoding the reference was interrupted");
  }
  cancellation.bus_ = BusPtr::share(bus);
}

BusCancellation::Guard::~Guard() {
  BusPtr bus;
  const std::lock_guard lock(cancellation_.mutex_);
  std::swap(bus, cancellation_.bus_);
}

}  // namespace omni
