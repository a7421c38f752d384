// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Cancels blocking work on a GStreamer bus from another thread.
#pragma once

#include <mutex>

#include "media/gst-ptr.h"

namespace omni {

/// Calls off work from another thread, at once. It is used for one piece of work after another, and
/// once interrupted it stays so.
class Interrupt {
 public:
  void interrupt();
  bool is_interrupted() const;

  /// While one lives, interrupt() wakes who waits on this bus. Throws Failure (cancelled).
  class Guard {
   public:
    Guard(Interrupt& interrupt, GstBus* bus);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Interrupt& interrupt_;
  };

 private:
  mutable std::mutex mutex_;
  BusPtr bus_;
  bool interrupted_ = false;
};

}  // namespace omni
