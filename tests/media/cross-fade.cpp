// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One picture into another, in every raw format that a stream may have.
#include "media/cross-fade.h"
#include "media/media-main.h"

using namespace omni;

namespace {

struct Size {
  gint width, height;
};
constexpr Size kOdd{62, 46};    // no whole number of anything
constexpr Size kTiles{64, 64};  // whole tiles
constexpr gint kWidth = kOdd.width, kHeight = kOdd.height;

CapsPtr grey_caps(const Size& size = kOdd) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, size.width, size.height);
  return CapsPtr::adopt(gst_video_info_to_caps(&info));
}

/// By GStreamer's own conversion; empty when it has none.
ClipFrame converted(const ClipFrame& frame, const CapsPtr& caps) {
  const auto sample =
      SamplePtr::adopt(gst_sample_new(frame.picture.get(), frame.caps.get(), nullptr, nullptr));
  const auto made = SamplePtr::adopt(
      gst_video_convert_sample(sample.get(), caps.get(), 10 * GST_SECOND, nullptr));
  if (!made) return {};
  return {BufferPtr::share(gst_sample_get_buffer(made.get())), caps, 0};
}

ClipFrame grey(guint8 level, const Size& size = kOdd) {
  GstVideoInfo info;
  const CapsPtr caps = grey_caps(size);
  gst_video_info_from_caps(&info, caps.get());
  auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  gst_buffer_memset(buffer.get(), 0, level, info.size);
  return {buffer, caps, 0};
}

struct Levels {
  int darkest = 255, brightest = 0;
};

Levels levels_of(const ClipFrame& frame) {
  GstVideoInfo info;
  GstVideoFrame mapped;
  ck_assert(gst_video_info_from_caps(&info, frame.caps.get()));
  const ClipFrame shown = converted(frame, grey_caps({info.width, info.height}));
  gst_video_info_from_caps(&info, shown.caps.get());
  ck_assert(gst_video_frame_map(&mapped, &info, shown.picture.get(), GST_MAP_READ));
  Levels levels;
  for (gint y = 0; y < info.height; ++y) {
    const auto* line = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&mapped, 0)) +
                       y * GST_VIDEO_FRAME_PLANE_STRIDE(&mapped, 0);
    for (gint x = 0; x < info.width; ++x) {
      levels.darkest = std::min<int>(levels.darkest, line[x]);
      levels.brightest = std::max<int>(levels.brightest, line[x]);
    }
  }
  gst_video_frame_unmap(&mapped);
  return levels;
}

void expect_level(const char* format, double share, const ClipFrame& frame, int wanted) {
  const Levels levels = levels_of(frame);
  // A format of 5 bits is 8 off at most, and GStreamer adds noise to it.
  const GstVideoFormatInfo* info = gst_video_format_get_info(gst_video_format_from_string(format));
  const int coarse = GST_VIDEO_FORMAT_INFO_DEPTH(info, 0) < 8 ? 14 : 2;
  ck_assert_msg(levels.darkest >= wanted - coarse && levels.brightest <= wanted + coarse,
                "%s, %g: %d to %d instead of %d", format, share, levels.darkest, levels.brightest,
                wanted);
}

/// GStreamer 1.26 converts two formats wrongly where a tile is not full.
Size size_for(const char* format) {
  return g_str_has_prefix(format, "MT2110") ? kTiles : kOdd;
}

// In parts, for a test has no more than its time.
constexpr guint kParts = 8;

START_TEST(all_formats) {
  unsigned tried = 0;
  const GValue formats = [] {
    GValue list = G_VALUE_INIT;
    g_value_init(&list, GST_TYPE_LIST);
    ck_assert(gst_value_deserialize(&list, GST_VIDEO_FORMATS_ALL));
    return list;
  }();
  for (guint i = static_cast<guint>(_i); i < gst_value_list_get_size(&formats); i += kParts) {
    const char* name = g_value_get_string(gst_value_list_get_value(&formats, i));
    const Size size = size_for(name);
    GstVideoInfo info;
    if (!gst_video_info_set_format(&info, gst_video_format_from_string(name), size.width,
                                   size.height))
      continue;
    const auto caps = CapsPtr::adopt(gst_video_info_to_caps(&info));
    const ClipFrame dark = converted(grey(60, size), caps);
    const ClipFrame bright = converted(grey(180, size), caps);
    if (!dark.picture || !bright.picture) continue;  // opaque memory, or a format without pictures
    CrossFade fade;
    if (GST_VIDEO_FORMAT_INFO_HAS_PALETTE(info.finfo)) {
      ck_assert(!fade.mix(dark, bright, 0.5));
      continue;
    }
    for (const auto& [share, wanted] : {std::pair{0.0, 60}, {0.25, 90}, {0.5, 120}, {1.0, 180}}) {
      const BufferPtr mixed = fade.mix(dark, bright, share);
      ck_assert_msg(bool(mixed), "%s cannot be mixed", name);
      expect_level(name, share, {mixed, caps, 0}, wanted);
    }
    // Neither was changed.
    expect_level(name, 0, dark, 60);
    expect_level(name, 1, bright, 180);
    ++tried;
  }
  GValue done = formats;
  g_value_unset(&done);
  ck_assert_uint_ge(tried, 80 / kParts - 2);
}
END_TEST

// Whatever lies between the lines of a picture.
START_TEST(other_strides) {
  const ClipFrame dark = grey(60), bright = grey(180);
  constexpr gint kStride = 100;
  gint strides[GST_VIDEO_MAX_PLANES] = {kStride};
  gsize offsets[GST_VIDEO_MAX_PLANES] = {7};
  auto wide = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, 7 + kStride * kHeight, nullptr));
  gst_buffer_memset(wide.get(), 0, 180, 7 + kStride * kHeight);
  gst_buffer_add_video_meta_full(wide.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8,
                                 kWidth, kHeight, 1, offsets, strides);
  CrossFade fade;
  const BufferPtr mixed = fade.mix(dark, {wide, bright.caps, 0}, 0.5);
  expect_level("GRAY8", 0.5, {mixed, bright.caps, 0}, 120);
}
END_TEST

START_TEST(different_pictures) {
  const ClipFrame one = grey(60);
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 2 * kWidth, kHeight);
  ClipFrame other = grey(60);
  other.caps = CapsPtr::adopt(gst_video_info_to_caps(&info));
  CrossFade fade;
  ck_assert(!fade.mix(one, other, 0.5));
  ck_assert(fade.mix(one, one, 0.5));
  // Another size behind it.
  other.picture = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, info.size, nullptr));
  gst_buffer_memset(other.picture.get(), 0, 10, info.size);
  const BufferPtr mixed = fade.mix(other, other, 0.5);
  ck_assert(mixed);
  ck_assert_uint_ge(gst_buffer_get_size(mixed.get()), info.size);
  // A picture that is smaller than its caps say.
  other.picture = one.picture;
  ck_assert(!fade.mix(other, other, 0.5));
}
END_TEST

}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "media-cross-fade",
                         {
                             {"all formats", all_formats, kParts},
                             {"other strides", other_strides, 1},
                             {"different pictures", different_pictures, 1},
                         });
}
