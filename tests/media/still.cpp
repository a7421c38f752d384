// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The still of an MP4: which picture, how large, and in colours that another decoder understands.
#include "media/still.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <thread>

#include "media/bus-cancellation.h"
#include "media/clips.h"
#include "media/gst-ptr.h"
#include "media/media-main.h"
#include "service/error.h"

using namespace omni;

namespace {

struct Pixel {
  int r, g, b;
};

struct Picture {
  int width = 0, height = 0;
  std::string rgb;

  Pixel at(double x, double y) const {
    const auto column = static_cast<std::size_t>(x * (width - 1));
    const auto row = static_cast<std::size_t>(y * (height - 1));
    const std::size_t stride = (static_cast<std::size_t>(width) * 3 + 3) & ~std::size_t{3};
    const auto* pixel = reinterpret_cast<const guint8*>(rgb.data()) + row * stride + column * 3;
    return {pixel[0], pixel[1], pixel[2]};
  }
};

/// Decodes a JPEG with libav, whose colours are not those of the plugin that made it.
Picture look_at(const BytesPtr& jpeg) {
  GError* error = nullptr;
  GstElement* parsed = gst_parse_launch(
      "appsrc name=in caps=image/jpeg,framerate=1/1 format=time ! jpegparse ! avdec_mjpeg ! "
      "videoconvert ! video/x-raw,format=RGB ! appsink name=out sync=false",
      &error);
  ck_assert_msg(error == nullptr, "%s", error ? error->message : "");
  const auto pipeline = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(parsed)));
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "in"));
  const auto out = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "out"));
  gst_element_set_state(parsed, GST_STATE_PLAYING);
  gsize size = 0;
  const gconstpointer data = g_bytes_get_data(jpeg.get(), &size);
  const auto buffer = BufferPtr::adopt(gst_buffer_new_memdup(data, size));
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(in.get(), "push-buffer", buffer.get(), &flow);
  g_signal_emit_by_name(in.get(), "end-of-stream", &flow);
  GstSample* pulled = nullptr;
  g_signal_emit_by_name(out.get(), "pull-sample", &pulled);
  const auto sample = SamplePtr::adopt(pulled);
  ck_assert_msg(bool(sample), "the JPEG cannot be decoded");
  Picture picture;
  const GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample.get()), 0);
  gst_structure_get_int(caps, "width", &picture.width);
  gst_structure_get_int(caps, "height", &picture.height);
  GstBuffer* shown = gst_sample_get_buffer(sample.get());
  picture.rgb.resize(gst_buffer_get_size(shown));
  gst_buffer_extract(shown, 0, picture.rgb.data(), picture.rgb.size());
  gst_element_set_state(parsed, GST_STATE_NULL);
  return picture;
}

BytesPtr still_of(const clips::BytesPtr& file) {
  BusCancellation interrupt;
  return make_still(file, interrupt);
}

clips::BytesPtr clip(const std::string& source) {
  return clips::make(source +
                     " ! x264enc speed-preset=ultrafast ! h264parse ! mp4mux ! "
                     "appsink name=out");
}

/// Painted in RGB and converted: videotestsrc paints limited range whatever colorimetry says.
std::string solid(const std::string& colour, const std::string& raw, int frames = 5) {
  return "videotestsrc pattern=solid-color foreground-color=" + colour +
         " num-buffers=" + std::to_string(frames) +
         " ! video/x-raw,format=RGBx,framerate=25/1 ! videoconvert ! video/x-raw," + raw;
}

void expect_pixel(const char* what, const Pixel& got, const Pixel& wanted) {
  const bool near = std::abs(got.r - wanted.r) < 10 && std::abs(got.g - wanted.g) < 10 &&
                    std::abs(got.b - wanted.b) < 10;
  ck_assert_msg(near, "%s: (%d, %d, %d), wanted (%d, %d, %d)", what, got.r, got.g, got.b, wanted.r,
                wanted.g, wanted.b);
}

// The long side is at most 1280, both are multiples of 16, pixels are square, and nothing is made
// larger.
START_TEST(size) {
  static const struct {
    const char* raw;
    int width, height;
  } kRows[] = {
      {"format=I420,width=320,height=180", 320, 176},
      {"format=I420,width=1920,height=1080", 1280, 720},
      {"format=I420,width=1080,height=1920", 720, 1280},
      {"format=I420,width=1998,height=1080", 1280, 688},
      {"format=I420,width=720,height=576,pixel-aspect-ratio=16/11", 1040, 576},
      {"format=Y444,width=101,height=51", 96, 48},
  };
  const Picture picture = look_at(still_of(clip(solid("0xff40a0c0", kRows[_i].raw))));
  ck_assert_int_eq(picture.width, kRows[_i].width);
  ck_assert_int_eq(picture.height, kRows[_i].height);
  for (const double x : {0.0, 0.5, 1.0}) {  // and no bars
    for (const double y : {0.0, 0.5, 1.0}) {
      const std::string where =
          std::string(kRows[_i].raw) + " at " + std::to_string(x) + ", " + std::to_string(y);
      expect_pixel(where.c_str(), picture.at(x, y), {0x40, 0xa0, 0xc0});
    }
  }
}
END_TEST

