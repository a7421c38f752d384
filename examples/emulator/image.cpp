// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "image.h"

#include <gst/gst.h>

#include <cstring>
#include <stdexcept>

#include "media/libav.h"
#include "service/glib-ptr.h"

namespace emu {
namespace {

using ElementPtr = omni::RefPtr<GstElement, &gst_object_ref, &gst_object_unref>;

constexpr GstClockTime kPatience = 20 * GST_SECOND;
constexpr unsigned kMaxSide = 16384;

void unref_sample(GstSample* sample) {
  gst_sample_unref(sample);
}
GstSample* ref_sample(GstSample* sample) {
  return gst_sample_ref(sample);
}
using SamplePtr = omni::RefPtr<GstSample, &ref_sample, &unref_sample>;

struct ToNull {
  GstElement* pipeline;
  ~ToNull() { gst_element_set_state(pipeline, GST_STATE_NULL); }
};

/// The first frame of the file, after `tail`.
SamplePtr decode(const std::string& path, const std::string& tail) {
  const std::string text = "filesrc name=in ! decodebin ! videoconvert " + tail +
                           " ! fakesink name=out num-buffers=1 sync=false";
  GError* raw = nullptr;
  GstElement* parsed =
      gst_parse_launch_full(text.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &raw);
  const omni::ErrorPtr error(raw);
  if (!parsed) throw std::runtime_error(error->message);
  gst_object_ref_sink(parsed);
  const auto pipeline = ElementPtr::adopt(parsed);
  omni::copy_decoded_frames(parsed);
  const ToNull stop{pipeline.get()};
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "in"));
  const auto out = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "out"));
  g_object_set(in.get(), "location", path.c_str(), nullptr);
  gst_element_set_state(parsed, GST_STATE_PLAYING);
  const auto bus =
      omni::RefPtr<GstBus, &gst_object_ref, &gst_object_unref>::adopt(gst_element_get_bus(parsed));
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus.get(), kPatience, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  if (!message) throw std::runtime_error("decoding it took too long");
  const bool failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
  gst_message_unref(message);
  if (failed) throw std::runtime_error("it is not an image that this computer can decode");
  GstSample* sample = nullptr;
  g_object_get(out.get(), "last-sample", &sample, nullptr);
  if (!sample) throw std::runtime_error("it contains no image");
  return SamplePtr::adopt(sample);
}

ImageSize size_of(GstSample* sample) {
  const GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
  int width = 0, height = 0;
  gst_structure_get_int(caps, "width", &width);
  gst_structure_get_int(caps, "height", &height);
  return {static_cast<unsigned>(width), static_cast<unsigned>(height)};
}

/// Row strides are rounded up to a multiple of 4, as in GStreamer's video frames.
void copy_plane(std::vector<std::uint8_t>& to, const std::uint8_t* from, unsigned width,
                unsigned height) {
  const std::size_t stride = (width + 3U) & ~3U;
  to.resize(std::size_t{width} * height);
  for (unsigned y = 0; y < height; ++y) {
    std::memcpy(to.data() + std::size_t{y} * width, from + y * stride, width);
  }
}

}  // namespace

ImageSize image_size(const std::string& path) {
  const SamplePtr sample = decode(path, "! videoflip video-direction=auto ! video/x-raw");
  const ImageSize size = size_of(sample.get());
  if (size.width < 2 || size.height < 2 || size.width > kMaxSide || size.height > kMaxSide) {
    throw std::runtime_error("its size is " + std::to_string(size.width) + "x" +
                             std::to_string(size.height));
  }
  return size;
}

Picture load_picture(const std::string& path, unsigned width, unsigned height) {
  const SamplePtr sample = decode(
      path,
      "! videoflip video-direction=auto ! videoscale add-borders=false method=lanczos "
      "! videoconvert ! video/x-raw,format=I420,colorimetry=bt709,pixel-aspect-ratio=1/1,width=" +
          std::to_string(width) + ",height=" + std::to_string(height));
  Picture picture{.width = width, .height = height, .planes = {}};
  GstMapInfo map;
  GstBuffer* buffer = gst_sample_get_buffer(sample.get());
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) throw std::runtime_error("out of memory");
  const std::size_t luma = ((width + 3U) & ~3U) * std::size_t{height};
  const std::size_t chroma = ((width / 2 + 3U) & ~3U) * std::size_t{height / 2};
  const bool whole = map.size >= luma + 2 * chroma;
  if (whole) {
    copy_plane(picture.planes[0], map.data, width, height);
    copy_plane(picture.planes[1], map.data + luma, width / 2, height / 2);
    copy_plane(picture.planes[2], map.data + luma + chroma, width / 2, height / 2);
  }
  gst_buffer_unmap(buffer, &map);
  if (!whole) throw std::runtime_error("its frame is too small");
  return picture;
}

}  // namespace emu
