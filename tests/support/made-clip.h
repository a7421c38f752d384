// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Files of numbered pictures (counted-frames.h), made by GStreamer while a test runs.
#pragma once

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <string>

#include "support/counted-frames.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

/// Which pictures a clip shows.
struct MadeOf {
  unsigned first = 0;
  unsigned count = 0;
  unsigned step = 1;   // 0: always the same
  unsigned rate = 25;  // a second
};

/// What comes out of `line`, after these pictures went into its `appsrc name=in`, if it has one.
inline std::string made_by(const std::string& line, const MadeOf& pictures = {}) {
  GError* error = nullptr;
  const std::string whole = line + " ! appsink name=out sync=false";
  const auto pipeline = ElementPtr::adopt(gst_parse_launch(whole.c_str(), &error));
  ck_assert_msg(error == nullptr, "%s: %s", whole.c_str(), error ? error->message : "");
  const auto sink = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  const GstClockTime length = GST_SECOND / pictures.rate;
  for (unsigned i = 0; i < pictures.count; ++i)
    gst_app_src_push_buffer(
        GST_APP_SRC(in.get()),
        counted_frame(pictures.first + i * pictures.step, i * length, length).release());
  if (in) gst_app_src_end_of_stream(GST_APP_SRC(in.get()));
  std::string all;
  while (const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(GST_APP_SINK(sink.get())))) {
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    const std::size_t before = all.size();
    all.resize(before + gst_buffer_get_size(buffer));
    gst_buffer_extract(buffer, 0, all.data() + before, all.size() - before);
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  ck_assert_msg(!all.empty(), "%s: gave nothing", whole.c_str());
  return all;
}

/// An MP4 of these pictures.
inline std::string made_clip(const MadeOf& pictures) {
  return made_by(std::string("appsrc name=in format=time caps=\"") + kCountedCaps +
                     std::to_string(pictures.rate) +
                     "/1\" ! x264enc threads=1 ! h264parse ! mp4mux",
                 pictures);
}

}  // namespace omni::test