// JPEG is full-range BT.601, whichever way the file has its colours.
START_TEST(colours) {
  static const char* const kColorimetries[] = {"bt709", "bt601", "1:1:5:1", "1:3:5:1"};
  static const struct {
    const char* text;
    Pixel pixel;
  } kColours[] = {{"0xffc02040", {0xc0, 0x20, 0x40}},
                  {"0xff20d030", {0x20, 0xd0, 0x30}},
                  {"0xff000000", {0, 0, 0}},
                  {"0xffffffff", {255, 255, 255}}};
  for (const auto& colour : kColours) {
    const auto file = clip(solid(colour.text, std::string("format=Y444,width=64,height=48,"
                                                          "colorimetry=") +
                                                  kColorimetries[_i]) +
                           " ! videoconvert ! video/x-raw,format=I420");
    expect_pixel(kColorimetries[_i], look_at(still_of(file)).at(0.5, 0.5), colour.pixel);
  }
}
END_TEST

// A clip that is to be shown turned is shown turned.
START_TEST(rotation) {
  const auto file =
      clips::turned(clip("videotestsrc pattern=smpte num-buffers=5 ! "
                         "video/x-raw,format=I420,width=128,height=64,framerate=25/1"),
                    64);
  const Picture picture = look_at(still_of(file));
  ck_assert_int_eq(picture.width, 64);
  ck_assert_int_eq(picture.height, 128);
}
END_TEST

/// Each picture a little brighter than the one before, the first one black. By a file: no element
/// draws such a thing.
clips::BytesPtr brighter(int frames) {
  std::string raw;
  for (int i = 0; i < frames; ++i) {
    raw += std::string(64 * 48, static_cast<char>(16 + 5 * i));
    raw += std::string(64 * 48 / 2, static_cast<char>(128));
  }
  char* name = nullptr;
  const int handle = g_file_open_tmp("omni-still-XXXXXX", &name, nullptr);
  ck_assert_int_ge(handle, 0);
  close(handle);
  ck_assert(g_file_set_contents(name, raw.data(), static_cast<gssize>(raw.size()), nullptr));
  const auto file = clip(std::string("filesrc location=") + name +
                         " ! rawvideoparse format=i420 width=64 height=48 framerate=25/1 "
                         "colorimetry=bt709");
  g_unlink(name);
  g_free(name);
  return file;
}

START_TEST(middle) {
  // The 20th of 40 pictures begins at half time, as far as an MP4's times tell.
  const int red = look_at(still_of(brighter(40))).at(0.5, 0.5).r;
  const int wanted = 5 * 20 * 255 / 219;
  ck_assert_msg(std::abs(red - wanted) <= 9, "got %d, wanted %d", red, wanted);
}
END_TEST

// Requests are known again by their bytes.
START_TEST(same_bytes) {
  static const char* const kSizes[] = {"width=1600,height=900", "width=854,height=480",
                                       "width=100,height=70"};
  const auto file = clip(std::string("videotestsrc pattern=smpte num-buffers=20 ! "
                                     "video/x-raw,format=I420,framerate=25/1,") +
                         kSizes[_i]);
  const BytesPtr one = still_of(file);
  ck_assert_uint_gt(g_bytes_get_size(one.get()), 1000);
  for (int i = 0; i < 4; ++i) {
    mallopt(M_PERTURB, 1 + 50 * i);  // memory that nobody has written looks different each time
    ck_assert(g_bytes_equal(one.get(), still_of(file).get()));
  }
}
END_TEST

Reason failure_of(const clips::BytesPtr& file, BusCancellation& interrupt) {
  try {
    make_still(file, interrupt);
  } catch (const Failure& failure) {
    return failure.error().reason;
  }
  ck_abort_msg("no failure");
}

START_TEST(no_picture) {
  BusCancellation interrupt;
  ck_assert(failure_of(clips::rope("no file at all, but enough bytes to look at"), interrupt) ==
            Reason::bad_result);
  std::string broken = clips::text(*clip(solid("0xff00ff00", "format=I420,width=96,height=80")));
  const std::size_t mdat = broken.find("mdat");
  for (std::size_t i = mdat + 4; i < broken.find("moov") - 4; ++i) broken[i] = static_cast<char>(i);
  ck_assert(failure_of(clips::rope(broken), interrupt) == Reason::bad_result);
}
END_TEST

// Called off beforehand, and at moments in its midst: it ends as called off, or was faster.
START_TEST(interrupted) {
  const auto file = clip(
      "videotestsrc num-buffers=300 ! video/x-raw,format=I420,width=640,height=360,framerate=25/1");
  BusCancellation before;
  before.cancel();
  ck_assert(failure_of(file, before) == Reason::cancelled);
  int called_off = 0;
  for (const int wait : {0, 1, 3, 10, 30}) {
    BusCancellation interrupt;
    auto made = std::async(std::launch::async, [&] {
      try {
        make_still(file, interrupt);
        return false;
      } catch (const Failure& failure) {
        ck_assert(failure.error().reason == Reason::cancelled);
        return true;
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(wait));  // the moment is the point
    interrupt.cancel();
    called_off += made.get();
  }
  // At once it is never there: 150 pictures come first.
  ck_assert_int_gt(called_off, 0);
}
END_TEST

}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "media-still",
                         {{"size", size, 6},
                          {"colours", colours, 4},
                          {"rotation", rotation, 1},
                          {"middle", middle, 1},
                          {"same bytes", same_bytes, 3},
                          {"no picture", no_picture, 1},
                          {"interrupted", interrupted, 1}});
}
