// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/coded-track.h"

#include <gst/video/video.h>

#include <algorithm>
#include <numeric>

#include "media/mp4/sample-entry.h"
#include "media/mp4/writer.h"
#include "service/error.h"

namespace omni {

CodedPicture coded_picture(const Coded& coded) {
  GstVideoInfo info;
  const GValue* config = coded.caps ? gst_structure_get_value(
                                          gst_caps_get_structure(coded.caps.get(), 0), "codec_data")
                                    : nullptr;
  if (!config || !coded.raw || !gst_video_info_from_caps(&info, coded.raw.get())) {
    throw Failure(Reason::bad_input, "the reference cannot be decoded: no frame came out");
  }
  const GstVideoColorimetry& colours = info.colorimetry;
  mp4::Colour colour;
  colour.primaries = gst_video_color_primaries_to_iso(colours.primaries);
  colour.transfer = gst_video_transfer_function_to_iso(colours.transfer);
  colour.matrix = gst_video_color_matrix_to_iso(colours.matrix);
  colour.full_range = colours.range == GST_VIDEO_COLOR_RANGE_0_255;
  GstMapInfo map;
  GstBuffer* buffer = gst_value_get_buffer(config);
  gst_buffer_map(buffer, &map, GST_MAP_READ);
  const std::string setup(reinterpret_cast<const char*>(map.data), map.size);
  gst_buffer_unmap(buffer, &map);
  const auto width = static_cast<unsigned>(GST_VIDEO_INFO_WIDTH(&info));
  const auto height = static_cast<unsigned>(GST_VIDEO_INFO_HEIGHT(&info));
  return {mp4::avc_entry(width, height, setup, colour), width, height};
}

std::vector<std::size_t> shown_order(const Coded& coded) {
  std::vector<std::size_t> order(coded.units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return coded.units[a].pts < coded.units[b].pts;
  });
  return order;
}

void place_units(const Coded& coded, const std::vector<ShownFrame>& frames, std::int64_t early,
                 mp4::SampleTrack& track) {
  const std::vector<std::size_t> order = shown_order(coded);
  std::vector<std::int64_t> times(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) times[order[i]] = frames[i].time;
  const std::int64_t first = frames.front().time;
  track.samples.clear();
  for (std::size_t i = 0; i < coded.units.size(); ++i) {
    const CodedUnit& unit = coded.units[i];
    const bool last = i + 1 == frames.size();
    mp4::Sample sample{unit.offset, unit.size, frames[i].duration, 0, 1, unit.sync};
    if (!last) sample.duration = static_cast<std::uint32_t>(frames[i + 1].time - frames[i].time);
    sample.composition = static_cast<std::int32_t>(times[i] - (frames[i].time - first) - early);
    track.samples.push_back(sample);
  }
}

}  // namespace omni
