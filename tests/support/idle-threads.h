// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// For tests with threads of GStreamer's, under AddressSanitizer.
#pragma once

#include <glib.h>

namespace omni::test {

#ifdef __SANITIZE_ADDRESS__
/// When a test ends, LeakSanitizer stops all threads to look at them, and now and then crashes at
/// one that is just ending. GLib ends those of its pools that have nothing to do, as behind every
/// pipeline that was stopped; here they stay.
inline const bool idle_threads_stay = [] {
  g_thread_pool_set_max_unused_threads(-1);
  g_thread_pool_set_max_idle_time(0);
  return true;
}();
#endif

}  // namespace omni::test
