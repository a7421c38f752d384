// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Many jobs at once: bench-flight BASE-URL CLIP.mp4 JOBS. Prints the rise of the memory over an
// idle element in KiB, the share of a core in percent that the process needs while all jobs wait,
// and how many results came out, 0 when they were not in order.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench-support.h"

namespace {

struct Seen {
  int results = 0;
  bool in_order = true;
  GstClockTime last = 0;
};

void take_result(GstElement*, GstBuffer* buffer, GstPad*, gpointer data) {
  auto* seen = static_cast<Seen*>(data);
  seen->in_order = seen->in_order && GST_BUFFER_PTS(buffer) >= seen->last;
  seen->last = GST_BUFFER_PTS(buffer);
  ++seen->results;
}

/// A copy for each job: in a stream no two segments share memory.
void push_clips(GstElement* appsrc, const std::string& clip, int from, int to) {
  for (int i = from; i < to; ++i) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, clip.size(), nullptr);
    gst_buffer_fill(buffer, 0, clip.data(), clip.size());
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(i) * GST_SECOND;
    bench::push(appsrc, buffer);
  }
}

std::string read_clip(const char* path) {
  char* data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(path, &data, &size, nullptr)) bench::die("no clip");
  std::string clip(data, size);
  g_free(data);
  return clip;
}

}  // namespace

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count != 4) bench::die("usage: bench-flight BASE-URL CLIP.mp4 JOBS");
  const std::string clip = read_clip(words[2]);
  const int jobs = std::atoi(words[3]);
  bench::Pipeline pipeline(std::string("appsrc name=src format=time max-bytes=0 "
                                       "caps=video/quicktime ! omniv2v input-mode=buffer "
                                       "prompt=rain reuse=none max-in-flight=") +
                           words[3] + " base-url=" + words[1] +
                           " ! fakesink name=out async=false signal-handoffs=true");
  Seen seen;
  g_signal_connect(pipeline.element("out").get(), "handoff", G_CALLBACK(take_result), &seen);
  const auto source = pipeline.element("src");
  pipeline.set_state(GST_STATE_PLAYING);
  push_clips(source.get(), clip, 0, 1);
  pipeline.wait_for_jobs("done", 1);

  const long idle = bench::process_status("VmRSS");
  bench::forget_peak();
  push_clips(source.get(), clip, 1, jobs + 1);
  pipeline.wait_for_jobs("pending", jobs);
  const double cpu = bench::cpu_seconds(), start = bench::seconds_now();
  pipeline.wait_for_jobs("downloading", 1);
  const double share = (bench::cpu_seconds() - cpu) / (bench::seconds_now() - start);
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(source.get(), "end-of-stream", &flow);
  pipeline.wait_for_eos();
  std::printf("%ld %.2f %d\n", bench::process_status("VmHWM") - idle, 100 * share,
              seen.in_order ? seen.results - 1 : 0);
}
