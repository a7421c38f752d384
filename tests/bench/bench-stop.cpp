// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// PLAYING to NULL with jobs on hung sockets: bench-stop BASE-URL CLIP.mp4 JOBS COUNT. A line each
// time: milliseconds, and how many threads there are more than before.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "bench-support.h"

namespace {

GstBuffer* read_clip(const char* path) {
  char* data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents(path, &data, &size, nullptr)) bench::die("no clip");
  return gst_buffer_new_wrapped(data, size);
}

/// How many threads there are more than before.
long threads_left(long before) {
  // A thread that was joined may be listed a moment longer.
  for (int i = 0; i < 50 && bench::process_status("Threads") > before; ++i) g_usleep(10 * 1000);
  return std::max(0L, bench::process_status("Threads") - before);
}

}  // namespace

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count != 5) bench::die("usage: bench-stop BASE-URL CLIP.mp4 JOBS COUNT");
  GstBuffer* clip = read_clip(words[2]);
  const int jobs = std::atoi(words[3]);
  const std::string line = std::string(
                               "appsrc name=src format=time max-bytes=0 "
                               "caps=video/quicktime ! omniv2v input-mode=buffer "
                               "max-in-flight=") +
                           words[3] +
                           " poll-interval=20000000 prompt=rain reuse=none base-url=" + words[1] +
                           " ! fakesink async=false";
  long before = 0;
  for (int i = 0; i <= std::atoi(words[4]); ++i) {
    bench::Pipeline pipeline(line);
    pipeline.set_state(GST_STATE_PLAYING);
    // All jobs share one clip's memory.
    for (int j = 0; j < jobs; ++j)
      bench::push(pipeline.element("src").get(), gst_buffer_copy(clip));
    pipeline.wait_for_jobs("submitting", jobs);
    // By now each is where it hangs.
    g_usleep(2 * G_USEC_PER_SEC);
    const double start = bench::seconds_now();
    pipeline.set_state(GST_STATE_NULL);
    const double took = bench::seconds_now() - start;
    // The first one starts threads that GLib keeps for a while.
    if (i == 0) before = bench::process_status("Threads");
    const long left = threads_left(before);
    if (i > 0) std::printf("%.1f %ld\n", 1000 * took, left);
  }
  gst_buffer_unref(clip);
}
