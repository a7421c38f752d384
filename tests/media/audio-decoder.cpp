// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The sound of a result as PCM: where each sample comes out, and how many.
#include <algorithm>
#include <cmath>

#include "media/audio-decoder.h"
#include "media/bus-cancellation.h"
#include "media/media-main.h"
#include "media/tones.h"
#include "service/error.h"

namespace {

using clips::BytesPtr;
using omni::BusCancellation;
using omni::Failure;
using omni::Reason;
using omni::ReferenceAudio;
using omni::mp4::Edit;
using namespace tones;

START_TEST(length) {
  const BytesPtr file = result(48000, {});
  for (const std::size_t count : {0ul, 1ul, 1023ul, 30000ul, 48000ul, 48001ul, 200000ul}) {
    const Samples heard = decoded(file, 48000, count);
    if (count > 2000) {
      const auto end = heard.begin() + static_cast<std::ptrdiff_t>(std::min(count, 48000ul));
      expect_impulses(std::to_string(count), Samples(heard.begin(), end), 0);
    }
    for (std::size_t i = 48000 + kUnit; i < count; ++i) ck_assert(heard[i] == 0.0f);
  }
}
END_TEST

START_TEST(edits) {
  // 0.25 s of nothing, media from 0.5 s on for 0.2 s, nothing for 0.05 s, then from 0.1 s to the
  // end.
  const std::int64_t priming = 1024;
  const BytesPtr file = result(48000, {{22500, -1, 0x10000},
                                       {18000, priming + 24000, 0x10000},
                                       {4500, -1, 0x10000},
                                       {0, priming + 4800, 0x10000}});
  const Samples heard = decoded(file, 48000, 96000);
  for (std::size_t i = 0; i < 12000; ++i) ck_assert(heard[i] == 0.0f);
  expect_impulses("second", Samples(heard.begin() + 12000, heard.begin() + 21600), 24000);
  for (std::size_t i = 21600; i < 24000; ++i) ck_assert(heard[i] == 0.0f);
  expect_impulses("last", Samples(heard.begin() + 24000, heard.begin() + 24000 + 43200), 4800);
}
END_TEST

START_TEST(formats) {
  const BytesPtr file = result(48000, {});
  BusCancellation interrupt;
  // The same sound at another rate: neither faster nor slower.
  const Samples other = decoded(file, 44100, 44100);
  for (std::size_t at = kFirst; at + 200 < 48000; at += kApart) {
    const auto where = static_cast<std::size_t>(std::lround(static_cast<double>(at) * 0.91875));
    const std::size_t found = loudest(other, where - 500, where + 500);
    ck_assert_msg(found + 1 >= where && found <= where + 1, "%zu instead of %zu", found, where);
  }
  GstAudioInfo stereo;
  gst_audio_info_set_format(&stereo, GST_AUDIO_FORMAT_U8, 48000, 2, nullptr);
  const omni::BytesPtr pcm = omni::decode_sound(file, stereo, 60000, interrupt);
  gsize size = 0;
  const auto* bytes = static_cast<const std::uint8_t*>(g_bytes_get_data(pcm.get(), &size));
  ck_assert_uint_eq(size, 120000);
  ck_assert_uint_gt(bytes[kFirst * 2], 160);
  ck_assert_int_le(std::abs(bytes[kFirst * 2] - bytes[kFirst * 2 + 1]), 1);
  ck_assert_uint_eq(bytes[size - 1], 0x80);
  const omni::BytesPtr again = omni::decode_sound(file, stereo, 60000, interrupt);
  ck_assert(g_bytes_equal(pcm.get(), again.get()));
}
END_TEST

/// As services send them, and in other containers: the ticks of a second are where the source has
/// them.
START_TEST(containers) {
  const std::string picture =
      "videotestsrc num-buffers=50 ! video/x-raw,width=64,height=64,framerate=25/1 ! x264enc "
      "threads=1 speed-preset=ultrafast ! h264parse ! ";
  const std::string ticks =
      " audiotestsrc wave=ticks num-buffers=94 samplesperbuffer=1024 ! "
      // Some samples of a tick it leaves as they are in memory: as floats they may be anything.
      "audio/x-raw,format=S16LE,rate=48000,channels=2 ! audioconvert ! ";
  const std::string lines[] = {
      picture + "mp4mux name=mux ! appsink name=out" + ticks + "avenc_aac ! aacparse ! mux.",
      picture + "mp4mux fragment-duration=300 name=mux ! appsink name=out" + ticks +
          "avenc_aac ! aacparse ! mux.",
      picture + "mp4mux name=mux ! appsink name=out" + ticks + "lamemp3enc ! mpegaudioparse ! mux.",
      picture + "qtmux name=mux ! appsink name=out" + ticks + "audio/x-raw,format=S16LE ! mux.",
  };
  const BytesPtr file = clips::make(lines[_i]);
  const Samples heard = decoded(file, 48000, 96000);
  const Samples expected = played(file, 48000, 96000);
  const auto onset = [](const Samples& samples) {
    return std::find_if(samples.begin() + 24000, samples.end(),
                        [](float value) { return std::abs(value) > 0.1f; }) -
           samples.begin();
  };
  ck_assert_int_lt(onset(expected), 60000);
  const auto apart = onset(heard) - onset(expected);
  ck_assert_msg(std::abs(apart) <= 1, "%td samples apart", apart);
}
END_TEST

/// Row 1: a track of sound is announced, and there is nothing in it.
START_TEST(without_sound) {
  BytesPtr file = clips::make(
      "videotestsrc num-buffers=5 ! x264enc threads=1 speed-preset=ultrafast ! h264parse ! mp4mux "
      "! "
      "appsink name=out");
  if (_i == 1) {
    ReferenceAudio source;
    feed(source, raw(impulses(48000), 48000));
    omni::mp4::SampleTrack track = taken(source, 0, GST_SECOND);
    track.samples.clear();
    file = reference(track);
  }
  const Samples heard = decoded(file, 48000, 4800);
  ck_assert(std::all_of(heard.begin(), heard.end(), [](float value) { return value == 0.0f; }));
}
END_TEST

omni::Error failure_of(const BytesPtr& file, const GstAudioInfo& format,
                       BusCancellation& interrupt) {
  try {
    omni::decode_sound(file, format, 48000, interrupt);
  } catch (const Failure& failure) {
    return failure.error();
  }
  ck_abort_msg("it was accepted");
}

START_TEST(broken) {
  BusCancellation interrupt;
  const std::string good = clips::text(*result(48000, {}));
  const omni::Error cut =
      failure_of(clips::rope(good.substr(0, good.size() - 10)), mono(48000), interrupt);
  ck_assert_int_eq(static_cast<int>(cut.reason), static_cast<int>(Reason::bad_result));
  expect_contains("cut", cut.message, "the result cannot be read");
  const omni::Error empty = failure_of(clips::rope(""), mono(48000), interrupt);
  ck_assert_int_eq(static_cast<int>(empty.reason), static_cast<int>(Reason::bad_result));
  std::string other = good;
  other.replace(other.find("mp4a"), 4, "xyz!");
  const omni::Error codec = failure_of(clips::rope(other), mono(48000), interrupt);
  ck_assert_int_eq(static_cast<int>(codec.reason), static_cast<int>(Reason::bad_result));
  expect_contains("codec", codec.message, "the audio of the result cannot be decoded");
  const omni::Error format = failure_of(clips::rope(good), GstAudioInfo{}, interrupt);
  ck_assert_int_eq(static_cast<int>(format.reason), static_cast<int>(Reason::invalid_request));
  interrupt.cancel();
  const omni::Error stopped = failure_of(clips::rope(good), mono(48000), interrupt);
  ck_assert_int_eq(static_cast<int>(stopped.reason), static_cast<int>(Reason::cancelled));
}
END_TEST

/// With edits that lie, nothing is written where it must not be.
START_TEST(wild_edits) {
  const std::int64_t far = std::int64_t{1} << 62;
  const std::vector<std::vector<Edit>> rows = {
      {{~std::uint64_t{0}, -1, 0x10000}, {90000, 0, 0x10000}},
      {{90000, far, 0x10000}, {90000, 0, 0x10000}},
      {{~std::uint64_t{0}, 0, 0x10000}, {~std::uint64_t{0}, 5, 0x10000}},
      {{0, -1, 0x10000}, {0, far, 0}},
      {{std::uint64_t{1} << 40, 1024, 0x10000}},
  };
  const BytesPtr file = result(48000, rows.at(static_cast<std::size_t>(_i)));
  BusCancellation interrupt;
  try {
    const omni::BytesPtr pcm = omni::decode_sound(file, mono(48000), 96000, interrupt);
    ck_assert_uint_eq(g_bytes_get_size(pcm.get()), 96000 * sizeof(float));
  } catch (const Failure& failure) {  // GStreamer reads no file that says it is so long
    ck_assert_int_eq(static_cast<int>(failure.error().reason),
                     static_cast<int>(Reason::bad_result));
  }
}
END_TEST
}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "media-audio-decoder",
                         {{"length", length, 1},
                          {"edits", edits, 1},
                          {"formats", formats, 1},
                          {"containers", containers, 4},
                          {"without sound", without_sound, 2},
                          {"broken", broken, 1},
                          {"wild edits", wild_edits, 5}});
}
