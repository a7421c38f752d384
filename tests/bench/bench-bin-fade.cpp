// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a fade costs: bench-bin-fade FORMAT WIDTH HEIGHT. Prints, for one frame on one core, the
// CPU milliseconds of mixing two pictures, and those of copying one.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "bench-support.h"
#include "media/cross-fade.h"

namespace {

constexpr int kFrames = 100;

double cpu_ms() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

omni::ClipFrame picture(const GstVideoInfo& info, guint8 level) {
  auto buffer = omni::BufferPtr::adopt(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  gst_buffer_memset(buffer.get(), 0, level, info.size);
  return {buffer, omni::CapsPtr::adopt(gst_video_info_to_caps(&info)), 0};
}

}  // namespace

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count != 4) bench::die("usage: bench-bin-fade FORMAT WIDTH HEIGHT");
  GstVideoInfo info;
  gst_video_info_set_format(&info, gst_video_format_from_string(words[1]),
                            static_cast<guint>(std::atoi(words[2])),
                            static_cast<guint>(std::atoi(words[3])));
  const omni::ClipFrame from = picture(info, 40), to = picture(info, 200);
  omni::CrossFade fade;
  if (!fade.mix(from, to, 0.5)) bench::die("this format cannot be mixed");
  double began = cpu_ms();
  for (int i = 0; i < kFrames; ++i) fade.mix(from, to, static_cast<double>(i) / kFrames);
  const double mixing = cpu_ms() - began;
  began = cpu_ms();
  for (int i = 0; i < kFrames; ++i) omni::BufferPtr::adopt(gst_buffer_copy_deep(to.picture.get()));
  const double copying = cpu_ms() - began;
  std::printf("%.3f %.3f\n", mixing / kFrames, copying / kFrames);
}
