// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decoding of results: every frame at its time, and made to fit what the stream has.
#include "media/clip-decoder.h"

#include <gst/video/video.h>

#include <cmath>
#include <cstdlib>
#include <thread>

#include "media/clips.h"
#include "media/media-main.h"
#include "service/error.h"

using namespace omni;

namespace {

struct Shown {
  std::vector<GstClockTime> times;
  BufferPtr last;
  CapsPtr caps;
};

CapsPtr caps(const std::string& text) {
  return CapsPtr::adopt(gst_caps_from_string(text.c_str()));
}

Shown decode(const clips::BytesPtr& file, const std::string& wanted) {
  Shown shown;
  ClipDecoder decoder(file, caps(wanted).get());
  while (auto frame = decoder.next()) {
    shown.times.push_back(frame->time);
    shown.last = frame->picture;
    shown.caps = frame->caps;
  }
  return shown;
}

clips::BytesPtr clip(const std::string& source, const std::string& rest = "") {
  return clips::make(source + " ! x264enc speed-preset=ultrafast bframes=2 b-adapt=false " + rest +
                     " ! h264parse ! mp4mux ! appsink name=out");
}

struct Pixel {
  int r, g, b;
};

/// Of an RGB picture.
Pixel pixel(const Shown& shown, double x, double y) {
  GstVideoInfo info;
  GstVideoFrame frame;
  ck_assert(gst_video_info_from_caps(&info, shown.caps.get()));
  ck_assert(gst_video_frame_map(&frame, &info, shown.last.get(), GST_MAP_READ));
  const int column = static_cast<int>(x * (GST_VIDEO_FRAME_WIDTH(&frame) - 1));
  const int row = static_cast<int>(y * (GST_VIDEO_FRAME_HEIGHT(&frame) - 1));
  const auto* data = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
                     row * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0) + column * 3;
  const Pixel found{data[0], data[1], data[2]};
  gst_video_frame_unmap(&frame);
  return found;
}

void expect_pixel(const char* what, const Pixel& got, const Pixel& wanted) {
  const bool near = std::abs(got.r - wanted.r) < 16 && std::abs(got.g - wanted.g) < 16 &&
                    std::abs(got.b - wanted.b) < 16;
  ck_assert_msg(near, "%s: (%d, %d, %d), wanted (%d, %d, %d)", what, got.r, got.g, got.b, wanted.r,
                wanted.g, wanted.b);
}

constexpr char kRgb[] = "video/x-raw,format=RGB,pixel-aspect-ratio=1/1";

std::string rgb(int width, int height) {
  return std::string(kRgb) + ",width=" + std::to_string(width) +
         ",height=" + std::to_string(height);
}

/// Painted in RGB and converted: videotestsrc paints limited range whatever colorimetry says.
std::string solid(const std::string& colour, const std::string& raw, int frames = 10) {
  return "videotestsrc pattern=solid-color foreground-color=" + colour +
         " num-buffers=" + std::to_string(frames) +
         " ! video/x-raw,format=RGBx,framerate=25/1 ! videoconvert ! video/x-raw," + raw;
}

// Reordered frames behind an edit list: running time begins at 0.
START_TEST(times) {
  const auto file =
      clip("videotestsrc num-buffers=50 ! video/x-raw,width=64,height=48,framerate=25/1");
  const Shown shown = decode(file, rgb(64, 48));
  ck_assert_uint_eq(shown.times.size(), 50);
  for (std::size_t i = 0; i < shown.times.size(); ++i)
    ck_assert_msg(std::llabs(static_cast<long long>(shown.times[i]) -
                             static_cast<long long>(i * 40 * GST_MSECOND)) < 1'000'000,
                  "frame %zu at %" G_GUINT64_FORMAT, i, shown.times[i]);
  ck_assert_uint_eq(shown_duration(file) / GST_MSECOND, 2000);
}
END_TEST

