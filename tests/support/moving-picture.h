// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Pictures that move, each with its number burnt in: sixteen bars, dark or bright, in the upper
// quarter, as in counted-frames.h; below them a pattern that moves on and a ball that jumps. A
// picture is a function of its number, so that what comes back can be compared with what it should
// be without anything having been kept.
#pragma once

#include <gst/video/video.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <vector>

namespace omni::test {

inline constexpr int kPictureBits = 16;
// Of all pictures. A service that takes the colours away shows by grey that it was at work.
inline constexpr guint8 kBlue = 96, kRed = 160;

/// A GstVideoFrame that is unmapped again.
class MappedPicture {
 public:
  MappedPicture(GstBuffer* buffer, const GstCaps* caps, GstMapFlags flags) {
    GstVideoInfo info;
    mapped_ = caps && gst_video_info_from_caps(&info, caps) &&
              gst_video_frame_map(&frame_, &info, buffer, flags);
  }
  ~MappedPicture() {
    if (mapped_) gst_video_frame_unmap(&frame_);
  }
  MappedPicture(const MappedPicture&) = delete;

  explicit operator bool() const { return mapped_; }
  int width() const { return GST_VIDEO_FRAME_WIDTH(&frame_); }
  int height() const { return GST_VIDEO_FRAME_HEIGHT(&frame_); }
  guint8* row(int plane, int y) {
    return static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, plane)) +
           y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, plane);
  }

 private:
  GstVideoFrame frame_;
  bool mapped_ = false;
};

inline void draw_bars(unsigned number, int width, guint8* row) {
  for (int x = 0; x < width; ++x) {
    const bool bright = number >> (kPictureBits - 1 - x * kPictureBits / width) & 1;
    row[x] = bright ? 200 : 40;
  }
}

/// One line of the moving part: a triangle wave that goes to the left, and the ball over it.
inline void draw_line(unsigned number, int width, int height, int y, guint8* row) {
  for (int x = 0; x < width; ++x) {
    const int phase = static_cast<int>((x + y / 2 + 3 * number) % 160);
    row[x] = static_cast<guint8>(60 + std::abs(phase - 80));
  }
  const int radius = height / 8;
  const int centre_x = radius + static_cast<int>(number * 5) % std::max(1, width - 2 * radius);
  const int centre_y = height * 5 / 8 + static_cast<int>(std::sin(number * 0.1) * height / 5);
  const int reach = radius * radius - (y - centre_y) * (y - centre_y);
  if (reach <= 0) return;
  const int half = static_cast<int>(std::sqrt(reach));
  std::fill(row + std::max(0, centre_x - half), row + std::min(width, centre_x + half), 220);
}

inline void draw_luma_row(unsigned number, int width, int height, int y, guint8* row) {
  if (y < height / 4)
    draw_bars(number, width, row);
  else
    draw_line(number, width, height, y, row);
}

/// Into an I420 picture.
inline void draw_picture(unsigned number, MappedPicture& picture) {
  const int width = picture.width(), height = picture.height();
  for (int y = 0; y < height; ++y) draw_luma_row(number, width, height, y, picture.row(0, y));
  for (int y = 0; y < (height + 1) / 2; ++y) {
    std::fill_n(picture.row(1, y), (width + 1) / 2, kBlue);
    std::fill_n(picture.row(2, y), (width + 1) / 2, kRed);
  }
}

/// Of a picture whose first plane is luma.
inline unsigned picture_number(MappedPicture& picture) {
  const guint8* row = picture.row(0, picture.height() / 8);
  unsigned number = 0;
  for (int bit = 0; bit < kPictureBits; ++bit)
    number =
        number << 1 | (row[(2 * bit + 1) * picture.width() / (2 * kPictureBits)] > 120 ? 1U : 0U);
  return number;
}

/// The luma's PSNR in dB against the picture of this number; at most 99.
inline double picture_psnr(unsigned number, MappedPicture& picture) {
  const int width = picture.width(), height = picture.height();
  std::vector<guint8> wanted(width);
  guint64 sum = 0;
  for (int y = 0; y < height; ++y) {
    draw_luma_row(number, width, height, y, wanted.data());
    const guint8* got = picture.row(0, y);
    for (int x = 0; x < width; ++x) {
      const int off = got[x] - wanted[x];
      sum += static_cast<guint64>(off * off);
    }
  }
  const double mean = static_cast<double>(sum) / width / height;
  return mean > 0 ? std::min(99.0, 10 * std::log10(255.0 * 255.0 / mean)) : 99.0;
}

/// The blue of an I420 picture's centre: kBlue, or 128 when its colours were taken away.
inline int picture_blue(MappedPicture& picture) {
  return picture.row(1, picture.height() / 4)[picture.width() / 4];
}

}  // namespace omni::test
