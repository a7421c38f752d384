// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Colours through omniv2vbin: each kind of input with each kind of result. The service sends the
// same picture back for each segment, in a file of another kind; what is sent to it and what comes
// out must look as what went in, to one who plays it. The player is decodebin and a conversion to
// RGB.
#include <gst/app/gstappsink.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "media/gst-ptr.h"
#include "media/libav.h"
#include "support/echo-service.h"
#include "support/fresh-folder.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr double kLeastPsnr = 38;  // dB
// GStreamer's conversion to RGB of 8 bits is up to five levels off; an exact one costs ten times as
// much.
constexpr double kLeastPsnrRgb = 35;
constexpr unsigned kRate = 5;  // frames per second
constexpr unsigned kOfSegment = 4 * kRate;
constexpr int kWidth = 192;
constexpr int kHeight = 144;

/// Painted in RGB, for videotestsrc paints limited range whatever colorimetry says; of 16 bits, for
/// videoconvert rounds the ones of 8 bits off by up to five levels.
std::string painted(unsigned frames) {
  return "videotestsrc pattern=smpte num-buffers=" + std::to_string(frames) +
         " ! video/x-raw,format=ARGB64,width=" + std::to_string(kWidth) +
         ",height=" + std::to_string(kHeight) + ",framerate=" + std::to_string(kRate) + "/1";
}

/// All buffers that reach `appsink name=out`, in order. Fails on an error.
std::vector<std::string> play(const std::string& line) {
  GError* error = nullptr;
  GstElement* parsed = gst_parse_launch((line + " ! appsink name=out sync=false").c_str(), &error);
  fail_unless(error == nullptr, "%s: %s", line.c_str(), error ? error->message : "");
  const auto pipeline = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(parsed)));
  copy_decoded_frames(parsed);
  const auto sink = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "out"));
  gst_element_set_state(parsed, GST_STATE_PLAYING);
  std::vector<std::string> buffers;
  while (const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(GST_APP_SINK(sink.get())))) {
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    std::string data(gst_buffer_get_size(buffer), '\0');
    gst_buffer_extract(buffer, 0, data.data(), data.size());
    buffers.push_back(std::move(data));
  }
  const auto bus = BusPtr::adopt(gst_element_get_bus(parsed));
  const auto message = MessagePtr::adopt(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR));
  std::string text;
  if (message) {
    gst_message_parse_error(message.get(), &error, nullptr);
    text = error->message;
    g_clear_error(&error);
  }
  gst_element_set_state(parsed, GST_STATE_NULL);
  fail_unless(text.empty(), "%s: %s", line.c_str(), text.c_str());
  return buffers;
}

/// R, G or B in levels of 8 bits.
double level(const std::string& picture, std::size_t pixel, unsigned component) {
  guint16 value = 0;
  std::memcpy(&value, picture.data() + pixel * 8 + 2 * component, sizeof value);
  return value / 257.0;
}

/// Where a picture is flat for some pixels around. Elsewhere, what counts is how chroma was
/// subsampled, and the coder.
std::vector<std::size_t> flat_pixels(const std::string& picture) {
  constexpr int kAround = 6;
  const auto at = [](int x, int y) {
    return static_cast<std::size_t>(y) * kWidth + static_cast<std::size_t>(x);
  };
  const auto colour = [&](int x, int y) { return picture.substr(at(x, y) * 8, 8); };
  std::vector<std::size_t> flat;
  for (int y = kAround; y + kAround < kHeight; ++y)
    for (int x = kAround; x + kAround < kWidth; ++x) {
      bool same = true;
      for (int i = -kAround; same && i <= kAround; ++i)
        same = colour(x + i, y) == colour(x, y) && colour(x, y + i) == colour(x, y);
      if (same) flat.push_back(at(x, y));
    }
  return flat;
}

double psnr(const std::string& one, const std::string& other,
            const std::vector<std::size_t>& pixels) {
  fail_unless_equals_int(one.size(), other.size());
  double squares = 0;
  for (const std::size_t pixel : pixels)
    for (unsigned component = 1; component <= 3; ++component) {
      const double apart = level(one, pixel, component) - level(other, pixel, component);
      squares += apart * apart;
    }
  const double mean = squares / (static_cast<double>(pixels.size()) * 3);
  return mean == 0 ? 99 : 10 * std::log10(255.0 * 255.0 / mean);
}

constexpr char kToRgb[] = " ! videoconvert ! video/x-raw,format=ARGB64";

struct ResultKind {
  const char* name;
  const char* coded;          // from a picture in RGB to the file; null = what was sent
  bool quarter_turn = false;  // stored turned to the left, shown turned to the right
};
constexpr char kH264[] =
    " ! x264enc speed-preset=veryfast qp-max=12 bitrate=8000 ! h264parse ! mp4mux";
