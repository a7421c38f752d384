// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// How far the memory of a process rises over that of an idle element while one clip is regenerated:
// bench-memory BASE-URL TINY.mp4 CLIP.mp4 [PROPERTIES]. One number, in KiB. The first, tiny job
// makes sure that all libraries are loaded and the network thread has started.
#include <malloc.h>

#include <cstdio>

#include "bench-support.h"

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count < 4 || count > 5)
    bench::die("usage: bench-memory BASE-URL TINY.mp4 CLIP.mp4 [PROPERTIES]");
  bench::Pipeline pipeline(std::string("filesrc name=src ! omniv2v poll-interval=20000000 "
                                       "prompt=rain reuse=none base-url=") +
                           words[1] + " " + (count == 5 ? words[4] : "") + " ! fakesink");
  const auto source = pipeline.element("src");
  g_object_set(source.get(), "location", words[2], nullptr);
  pipeline.set_state(GST_STATE_PLAYING);
  pipeline.wait_for_eos();
  const long idle = bench::process_status("VmRSS");
  pipeline.set_state(GST_STATE_READY);
  g_object_set(source.get(), "location", words[3], nullptr);
  bench::forget_peak();
  pipeline.set_state(GST_STATE_PLAYING);
  pipeline.wait_for_eos();
  std::printf("%ld\n", bench::process_status("VmHWM") - idle);
}
