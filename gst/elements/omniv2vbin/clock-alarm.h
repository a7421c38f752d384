// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Waits for a running time of an element's clock without a thread of its own.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>

#include "service/glib-ptr.h"

namespace omni {

/// The current running time of the element; GST_CLOCK_TIME_NONE without a clock, and while the
/// element is not playing.
GstClockTime running_time_now(GstElement* element);

/// Calls `due` once, on the clock's thread, when the element's clock reaches a running time.
class ClockAlarm {
 public:
  ClockAlarm(GstElement* element, GstClockTime running_time, std::function<void()> due);
  ~ClockAlarm();
  ClockAlarm(const ClockAlarm&) = delete;
  ClockAlarm& operator=(const ClockAlarm&) = delete;

 private:
  GstClockID id_ = nullptr;
};

}  // namespace omni
