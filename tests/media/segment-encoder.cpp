// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// How many frames a reference gets, and when: for a service that goes by their times and for one
// that only counts them. What they show, and the file, is looked at in the tests of omniv2vbin.
#include "media/segment-encoder.h"

#include <cmath>

#include "media/media-main.h"

namespace {

using omni::BufferPtr;
using omni::CapsPtr;
using omni::SegmentEncoder;

constexpr GstClockTime kMs = GST_MSECOND;
const std::string kTwentyFive = "25/1";

struct Step {
  unsigned frames;
  unsigned ms;  // from each to the next one
};

struct Row {
  const char* rate;
  std::vector<Step> steps;
  unsigned length;     // ms
  std::size_t frames;  // in the reference
};

const std::vector<Row> kRows = {
    {"25/1", {{100, 40}}, 4000, 100},
    // Late by less than a frame: none is missing.
    {"25/1", {{10, 40}, {1, 60}, {1, 20}, {88, 40}}, 4000, 100},
    // In the midst: 228 ms more are nearly 6 frames; at the end another is missing.
    {"25/1", {{10, 40}, {1, 268}, {82, 40}}, 4000, 100},
    {"25/1", {{50, 40}, {1, 440}, {39, 40}}, 4000, 100},
    // At the end.
    {"25/1", {{92, 40}}, 4013, 100},
    {"25/1", {{92, 40}}, 5000, 125},
    // A camera that slows down: little is missing each time.
    {"25/1", {{50, 40}, {37, 54}}, 4000, 99},
    // Of no constant rate: only the end counts.
    {"0/1", {{10, 40}, {1, 400}, {10, 40}}, 1200, 21},
    {"1000/1", {{10, 40}, {1, 400}, {10, 40}}, 1200, 21},
    // One picture, and one of which more come than are said to.
    {"25/1", {{1, 40}}, 4000, 100},
    {"5/1", {{20, 40}}, 1000, 20},
};

BufferPtr picture() {
  return BufferPtr::adopt(gst_buffer_new_allocate(nullptr, 64 * 48 * 3 / 2, nullptr));
}

// All of the real ones are at their times, the whole is as long as was asked for, and who counts
// frames finds each within a frame of its place.
START_TEST(frames) {
  const Row& row = kRows[static_cast<std::size_t>(_i)];
  const auto caps = CapsPtr::adopt(gst_caps_from_string(
      (std::string("video/x-raw,format=I420,width=64,height=48,framerate=") + row.rate).c_str()));
  omni::SegmentLimits limits;
  limits.max_bytes = 1'000'000;
  limits.longest = 8 * GST_SECOND;
  SegmentEncoder encoder(caps.get(), omni::plan_segment(caps.get(), limits, {}), 4);
  std::vector<unsigned> real;
  unsigned at = 0;
  for (const Step& step : row.steps) {
    for (unsigned i = 0; i < step.frames; ++i, at += step.ms) {
      encoder.bridge(at * kMs, true);
      ck_assert(encoder.push(picture(), at * kMs));
      real.push_back(at);
    }
  }
  const omni::mp4::SampleTrack track = encoder.complete(row.length * kMs);
  ck_assert_uint_eq(track.samples.size(), row.frames);
  const auto ticks = [&](unsigned ms) { return std::uint64_t{ms} * track.timescale / 1000; };
  std::uint64_t time = 0;
  std::size_t found = 0;
  for (std::size_t place = 0; place < track.samples.size(); ++place) {
    if (found < real.size() && time == ticks(real[found])) {
      const double due = real[found++] / 40.0;
      if (row.rate == kTwentyFive)
        ck_assert_msg(std::abs(due - static_cast<double>(place)) < 1, "%zu: %.2f", place, due);
    }
    ck_assert_uint_gt(track.samples[place].duration, 0);
    time += track.samples[place].duration;
  }
  ck_assert_uint_eq(found, real.size());
  ck_assert_uint_eq(time, ticks(row.length));
}
END_TEST

}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "media-segment-encoder", {{"frames", frames, kRows.size()}});
}
