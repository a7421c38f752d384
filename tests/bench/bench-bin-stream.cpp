// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A stream through omniv2vbin: bench-bin-stream BASE-URL SEGMENTS PROPERTIES. Small pictures at a
// low rate, in segments of 4 s, so that the jobs are what takes time. Prints the seconds from
// PLAYING to EOS, and how many frames came out.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench-support.h"

namespace {

constexpr bench::Picture kSmall{160, 96, 5, "ball"};
constexpr int kSegment = 4;  // s

void count_frame(GstElement*, GstBuffer*, GstPad*, gpointer count) {
  ++*static_cast<int*>(count);
}

}  // namespace

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count != 4) bench::die("usage: bench-bin-stream BASE-URL SEGMENTS PROPERTIES");
  const bench::Film film(kSmall);
  const bench::Pipeline pipeline(
      "appsrc name=src format=time block=true max-buffers=4 caps=\"" + kSmall.caps() +
      "\" ! omniv2vbin prompt=rain reuse=none segment-duration=4000000000 base-url=" + words[1] +
      " " + words[3] + " ! fakesink name=out signal-handoffs=true");
  int frames = 0;
  g_signal_connect(pipeline.element("out").get(), "handoff", G_CALLBACK(count_frame), &frames);
  const auto source = pipeline.element("src");
  const double start = bench::seconds_now();
  pipeline.set_state(GST_STATE_PLAYING);
  film.push(source.get(), 0, std::atoi(words[2]) * kSegment * kSmall.rate);
  bench::end_stream(source.get());
  pipeline.wait_for_eos();
  std::printf("%.3f %d\n", bench::seconds_now() - start, frames);
}
