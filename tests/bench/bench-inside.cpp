// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The time from PLAYING to EOS inside a process that has GStreamer and the plugin loaded already,
// as an application has: bench-inside COUNT OUT "launch line". One number a run, in milliseconds.
// OUT is removed before each.
#include <cstdio>
#include <cstdlib>

#include "bench-support.h"

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count != 4) bench::die("usage: bench-inside COUNT OUT LAUNCH-LINE");
  for (int i = 0; i <= std::atoi(words[1]); ++i) {
    bench::Pipeline pipeline(words[3]);
    std::remove(words[2]);
    const double start = bench::seconds_now();
    pipeline.set_state(GST_STATE_PLAYING);
    pipeline.wait_for_eos();
    // The first one loads libraries.
    if (i > 0) std::printf("%.3f\n", 1000 * (bench::seconds_now() - start));
  }
}
