// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The main function of a test of media: a table of tests, with GStreamer.
#pragma once

#include <gst/gst.h>

#include "../unit/check-main.h"

/// With the leaks tracer: all in one process, and what is left over at its end is fatal.
inline int run_media_tests(int argc, char** argv, const char* name,
                           std::initializer_list<TableTest> tests) {
  const bool traced = g_getenv("GST_TRACERS") != nullptr;
  if (traced) g_setenv("CK_FORK", "no", TRUE);
  gst_init(&argc, &argv);
  const int status = run_tests(name, tests);
  if (!traced) return status;
  g_log_set_always_fatal(static_cast<GLogLevelFlags>(G_LOG_FATAL_MASK | G_LOG_LEVEL_WARNING));
  gst_deinit();
  return status;
}
