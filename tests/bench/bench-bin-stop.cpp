// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// PLAYING to NULL of omniv2vbin: bench-bin-stop BASE-URL JOBS COUNT hung|random. A line each time:
// milliseconds, and how many threads there are more than before. hung: with so many jobs on hung
// sockets. random: at any moment within a second and a half after so many jobs are under way, while
// frames go in and come out.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "bench-support.h"

namespace {

constexpr int kSegment = 4;  // s
// Noise, so that a body is more than what a socket swallows.
constexpr bench::Picture kNoise{320, 180, 5, "snow"};
constexpr bench::Picture kSmall{160, 96, 5, "ball"};

/// How many threads there are more than before.
long threads_left(long before) {
  // A thread that was joined may be listed a moment longer.
  for (int i = 0; i < 50 && bench::process_status("Threads") > before; ++i) g_usleep(10 * 1000);
  return std::max(0L, bench::process_status("Threads") - before);
}

double time_of_stop(const bench::Pipeline& pipeline) {
  const double start = bench::seconds_now();
  pipeline.set_state(GST_STATE_NULL);
  return bench::seconds_now() - start;
}

}  // namespace

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count != 5) bench::die("usage: bench-bin-stop BASE-URL JOBS COUNT hung|random");
  const int jobs = std::atoi(words[2]);
  const bool at_random = std::string(words[4]) == "random";
  const bench::Picture& picture = at_random ? kSmall : kNoise;
  const bench::Film film(picture);
  const int frames = kSegment * picture.rate;
  const std::string line = "appsrc name=src format=time block=true max-buffers=4 caps=\"" +
                           picture.caps() +
                           "\" ! omniv2vbin prompt=rain reuse=none segment-duration=4000000000 "
                           "poll-interval=20000000 max-in-flight=" +
                           words[2] + " base-url=" + words[1] + " ! fakesink async=false";
  std::mt19937 random(1);
  std::uniform_int_distribution<gulong> moment(0, G_USEC_PER_SEC * 3 / 2);
  long before = 0;
  for (int i = 0; i <= std::atoi(words[3]); ++i) {
    double took = 0;
    {
      const bench::Pipeline pipeline(line);
      pipeline.set_state(GST_STATE_PLAYING);
      const auto source = pipeline.element("src");
      // Hung, one frame more than the segments, so that all are cut.
      const int last = at_random ? 100'000 : jobs * frames + 1;
      std::thread feeder([&] { film.push(source.get(), 0, last); });
      pipeline.wait_for_jobs("submitting", jobs);
      g_usleep(at_random ? moment(random) : 2 * G_USEC_PER_SEC);
      took = time_of_stop(pipeline);
      feeder.join();
    }
    // The first one starts threads that GLib keeps for a while.
    if (i == 0) before = bench::process_status("Threads");
    const long left = threads_left(before);
    if (i > 0) std::printf("%.1f %ld\n", 1000 * took, left);
  }
}
