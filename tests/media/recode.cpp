// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A track encoded anew, where it ends before its end: when more came out than allowed, and when it
// is called off. What it gives otherwise is looked at in fit.cpp and sound.cpp.
#include "media/recode.h"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "media/bus-cancellation.h"
#include "media/clips.h"
#include "media/media-main.h"
#include "service/error.h"

namespace {

using omni::BusCancellation;
using omni::Coded;
using omni::Failure;

clips::BytesPtr snow() {
  return clips::make(
      "videotestsrc pattern=snow num-buffers=30 ! "
      "video/x-raw,width=160,height=90,framerate=25/1 ! "
      "x264enc threads=1 speed-preset=ultrafast bitrate=2000 ! h264parse ! mp4mux name=mux ! "
      "appsink name=out");
}

omni::VideoRecode plan(std::uint64_t most) {
  omni::VideoRecode plan;
  plan.settings.bits_per_second = 1'000'000;
  plan.settings.keyframe_interval = 50;
  plan.max_bytes = most;
  return plan;
}

/// Threads that only turn, so that others are late.
class Load {
 public:
  Load() {
    for (int i = 0; i < 4; ++i) {
      threads_.emplace_back([this] {
        while (!over_) continue;
      });
    }
  }
  ~Load() {
    over_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  std::atomic<bool> over_ = false;
  std::vector<std::thread> threads_;
};

// The next try is worked out from it, so it must not depend on when the pipeline was stopped.
START_TEST(over) {
  const auto file = snow();
  std::set<std::size_t> sizes;
  const Load load;
  for (int i = 0; i < 5; ++i) {
    BusCancellation interrupt;
    const Coded coded = omni::recode_video(file, plan(40'000), interrupt);
    ck_assert(coded.over);
    ck_assert_uint_gt(coded.media->size(), 40'000);
    sizes.insert(coded.media->size());
  }
  ck_assert_uint_eq(sizes.size(), 1);
}
END_TEST

// Sound of which somebody had enough: nothing more is given.
START_TEST(enough) {
  const auto file = clips::make(
      "audiotestsrc num-buffers=200 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 ! "
      "avenc_aac ! aacparse ! mp4mux name=mux ! appsink name=out");
  const Load load;
  GstAudioInfo format;
  gst_audio_info_set_format(&format, GST_AUDIO_FORMAT_S16LE, 48'000, 2, nullptr);
  for (int i = 0; i < 5; ++i) {
    BusCancellation interrupt;
    int given = 0;
    omni::decode_audio(
        file, format, [&](GstBuffer*, GstClockTime) { return ++given < 5; }, interrupt);
    ck_assert_int_eq(given, 5);
  }
}
END_TEST

// A sweep over the first milliseconds, in steps of 100 us: cancelled or done, nothing waits, and a
// critical of GStreamer's would end the test.
constexpr int kStrides = 10;
START_TEST(called_off) {
  const auto file = snow();
  int cancelled = 0;
  for (int step = _i % kStrides; step < 100; step += kStrides) {
    BusCancellation interrupt;
    std::thread other([&] {
      g_usleep(static_cast<gulong>(step * 100));
      interrupt.cancel();
    });
    try {
      omni::recode_video(file, plan(0), interrupt);
    } catch (const Failure& failure) {
      cancelled += failure.error().reason == omni::Reason::cancelled;
    }
    other.join();
  }
  ck_assert_int_gt(cancelled, 0);
}
END_TEST

}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(
      argc, argv, "media-recode",
      {{"over", over, 4}, {"enough", enough, 4}, {"called off", called_off, kStrides}});
}
