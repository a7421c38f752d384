// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/encode-chain.h"
#include "media/gst-util.h"

#include <gst/video/video.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace omni {
namespace {

/// The size in square pixels, scaled into the limits; even, as 4:2:0 requires.
struct Frame : PictureSize {
  unsigned crop_right = 0;
  unsigned crop_bottom = 0;
};

Frame plan_frame(const GstVideoInfo& info, const EncodePlan& plan) {
  const auto coded_width = static_cast<double>(GST_VIDEO_INFO_WIDTH(&info));
  const auto coded_height = static_cast<double>(GST_VIDEO_INFO_HEIGHT(&info));
  const double aspect =
      static_cast<double>(GST_VIDEO_INFO_PAR_N(&info)) / std::max(1, GST_VIDEO_INFO_PAR_D(&info));
  const double width = coded_width * std::max(aspect, 1.0);
  const double height = coded_height / std::min(aspect, 1.0);
  double scale = 1.0;
  if (plan.long_side) scale = std::min(scale, plan.long_side / std::max(width, height));
  if (plan.short_side) scale = std::min(scale, plan.short_side / std::min(width, height));
  Frame frame;
  if (scale == 1.0 && aspect == 1.0) {  // dropping one row or column is better than blurring
                                        // everything
    frame.crop_right = GST_VIDEO_INFO_WIDTH(&info) % 2;
    frame.crop_bottom = GST_VIDEO_INFO_HEIGHT(&info) % 2;
    frame.width = static_cast<unsigned>(GST_VIDEO_INFO_WIDTH(&info)) - frame.crop_right;
    frame.height = static_cast<unsigned>(GST_VIDEO_INFO_HEIGHT(&info)) - frame.crop_bottom;
    return frame;
  }
  const auto even = [&](double side) {  // the nearest; rounded down where a limit applies
    const double half = scale < 1.0 ? std::floor(side * scale / 2 + 0.01) : std::round(side / 2);
    return std::max(8u, static_cast<unsigned>(half)) * 2;
  };
  frame.width = even(width);
  frame.height = even(height);
  return frame;
}

/// The source's colorimetry, but not full range: some players ignore the flag. (GStreamer 1.22
/// does not convert between two ranges of one matrix, so the conversion goes through RGB.)
CharPtr encoded_colours(const GstVideoInfo& info) {
  GstVideoColorimetry colours = info.colorimetry;
  if (colours.range == GST_VIDEO_COLOR_RANGE_0_255) colours.range = GST_VIDEO_COLOR_RANGE_16_235;
  return CharPtr(gst_video_colorimetry_to_string(&colours));
}

constexpr std::array kShortSides = {2160u, 1440u, 1080u, 720u, 540u, 360u, 270u, 180u, 144u, 120u};

}  // namespace

double PictureRate::bits_per_pixel(double bits_per_second, unsigned short_side) const {
  const double full = std::min(size.width, size.height);
  const double scale = short_side ? std::min(1.0, short_side / full) : 1.0;
  const double pixels = std::max(1.0, scale * scale * size.width * size.height);
  return bits_per_second / (pixels * frame_rate);
}

unsigned fitting_short_side(const PictureRate& picture, double bits_per_second, unsigned most) {
  const unsigned full = std::min(picture.size.width, picture.size.height);
  if (most >= full && picture.bits_per_pixel(bits_per_second, 0) >= kGoodBitsPerPixel) return 0;
  unsigned least = 0;
  for (const unsigned side : kShortSides) {
    if (side >= full) continue;
    least = side;
    if (side <= most && picture.bits_per_pixel(bits_per_second, side) >= kGoodBitsPerPixel)
      return side;
  }
  return least;
}

PictureSize encoded_size(const GstCaps* raw, const EncodePlan& plan) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, raw)) return {};
  return plan_frame(info, plan);
}

ElementPtr make_caps_filter(const char* caps) {
  ElementPtr filter = make_element("capsfilter", kPluginsBase);
  const auto parsed = CapsPtr::adopt(gst_caps_from_string(caps));
  g_object_set(filter.get(), "caps", parsed.get(), nullptr);
  return filter;
}

EncodeChain::EncodeChain(const EncodePlan& plan)
    : plan_(plan),
      intermediate_(make_element("capsfilter", kPluginsBase)),
      crop_(make_element("videocrop", kPluginsGood)),
      filter_(make_element("capsfilter", kPluginsBase)),
      encoder_(make_h264_encoder(plan.settings, plan.encoder)) {
  const ElementPtr scale = make_element("videoscale", kPluginsBase);
  g_object_set(scale.get(), "add-borders", FALSE, nullptr);
  gst_util_set_object_arg(G_OBJECT(scale.get()), "method", "lanczos");
  // Converted first, because videocrop does not support every format.
  elements_ = {make_element("videoconvert", kPluginsBase),
               intermediate_,
               make_element("videoconvert", kPluginsBase),
               crop_,
               scale,
               filter_,
               encoder_,
               make_element("h264parse", kPluginsBad),
               make_caps_filter("video/x-h264,stream-format=avc,alignment=au")};
}

void EncodeChain::set_input(const GstCaps* raw) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, raw)) return;
  const Frame frame = plan_frame(info, plan_);
  g_object_set(crop_.get(), "right", static_cast<gint>(frame.crop_right), "bottom",
               static_cast<gint>(frame.crop_bottom), nullptr);
  const auto wanted = CapsPtr::adopt(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT,
      static_cast<gint>(frame.width), "height", G_TYPE_INT, static_cast<gint>(frame.height),
      "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr));
  const bool full_range = info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  const auto intermediate = CapsPtr::adopt(
      GST_VIDEO_INFO_IS_YUV(&info) && full_range
          ? gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "GBR_10LE", nullptr)
          : gst_caps_new_any());
  g_object_set(intermediate_.get(), "caps", intermediate.get(), nullptr);
  if (GST_VIDEO_INFO_IS_YUV(&info)) {
    if (const CharPtr colours = encoded_colours(info)) {
      gst_caps_set_simple(wanted.get(), "colorimetry", G_TYPE_STRING, colours.get(), nullptr);
    }
  }
  g_object_set(filter_.get(), "caps", wanted.get(), nullptr);
}

}  // namespace omni