// Row 0: a thumbnail behind the video; row 1: in front of it.
START_TEST(thumbnail) {
  const std::string still =
      " videotestsrc num-buffers=1 pattern=white ! "
      "video/x-raw,width=160,height=90,framerate=1/10 ! jpegenc ! mux.video_";
  const auto file =
      clips::make(solid("0xff208040", "width=64,height=48", 50) +
                  " ! x264enc speed-preset=ultrafast ! h264parse ! mux.video_" + (_i ? "1" : "0") +
                  still + (_i ? "0" : "1") + " qtmux name=mux ! appsink name=out");
  const Shown shown = decode(file, rgb(64, 48));
  ck_assert_uint_eq(shown.times.size(), 50);
  expect_pixel("video", pixel(shown, 0.5, 0.5), {0x20, 0x80, 0x40});
  ck_assert_uint_eq(shown_duration(file) / GST_MSECOND, 2000);
}
END_TEST

START_TEST(trailer) {
  const auto file = clips::rope(clips::text(*clip(solid("0xff208040", "width=64,height=48", 50))) +
                                "xxxxjunk and more");
  ck_assert_uint_eq(decode(file, rgb(64, 48)).times.size(), 50);
}
END_TEST

// Without an edit list, the first shown frame begins the file, however long it was kept back for
// others.
START_TEST(no_edit_list) {
  std::string text = clips::text(
      *clip("videotestsrc num-buffers=50 ! video/x-raw,width=64,height=48,framerate=25/1"));
  const std::size_t at = text.find("edts");
  ck_assert_uint_ne(at, std::string::npos);
  const Shown shown = decode(clips::rope(text.replace(at, 4, "free")), rgb(64, 48));
  ck_assert_uint_eq(shown.times.size(), 50);
  for (std::size_t i = 0; i < shown.times.size(); ++i)
    ck_assert_msg(std::llabs(static_cast<long long>(shown.times[i]) -
                             static_cast<long long>(i * 40 * GST_MSECOND)) < 1'000'000,
                  "frame %zu at %" G_GUINT64_FORMAT, i, shown.times[i]);
}
END_TEST

// What elements behind the decoder do not all know.
START_TEST(formats) {
  static const char* const kFormats[] = {"Y42B", "Y444", "I420_10LE"};
  const auto file =
      clip(solid("0xff808080", std::string("width=64,height=48,format=") + kFormats[_i]));
  expect_pixel(kFormats[_i], pixel(decode(file, rgb(64, 48)), 0.5, 0.5), {0x80, 0x80, 0x80});
}
END_TEST

// The colours are those of the source, whichever way the file has them.
START_TEST(colours) {
  static const char* const kColorimetries[] = {"bt601", "bt709", "1:1:5:1"};
  const auto file =
      clip(solid("0xffc02040",
                 std::string("format=Y444,width=64,height=48,colorimetry=") + kColorimetries[_i]) +
           " ! videoconvert ! video/x-raw,format=I420");
  const Shown shown = decode(file, rgb(64, 48));
  expect_pixel(kColorimetries[_i], pixel(shown, 0.5, 0.5), {0xc0, 0x20, 0x40});
}
END_TEST

// What is coded is larger than what is shown; an element that takes the one for the other ends the
// process or shows another edge.
START_TEST(odd_sizes) {
  static const int kSizes[][2] = {{406, 720}, {180, 320}, {1080, 1920}, {854, 480}, {98, 66}};
  const auto [width, height] = kSizes[_i];
  const std::string size = "width=" + std::to_string(width) + ",height=" + std::to_string(height);
  const auto file = clip(solid("0xffc02040", "format=I420," + size, 4));
  const Shown shown = decode(file, rgb(width, height));
  ck_assert_uint_eq(shown.times.size(), 4);
  for (const double x : {0.0, 0.5, 1.0})
    for (const double y : {0.0, 0.5, 1.0})
      expect_pixel(size.c_str(), pixel(shown, x, y), {0xc0, 0x20, 0x40});
}
END_TEST

int luma(const Shown& shown) {
  GstMapInfo map;
  ck_assert(gst_buffer_map(shown.last.get(), &map, GST_MAP_READ));
  const int first = map.data[0];
  gst_buffer_unmap(shown.last.get(), &map);
  return first;
}

