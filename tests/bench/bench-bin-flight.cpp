// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Many segments of a stream in flight: bench-bin-flight BASE-URL JOBS. Prints how far the memory
// rose over a bin that has one segment behind it, in KiB: while all jobs wait, and at the most
// until then; the share of a core in percent that the process needs while they wait; and how many
// frames came out. The service should finish its first job at once, and no other before all are
// created.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench-support.h"

namespace {

// Noise fills the rate of its encoder, and a small picture takes little time.
constexpr bench::Picture kNoise{320, 180, 25, "snow"};
constexpr int kFramesOfSegment = 8 * kNoise.rate;

void count_frame(GstElement*, GstBuffer*, GstPad*, gpointer count) {
  ++*static_cast<int*>(count);
}

}  // namespace

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count != 3) bench::die("usage: bench-bin-flight BASE-URL JOBS");
  const int jobs = std::atoi(words[2]);
  const bench::Film film(kNoise);
  const bench::Pipeline pipeline(
      "appsrc name=src format=time block=true max-buffers=4 caps=\"" + kNoise.caps() +
      "\" ! omniv2vbin prompt=rain reuse=none base-url=" + words[1] + " max-in-flight=" + words[2] +
      " ! fakesink name=out signal-handoffs=true");
  int frames = 0;
  g_signal_connect(pipeline.element("out").get(), "handoff", G_CALLBACK(count_frame), &frames);
  const auto source = pipeline.element("src");
  pipeline.set_state(GST_STATE_PLAYING);
  // The frame after the first segment cuts it.
  film.push(source.get(), 0, kFramesOfSegment + 1);
  pipeline.wait_for_jobs("done", 1);
  g_usleep(G_USEC_PER_SEC);  // it is shown
  const long idle = bench::process_status("VmRSS");
  bench::forget_peak();
  film.push(source.get(), kFramesOfSegment + 1, (jobs + 1) * kFramesOfSegment);
  bench::end_stream(source.get());
  pipeline.wait_for_jobs("pending", jobs);
  const long waiting = bench::process_status("VmRSS") - idle;
  const long most = bench::process_status("VmHWM") - idle;
  const double cpu = bench::cpu_seconds(), start = bench::seconds_now();
  pipeline.wait_for_jobs("downloading", 1);
  const double share = (bench::cpu_seconds() - cpu) / (bench::seconds_now() - start);
  pipeline.wait_for_eos();
  std::printf("%ld %ld %.2f %d\n", waiting, most, 100 * share, frames);
}
