// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a stream costs: bench-bin-cost MODE WIDTH HEIGHT RATE SECONDS PATTERN WHERE. Prints the CPU
// seconds of the process for so many seconds of stream. MODE:
//   bin     through omniv2vbin and the service at WHERE
//   live    the same, live
//   encode  encoded as the bin would, into the MP4 WHERE, with one encoder and muxer for all
//   decode  the MP4 WHERE
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench-support.h"
#include "media/encoder.h"
#include "media/gst-ptr.h"
#include "media/segment-encoder.h"

namespace {

constexpr std::uint64_t kLimit = 15'000'000;

struct Task {
  std::string mode;
  bench::Picture picture;
  std::string where;
  bool is_live() const { return mode == "live"; }
};

omni::ElementPtr encoder_for(const bench::Picture& picture) {
  const auto caps = omni::CapsPtr::adopt(gst_caps_from_string(picture.caps().c_str()));
  omni::SegmentLimits limits;
  limits.max_bytes = kLimit;
  limits.longest = 16 * GST_SECOND;  // as in the bin: twice the usual
  const omni::EncodePlan plan = omni::plan_segment(caps.get(), limits, "");
  if (plan.short_side || plan.long_side) bench::die("the bin would make this picture smaller");
  return omni::make_h264_encoder(plan.settings, "");
}

std::string launch_line(const Task& task) {
  if (task.mode == "decode")
    return "filesrc location=" + task.where + " ! qtdemux ! h264parse ! avdec_h264 ! fakesink";
  const std::string live = task.is_live() ? "true" : "false";
  std::string line = "appsrc name=src format=time block=true max-buffers=4 is-live=" + live +
                     " caps=\"" + task.picture.caps() + "\" ! ";
  if (task.mode == "encode")
    return line +
           "identity name=before h264parse name=after ! mp4mux ! filesink location=" + task.where;
  return line + "omniv2vbin name=bin prompt=rain latency=8000000000 base-url=" + task.where +
         " ! fakesink sync=" + live;
}

void play(const Task& task, const bench::Film& film, int frames) {
  const bench::Pipeline pipeline(launch_line(task));
  if (task.mode == "encode") {
    const auto encoder = encoder_for(task.picture);
    gst_bin_add(GST_BIN(pipeline.get()), encoder.get());
    gst_element_link_many(pipeline.element("before").get(), encoder.get(),
                          pipeline.element("after").get(), nullptr);
  }
  pipeline.set_state(GST_STATE_PLAYING);
  if (const auto source = pipeline.element("src")) {
    film.push(source.get(), 0, frames, task.is_live());
    bench::end_stream(source.get());
  }
  pipeline.wait_for_eos();
  const auto bin = pipeline.element("bin");
  if (!bin) return;
  GstStructure* stats = nullptr;
  g_object_get(bin.get(), "stats", &stats, nullptr);
  guint submitted = 0, completed = 0;
  gst_structure_get_uint(stats, "submitted", &submitted);
  gst_structure_get_uint(stats, "completed", &completed);
  if (completed == 0 || completed != submitted) bench::die("not every segment was regenerated");
  gst_structure_free(stats);
}

}  // namespace

int main(int count, char** words) {
  gst_init(&count, &words);
  if (count != 8) bench::die("usage: bench-bin-cost MODE WIDTH HEIGHT RATE SECONDS PATTERN WHERE");
  const Task task{words[1],
                  {std::atoi(words[2]), std::atoi(words[3]), std::atoi(words[4]), words[6]},
                  words[7]};
  const bench::Film film(task.picture);
  // The first one loads libraries.
  play(task, film, task.is_live() ? task.picture.rate : 4 * task.picture.rate);
  const double cpu = bench::cpu_seconds();
  play(task, film, std::atoi(words[5]) * task.picture.rate);
  std::printf("%.3f\n", bench::cpu_seconds() - cpu);
}
