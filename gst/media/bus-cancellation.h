// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Cancels blocking work on a GStreamer bus from another thread.
#pragma once

#include <mutex>

#include "media/gst-ptr.h"

namespace omni {

/// Cancels work from another thread, at once. It can serve several pieces of work in turn; once
/// cancelled, it stays cancelled.
class BusCancellation {
 public:
  void cancel();
  bool cancelled() const;

  /// While a guard exists, cancel() wakes the thread that waits on this bus. The constructor throws
  /// Failure (cancelled).
  class Guard {
   public:
    Guard(BusCancellation& cancellation, GstBus* bus);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    BusCancellation& cancellation_;
  };

 private:
  mutable std::mutex mutex_;
  BusPtr bus_;
  bool cancelled_ = false;
};

}  // namespace omni
