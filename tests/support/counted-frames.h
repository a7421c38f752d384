// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Small raw pictures with a number in them that survives an encoder and a change of size: sixteen
// bars, dark or bright, from the highest bit to the lowest.
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include <cstring>
#include <string>

#include "media/gst-ptr.h"

namespace omni::test {

inline constexpr int kBits = 16;
inline constexpr int kWidth = 320;
inline constexpr int kHeight = 96;
inline constexpr char kCountedCaps[] =
    "video/x-raw,format=I420,width=320,height=96,pixel-aspect-ratio=1/1,"
    "interlace-mode=progressive,colorimetry=bt709,framerate=";

inline BufferPtr counted_frame(unsigned number, GstClockTime pts, GstClockTime duration) {
  constexpr gsize kLuma = kWidth * kHeight;
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, kLuma * 3 / 2, nullptr);
  GstMapInfo map;
  gst_buffer_map(buffer, &map, GST_MAP_WRITE);
  // By bars and rows, not by bytes: tests draw thousands of these, most of them not optimized.
  constexpr int kBar = kWidth / kBits;
  static_assert(kBar * kBits == kWidth);
  for (int bit = 0; bit < kBits; ++bit) {
    const bool bright = number >> (kBits - 1 - bit) & 1;
    std::memset(map.data + bit * kBar, bright ? 200 : 40, kBar);
  }
  for (int row = 1; row < kHeight; ++row) std::memcpy(map.data + row * kWidth, map.data, kWidth);
  std::memset(map.data + kLuma, 128, map.size - kLuma);
  gst_buffer_unmap(buffer, &map);
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = duration;
  return BufferPtr::adopt(buffer);
}

/// Of a picture whose first plane is luma.
inline unsigned number_in(GstBuffer* buffer, const GstCaps* caps) {
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!gst_video_info_from_caps(&info, caps)) return G_MAXUINT;
  if (!gst_video_frame_map(&frame, &info, buffer, GST_MAP_READ)) return G_MAXUINT;
  const int width = GST_VIDEO_FRAME_WIDTH(&frame), height = GST_VIDEO_FRAME_HEIGHT(&frame);
  const auto* luma = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  const guint8* row = luma + height / 2 * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
  unsigned number = 0;
  for (int bit = 0; bit < kBits; ++bit)
    number = number << 1 | (row[(2 * bit + 1) * width / (2 * kBits)] > 120 ? 1 : 0);
  gst_video_frame_unmap(&frame);
  return number;
}

}  // namespace omni::test