const ResultKind kResults[] = {
    {"as sent", nullptr},
    {"BT.709", "format=I420,colorimetry=bt709"},
    {"BT.601", "format=I420,colorimetry=bt601"},
    {"full range", "format=I420,colorimetry=1:3:5:1"},
    {"4:2:2", "format=Y42B,colorimetry=bt709"},
    {"4:4:4", "format=Y444,colorimetry=bt709"},
    {"10 bits", "format=I420_10LE,colorimetry=bt709"},
    {"turned", "format=I420,colorimetry=bt709", true},
};

/// The same file, to be shown turned to the right by a quarter: a picture of kWidth lines.
std::string turned(std::string file) {
  const std::size_t matrix = file.find("tkhd") + 44;
  const std::uint32_t values[9] = {0, 0x10000, 0, 0xFFFF0000, 0, 0, kWidth << 16, 0, 0x40000000};
  for (std::size_t i = 0; i < 36; ++i)
    file.at(matrix + i) = static_cast<char>(values[i / 4] >> (24 - i % 4 * 8) & 0xFF);
  return file;
}

/// What the service makes of each segment: the same picture, in a file of this kind.
std::string made(const ResultKind& kind) {
  const std::string turn = kind.quarter_turn ? " ! videoflip video-direction=90l" : "";
  std::string file;
  for (const std::string& piece :
       play(painted(kOfSegment) + " ! videoconvert ! video/x-raw," + kind.coded + turn + kH264))
    file += piece;
  return kind.quarter_turn ? turned(file) : file;
}

std::vector<std::string> shown(const std::string& file) {
  const FreshFolder folder;
  const std::string path = folder.path() + "/clip.mp4";
  std::ofstream(path, std::ios::binary) << file;
  return play("filesrc location=" + path + " ! decodebin" + kToRgb);
}

struct InputKind {
  const char* name;
  const char* raw;
  double least = kLeastPsnr;
};
const InputKind kInputs[] = {
    {"BT.709", "format=I420,colorimetry=bt709"}, {"BT.601", "format=I420,colorimetry=bt601"},
    {"no colorimetry", "format=I420"},           {"full range", "format=I420,colorimetry=1:3:5:1"},
    {"NV12", "format=NV12,colorimetry=bt709"},   {"4:2:2", "format=Y42B,colorimetry=bt709"},
    {"4:4:4", "format=Y444,colorimetry=bt601"},  {"10 bits", "format=I420_10LE,colorimetry=bt709"},
    {"RGB", "format=RGBx", kLeastPsnrRgb},       {"BGRA", "format=BGRA", kLeastPsnrRgb},
};

}  // namespace

GST_START_TEST(colours) {
  const InputKind& input = kInputs[__i__];
  const WithKey key;
  EchoService service(nullptr, [](int job, const std::string& reference) {
    const ResultKind& kind = kResults[job - 1];
    return kind.coded ? made(kind) : reference;
  });
  const FreshFolder state;
  const std::string original = play(painted(1)).at(0);
  const std::vector<std::size_t> pixels = flat_pixels(original);
  fail_unless(pixels.size() > kWidth * kHeight / 3);
  const unsigned count = std::size(kResults) * kOfSegment;
  const auto frames = play(painted(count) + " ! videoconvert ! video/x-raw," + input.raw +
                           " ! omniv2vbin prompt=x max-in-flight=1 poll-interval=20000000 "
                           "segment-duration=4000000000 base-url=" +
                           service.server.url() + " state-dir=" + state.path() + kToRgb);
  fail_unless_equals_int(service.creates(), std::size(kResults));
  fail_unless_equals_int(frames.size(), count);
  std::string wrong;
  const auto judge = [&](const char* what, const std::string* first) {
    double least = 99;
    for (const std::string* frame = first; frame < first + kOfSegment; ++frame)
      least = std::min(least, psnr(original, *frame, pixels));
    if (least < input.least)
      wrong += std::string("\n  ") + what + ": " + std::to_string(least) + " dB";
  };
  const auto reference = shown(service.reference(1));
  fail_unless_equals_int(reference.size(), kOfSegment);
  judge("what is sent", reference.data());
  for (std::size_t segment = 0; segment < std::size(kResults); ++segment)
    judge(kResults[segment].name, &frames[segment * kOfSegment]);
  fail_unless(wrong.empty(), "input in %s:%s", input.name, wrong.c_str());
}
GST_END_TEST

static Suite* omniv2vbin_colour_suite() {
  Suite* suite = suite_create("omniv2vbin-colour");
  TCase* tcase = tcase_create("colour");
  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, colours, 0, std::size(kInputs));
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_colour)