// Caps that name no colours mean the usual ones of their size: a part that has others is converted.
START_TEST(usual_colours) {
  const auto file = clip(solid("0xffff0000", "format=I420,width=64,height=48,colorimetry=bt709"));
  const Shown own = decode(file,
                           "video/x-raw,format=I420,pixel-aspect-ratio=1/1,width=64,height=48,"
                           "colorimetry=bt709");
  const Shown shown =
      decode(file, "video/x-raw,format=I420,pixel-aspect-ratio=1/1,width=64,height=48");
  ck_assert_int_lt(std::abs(luma(own) - 63), 3);
  ck_assert_int_lt(std::abs(luma(shown) - 81), 3);
  GstVideoInfo info;
  ck_assert(gst_video_info_from_caps(&info, shown.caps.get()));
  ck_assert_int_eq(info.colorimetry.matrix, GST_VIDEO_COLOR_MATRIX_BT601);
}
END_TEST

struct Ranges {
  const char* file;
  const char* wanted;
  bool to_full;
};
const Ranges kRanges[] = {
    {"bt601", "1:4:0:0", true},
    {"bt709", "1:3:5:1", true},
    {"1:4:0:0", "bt601", false},
    {"1:3:5:1", "bt709", false},
};

// A camera's stream may use all levels, where results do not; the rest of the colours may be the
// same. At the same size, and at another one.
START_TEST(ranges) {
  const Ranges& row = kRanges[_i];
  const std::string size[] = {",width=64,height=48", ",width=96,height=72"};
  const auto raw = [](const char* colorimetry) {
    return std::string("video/x-raw,format=I420,pixel-aspect-ratio=1/1,colorimetry=") + colorimetry;
  };
  for (const char* colour : {"0xffffffff", "0xff808080", "0xff000000"}) {
    const auto file =
        clip(solid(colour, "format=I420,width=64,height=48,colorimetry=" + std::string(row.file)));
    const int own = luma(decode(file, raw(row.file) + size[0]));
    const double wanted = row.to_full ? (own - 16) * 255.0 / 219 : 16 + own * 219.0 / 255;
    for (const std::string& in : size) {
      const int got = luma(decode(file, raw(row.wanted) + in));
      ck_assert_msg(std::abs(got - wanted) <= 2, "%s to %s%s: %d becomes %d, wanted %.1f", row.file,
                    row.wanted, in.c_str(), own, got, wanted);
    }
  }
}
END_TEST

// A full range of colours that the file does not name: they are the usual ones of that size.
START_TEST(unnamed_full_range) {
  std::string text = clips::text(
      *clips::make(solid("0xffffffff", "format=I420,width=64,height=48,colorimetry=1:4:0:0") +
                   " ! avenc_mpeg4 bitrate=2000000 ! mp4mux ! appsink name=out"));
  const std::size_t at = text.find("colrnclx");
  ck_assert_uint_ne(at, std::string::npos);
  text.replace(at + 8, 7, std::string("\0\2\0\2\0\2\x80", 7));
  const auto shown = decode(clips::rope(text),
                            "video/x-raw,format=I420,pixel-aspect-ratio=1/1,colorimetry=bt601,"
                            "width=64,height=48");
  ck_assert_int_le(std::abs(luma(shown) - 235), 2);
}
END_TEST

// Another size, same shape: no bars. Nearly the same: none either. Another shape: bars.
START_TEST(shapes) {
  const auto file = clip(solid("0xffffffff", "format=I420,width=320,height=180"));
  expect_pixel("larger", pixel(decode(file, rgb(640, 360)), 0, 0.5), {255, 255, 255});
  expect_pixel("nearly", pixel(decode(file, rgb(640, 354)), 0.5, 0), {255, 255, 255});
  const Shown tall = decode(file, rgb(320, 320));
  expect_pixel("bar above", pixel(tall, 0.5, 0), {0, 0, 0});
  expect_pixel("bar below", pixel(tall, 0.5, 1), {0, 0, 0});
  expect_pixel("between", pixel(tall, 0.5, 0.5), {255, 255, 255});
  expect_pixel("to the side", pixel(tall, 0, 0.5), {255, 255, 255});
  const Shown squeezed =
      decode(file, "video/x-raw,format=RGB,width=160,height=180,pixel-aspect-ratio=2/1");
  expect_pixel("wide pixels", pixel(squeezed, 0, 0.5), {255, 255, 255});
  expect_pixel("wide pixels", pixel(squeezed, 0.5, 0), {255, 255, 255});
}
END_TEST

// A file that says that it is to be turned is turned.
START_TEST(rotation) {
  const auto file =
      clips::turned(clip("videotestsrc pattern=smpte num-buffers=5 ! "
                         "video/x-raw,format=I420,width=128,height=64,framerate=25/1"),
                    64);
  const Shown turned = decode(file, kRgb);
  const GstStructure* structure = gst_caps_get_structure(turned.caps.get(), 0);
  gint width = 0, height = 0;
  gst_structure_get_int(structure, "width", &width);
  gst_structure_get_int(structure, "height", &height);
  ck_assert_int_eq(width, 64);
  ck_assert_int_eq(height, 128);
}
END_TEST

START_TEST(own_size) {
  const auto file = clip(solid("0xff00ff00", "format=I420,width=96,height=80"));
  const Shown shown = decode(file, "video/x-raw");
  GstVideoInfo info;
  ck_assert(gst_video_info_from_caps(&info, shown.caps.get()));
  ck_assert_int_eq(info.width, 96);
  ck_assert_int_eq(info.height, 80);
}
END_TEST

Reason failure_of(const clips::BytesPtr& file) {
  try {
    decode(file, rgb(64, 48));
  } catch (const Failure& failure) {
    return failure.error().reason;
  }
  ck_abort_msg("no failure");
}

START_TEST(no_picture) {
  const std::string good =
      clips::text(*clip(solid("0xff00ff00", "format=I420,width=96,height=80")));
  ck_assert(failure_of(clips::rope("no file at all, but enough bytes to look at")) ==
            Reason::bad_result);
  std::string broken = good;
  const std::size_t mdat = broken.find("mdat");
  for (std::size_t i = mdat + 4; i < broken.find("moov") - 4; ++i) broken[i] = static_cast<char>(i);
  ck_assert(failure_of(clips::rope(broken)) == Reason::bad_result);
  ck_assert_uint_eq(shown_duration(clips::rope("nothing")), 0);
}
END_TEST

// Called off at any moment: the next frame is none, and nothing is left behind.
START_TEST(interrupted) {
  const auto file =
      clip("videotestsrc num-buffers=200 ! video/x-raw,width=64,height=48,framerate=25/1");
  ClipDecoder decoder(file, caps(rgb(64, 48)).get());
  for (int i = 0; i < 5 * _i; ++i) ck_assert(decoder.next().has_value());
  std::thread other([&] { decoder.cancel(); });
  other.join();
  Reason reason = Reason::bad_input;
  try {
    decoder.next();
  } catch (const Failure& failure) {
    reason = failure.error().reason;
  }
  ck_assert(reason == Reason::cancelled);
}
END_TEST

// Taken down while it is being put together: a sweep over the first milliseconds, in steps of 50
// us, of which each row takes its share. Nothing waits for it, and a critical of GStreamer's would
// end the test.
constexpr int kStrides = 10;
START_TEST(stopped) {
  const auto file =
      clip("videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48,framerate=25/1");
  for (int step = _i % kStrides; step < 100; step += kStrides) {
    ClipDecoder decoder(file, caps(rgb(64, 48)).get());
    g_usleep(static_cast<gulong>(step * 50));
  }
}
END_TEST

}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "media-clip-decoder",
                         {{"times", times, 1},
                          {"thumbnail", thumbnail, 2},
                          {"trailer", trailer, 1},
                          {"no edit list", no_edit_list, 1},
                          {"formats", formats, 3},
                          {"unnamed full range", unnamed_full_range, 1},
                          {"colours", colours, 3},
                          {"odd sizes", odd_sizes, 5},
                          {"usual colours", usual_colours, 1},
                          {"ranges", ranges, std::size(kRanges)},
                          {"shapes", shapes, 1},
                          {"rotation", rotation, 1},
                          {"own size", own_size, 1},
                          {"no picture", no_picture, 1},
                          {"interrupted", interrupted, 4},
                          {"stopped", stopped, kStrides}});
}
