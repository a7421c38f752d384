// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Sound that goes along with a reference. Impulses at known samples go in, and are looked for in
// what a player decodes from the files made of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <future>
#include <thread>

#include "media/aac-setup.h"
#include "media/bus-cancellation.h"
#include "media/media-main.h"
#include "media/tones.h"
#include "service/error.h"

namespace {

using clips::BytesPtr;
using omni::BusCancellation;
using omni::CapsPtr;
using omni::Failure;
using omni::Reason;
using omni::ReferenceAudio;
using omni::mp4::Edit;
using omni::mp4::SampleTrack;
using namespace tones;

// Consecutive segments of all that can go along.

struct Form {
  const char* name;
  const char* kind;  // "raw", or the stream-format
  unsigned rate;
  std::size_t piece;  // samples of raw sound in a buffer; bytes of ADTS, 0 = a unit
};
const std::vector<Form> kForms = {
    {"raw 48000", "raw sound", 48000, 1000}, {"raw 44100", "raw sound", 44100, 441},
    {"raw 16000", "raw sound", 16000, 7777}, {"AAC", "raw", 48000, 0},
    {"AAC 44100", "raw", 44100, 0},          {"ADTS", "adts", 48000, 0},
    {"ADTS, cut", "adts", 44100, 333},       {"ADTS, many in one", "adts", 48000, 5000},
};

Sound made(const Form& form, const Samples& samples) {
  if (std::string(form.kind) == "raw sound") return raw(samples, form.rate, form.piece);
  const Sound sound = aac(samples, form.rate, form.kind);
  return form.piece ? cut_anywhere(sound, form.piece) : sound;
}

/// Lengths that no rate divides.
const std::array<GstClockTime, 4> kCuts = {0, 1'033'366'700, 2'000'000'001, 3'366'700'033};

START_TEST(segments) {
  const Form& form = kForms.at(static_cast<std::size_t>(_i));
  const bool encoded = std::string(form.kind) == "raw sound";
  const std::size_t late = encoded ? 0 : kUnit;  // what avenc_aac puts before
  const Samples samples = impulses(form.rate * 4);
  ReferenceAudio sound;
  feed(sound, made(form, samples));
  sound.end();
  Samples joined;
  std::size_t seen = 0;
  for (std::size_t i = 0; i + 1 < kCuts.size(); ++i) {
    const std::size_t from = sample_at(kCuts[i], form.rate);
    const std::size_t count = sample_at(kCuts[i + 1], form.rate) - from;
    const SampleTrack track = taken(sound, kCuts[i], kCuts[i + 1]);
    std::uint64_t shown = 0;
    for (const Edit& edit : track.edits) shown += edit.duration;
    ck_assert_uint_eq(shown,
                      gst_util_uint64_scale_round(kCuts[i + 1] - kCuts[i], kMovieRate, GST_SECOND));
    const BytesPtr file = reference(track);
    const Samples one = decoded(file, form.rate, count);
    seen += expect_impulses(form.name, one, from, late);
    // qtdemux 1.22 compares media times with the length that is shown: what lies before the first
    // sample that is heard, at most two units, it leaves out at the end.
    expect_impulses(std::string(form.name) + ", played", played(file, form.rate, count - 2 * kUnit),
                    from, late);
    joined.insert(joined.end(), one.begin(), one.end());
  }
  ck_assert_uint_eq(joined.size(), sample_at(kCuts.back(), form.rate));
  ck_assert_uint_ge(seen, form.rate * 3 / kApart - 3);
  // A sample lost or doubled at a cut would move all that follow.
  expect_impulses(std::string(form.name) + ", joined", joined, 0, late);
}
END_TEST
double difference(const Samples& a, const Samples& b) {
  ck_assert_uint_eq(a.size(), b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, static_cast<double>(std::abs(a[i] - b[i])));
  return most;
}

/// AAC goes bit for bit: what is heard is what is heard of the whole.
START_TEST(same_units) {
  const Sound source = aac(impulses(48000 * 4), 48000, _i ? "adts" : "raw");
  ReferenceAudio whole, parts;
  feed(whole, source);
  feed(parts, source);
  whole.end();
  parts.end();
  const Samples all =
      decoded(reference(taken(whole, 0, kCuts.back())), 48000, sample_at(kCuts.back(), 48000));
  Samples joined;
  for (std::size_t i = 0; i + 1 < kCuts.size(); ++i) {
    const std::size_t count = sample_at(kCuts[i + 1], 48000) - sample_at(kCuts[i], 48000);
    const SampleTrack track = taken(parts, kCuts[i], kCuts[i + 1]);
    const Samples one = decoded(reference(track), 48000, count);
    joined.insert(joined.end(), one.begin(), one.end());
  }
  const double most = difference(all, joined);
  ck_assert_msg(most < 1e-6, "%g", most);
}
END_TEST

std::string bytes_of(const SampleTrack& track) {
  return clips::text(*file_of({track}));
}

START_TEST(same_bytes) {
  const Form& form = kForms.at(static_cast<std::size_t>(_i));
  const Samples samples = impulses(form.rate * 2);
  std::array<std::string, 2> files;
  for (std::string& file : files) {
    ReferenceAudio sound;
    feed(sound, made(form, samples));
    sound.end();
    // What was dropped before makes no difference.
    if (&file != &files[0]) sound.drop_before(GST_SECOND / 2);
    file = bytes_of(taken(sound, GST_SECOND / 2, 3 * GST_SECOND / 2));
  }
  ck_assert(files[0] == files[1]);
}
END_TEST

/// However it is cut into buffers.
START_TEST(same_bytes_in_other_buffers) {
  const Samples samples = impulses(48000);
  std::array<std::string, 2> files;
  for (std::size_t i = 0; i < files.size(); ++i) {
    ReferenceAudio sound;
    feed(sound, raw(samples, 48000, i ? 4801 : 480));
    files[i] = bytes_of(taken(sound, 0, GST_SECOND));
  }
  ck_assert(files[0] == files[1]);
}
END_TEST

START_TEST(other_formats) {
  const char* forms[] = {"U8,channels=2,channel-mask=(bitmask)3,rate=8000",
                         "S32BE,channels=1,rate=192000",
                         "S16LE,channels=6,channel-mask=(bitmask)0x3f,rate=48000",
                         "F64LE,channels=2,channel-mask=(bitmask)3,rate=37000"};
  const CapsPtr caps = caps_of(std::string("audio/x-raw,layout=interleaved,format=") + forms[_i]);
  GstAudioInfo info;
  ck_assert(gst_audio_info_from_caps(&info, caps.get()));
  std::array<std::string, 2> files;
  for (std::string& file : files) {
    ReferenceAudio sound;
    ck_assert(sound.set_caps(caps.get()));
    const std::string noise(static_cast<std::size_t>(info.rate * info.bpf), '\xBF');
    sound.push(buffer_of(noise.data(), noise.size()).get(), 0);
    const SampleTrack track = taken(sound, 0, GST_SECOND);
    ck_assert_uint_ge(track.media_duration(), track.timescale);
    const Samples heard = decoded(reference(track), 48000, 48000);
    ck_assert(std::any_of(heard.begin() + 40000, heard.end(),
                          [](float value) { return std::abs(value) > 0.001f; }));
    file = bytes_of(track);
  }
  ck_assert(files[0] == files[1]);
}
END_TEST

START_TEST(no_sound) {
  ReferenceAudio none;
  none.end();
  ck_assert(!take(none, 0, GST_SECOND));

  ReferenceAudio other;
  for (const char* caps :
       {"audio/x-opus", "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=non-interleaved",
        "audio/mpeg,mpegversion=1,layer=3", "audio/mpeg,mpegversion=4,stream-format=loas",
        "audio/mpeg,mpegversion=4,stream-format=raw",
        "audio/mpeg,mpegversion=4,stream-format=raw,codec_data=(buffer)f8e0"}) {
    ck_assert_msg(!other.set_caps(caps_of(caps).get()), "%s", caps);
  }
  other.push(buffer_of("abcd", 4).get(), 0);
  ck_assert(!take(other, 0, GST_SECOND));  // at once, though there is no end
  // What comes later can go along.
  feed(other, raw(impulses(48000), 48000, 1000, 48000));
  other.end();
  ck_assert(!take(other, 0, GST_SECOND));
  ck_assert(take(other, GST_SECOND, 2 * GST_SECOND));
}
END_TEST

/// From 0.5 s to 1.5 s of two seconds.
START_TEST(late_and_short) {
  const Samples samples = impulses(48000);
  const Sound source = _i ? aac(samples, 48000, "raw") : raw(samples, 48000);
  ReferenceAudio sound;
  ck_assert(sound.set_caps(source.caps.get()));
  for (const Timed& one : source.buffers) {
    sound.push(one.buffer.get(), one.time + GST_SECOND / 2);
  }
  sound.end();
  const std::size_t late = _i ? kUnit : 0;
  const BytesPtr file = reference(taken(sound, 0, 2 * GST_SECOND));
  for (const Samples& heard : {decoded(file, 48000, 96000), played(file, 48000, 96000)}) {
    ck_assert_uint_eq(loudest(heard, 0, 23000), 0);
    ck_assert(std::abs(heard[0]) < 0.01f);
    const Samples inner(heard.begin() + 24000, heard.begin() + 72000);
    ck_assert_uint_ge(expect_impulses("inside", inner, 0, late), 8);
    // The last unit of AAC is filled up with silence.
    for (std::size_t i = 72000 + 3 * kUnit; i < heard.size(); ++i)
      ck_assert(std::abs(heard[i]) < 0.01f);
  }
  ck_assert(!take(sound, 2 * GST_SECOND, 3 * GST_SECOND));
}
END_TEST

/// Half a second is missing in the middle. Row 2: and the stream says so.
START_TEST(gap) {
  const Samples samples = impulses(72000);
  const Sound source = _i == 1 ? aac(samples, 48000, "raw") : raw(samples, 48000, 1024);
  ReferenceAudio sound;
  ck_assert(sound.set_caps(source.caps.get()));
  bool after = false;
  for (const Timed& one : source.buffers) {
    const bool missing = one.time >= GST_SECOND / 2 && one.time < GST_SECOND;
    if (missing) continue;
    if (_i == 2 && !after && one.time >= GST_SECOND) {
      GST_BUFFER_FLAG_SET(one.buffer.get(), GST_BUFFER_FLAG_DISCONT);
      after = true;
    }
    sound.push(one.buffer.get(), one.time);
  }
  sound.end();
  const std::size_t late = _i == 1 ? kUnit : 0;
  const BytesPtr file = reference(taken(sound, 0, 3 * GST_SECOND / 2));
  for (const Samples& heard : {decoded(file, 48000, 72000), played(file, 48000, 72000)}) {
    expect_impulses("before", Samples(heard.begin(), heard.begin() + 24000), 0, late);
    const std::size_t loud = loudest(heard, 24000 + 2 * kUnit, 47000);
    ck_assert_msg(std::abs(heard[loud]) < 0.05f, "%zu: %f", loud, static_cast<double>(heard[loud]));
    expect_impulses("after", Samples(heard.begin() + 50000, heard.end()), 50000, late);
  }
}
END_TEST

/// Times that are rounded to milliseconds move nothing; a buffer that comes twice is heard once.
START_TEST(rounded_times) {
  const Samples samples = impulses(48000);
  Sound source = raw(samples, 48000, 480 + 31);
  for (Timed& one : source.buffers)
    one.time = (one.time + GST_MSECOND / 2) / GST_MSECOND * GST_MSECOND;
  const std::vector<Timed> again(source.buffers.begin() + 44, source.buffers.begin() + 50);
  source.buffers.insert(source.buffers.begin() + 50, again.begin(), again.end());
  for (Timed& one : source.buffers) {
    if (&one == &source.buffers[10]) one.time = GST_CLOCK_TIME_NONE;
  }
  ReferenceAudio sound;
  feed(sound, source);
  sound.end();
  const Samples heard = decoded(reference(taken(sound, 0, GST_SECOND)), 48000, 48000);
  ck_assert_uint_eq(expect_impulses("rounded", heard, 0), 10);
}
END_TEST

START_TEST(other_caps) {
  ReferenceAudio sound;
  feed(sound, raw(impulses(48000), 48000));
  feed(sound, raw(impulses(44100 * 2), 44100, 1000, 44100));
  sound.end();
  // The second half is left out: silence.
  const Samples first = decoded(reference(taken(sound, 0, 2 * GST_SECOND)), 48000, 96000);
  expect_impulses("first", Samples(first.begin(), first.begin() + 48000), 0);
  ck_assert(std::abs(first[loudest(first, 49000, 96000)]) < 0.01f);
  const Samples second = decoded(reference(taken(sound, GST_SECOND, 3 * GST_SECOND)), 44100, 88200);
  expect_impulses("second", second, 0);
}
END_TEST

// Waiting.

std::future<bool> take_elsewhere(ReferenceAudio& sound, BusCancellation& interrupt,
                                 GstClockTime end) {
  return std::async(std::launch::async, [&sound, &interrupt, end] {
    try {
      return sound.take(0, end, kMovieRate, interrupt).has_value();
    } catch (const Failure& failure) {
      ck_assert_int_eq(static_cast<int>(failure.error().reason),
                       static_cast<int>(Reason::cancelled));
      throw;
    }
  });
}

/// The same caps again are no others, whatever came between.
START_TEST(same_caps_again) {
  const Sound all = raw(impulses(48000), 48000);
  ReferenceAudio sound;
  for (const Timed& one : all.buffers) {
    sound.set_caps(
        caps_of("audio/x-raw,format=S16LE,layout=interleaved,channels=1,rate=48000").get());
    ck_assert(sound.set_caps(all.caps.get()));
    sound.push(one.buffer.get(), one.time);
  }
  expect_impulses("again", decoded(reference(taken(sound, 0, GST_SECOND)), 48000, 48000), 0);
}
END_TEST

/// It waits for the last sample, or for who says that it will not come.
START_TEST(waits) {
  const Sound source = raw(impulses(48000), 48000);
  ReferenceAudio sound;
  BusCancellation interrupt;
  ck_assert(sound.set_caps(source.caps.get()));
  for (std::size_t i = 0; i + 1 < source.buffers.size(); ++i)
    sound.push(source.buffers[i].buffer.get(), source.buffers[i].time);
  std::future<bool> waiting = take_elsewhere(sound, interrupt, GST_SECOND);
  ck_assert(waiting.wait_for(std::chrono::milliseconds(200)) == std::future_status::timeout);
  bool has = true;
  switch (_i) {
    case 0:
      sound.push(source.buffers.back().buffer.get(), source.buffers.back().time);
      break;
    case 1:
      sound.end();
      break;
    case 2:
      sound.skip_to(GST_SECOND - 1);
      sound.skip_to(GST_SECOND);
      break;
    case 3:
      sound.set_caps(caps_of("audio/x-opus").get());
      break;
    default:
      // One before it waits has nothing to end.
      while (waiting.wait_for(std::chrono::milliseconds(10)) == std::future_status::timeout)
        sound.flush();
      has = false;
      break;
  }
  ck_assert(waiting.get() == has);
}
END_TEST

/// Row 0: before; row 1: while it waits; row 2: while it encodes.
START_TEST(interrupted) {
  ReferenceAudio sound;
  BusCancellation interrupt;
  const int seconds = _i == 2 ? 600 : 1;
  if (_i == 0) interrupt.cancel();
  if (_i == 2) {
    feed(sound, raw(impulses(48000 * 600), 48000, 48000));
    sound.end();
  }
  std::future<bool> waiting =
      take_elsewhere(sound, interrupt, static_cast<GstClockTime>(seconds) * GST_SECOND);
  if (_i > 0) {
    ck_assert(waiting.wait_for(std::chrono::milliseconds(200)) == std::future_status::timeout);
    interrupt.cancel();
  }
  bool cancelled = false;
  try {
    waiting.get();
  } catch (const Failure&) {
    cancelled = true;
  }
  ck_assert(cancelled);
}
END_TEST

/// One thread feeds, another takes segment after segment, a third drops.
START_TEST(threads) {
  const Sound source =
      _i ? aac(impulses(48000 * 4), 48000, "adts") : raw(impulses(48000 * 4), 48000);
  ReferenceAudio sound;
  std::thread feeder([&] {
    feed(sound, source);
    sound.end();
  });
  std::thread dropper([&] {
    for (int i = 0; i < 1000; ++i) sound.drop_before(1);
  });
  std::size_t seen = 0;
  for (GstClockTime at = 0; at < 4 * GST_SECOND; at += GST_SECOND / 2) {
    const BytesPtr file = file_of({taken(sound, at, at + GST_SECOND / 2)});
    seen +=
        expect_impulses("one", decoded(file, 48000, 24000),
                        at / GST_SECOND * 48000 + at % GST_SECOND * 48 / 1'000'000, _i ? kUnit : 0);
  }
  feeder.join();
  dropper.join();
  ck_assert_uint_ge(seen, 30);
}
END_TEST

/// Of what nobody takes, no more is kept than was not said to be old.
START_TEST(bounded) {
  const Sound source =
      _i ? aac(impulses(48000 * 2), 48000, "raw") : raw(impulses(48000 * 2), 48000, kUnit);
  ReferenceAudio sound;
  const auto kept = [&] {
    return std::count_if(source.buffers.begin(), source.buffers.end(), [](const Timed& one) {
      return GST_MINI_OBJECT_REFCOUNT_VALUE(one.buffer.get()) > 1;
    });
  };
  feed(sound, source);
  const auto all = static_cast<std::ptrdiff_t>(source.buffers.size());
  ck_assert_int_eq(kept(), all);
  sound.drop_before(GST_SECOND);
  // 46 units end before; AAC keeps one of them for its decoder.
  ck_assert_int_eq(kept(), all - 46 + _i);
  sound.drop_before(10 * GST_SECOND);
  ck_assert_int_eq(kept(), _i);
  sound.flush();
  ck_assert_int_eq(kept(), 0);
  // Dropped as it comes.
  sound.drop_before(GST_SECOND);
  feed(sound, source);
  ck_assert_int_eq(kept(), all - 46 + _i);
}
END_TEST

// What AAC says of itself.

START_TEST(aac_configs) {
  using omni::read_aac_config;
  const auto lc = read_aac_config("\x12\x10");
  ck_assert(lc && lc->rate == 44100 && lc->channels == 2 && lc->unit == 1024);
  const auto short_units = read_aac_config(std::string("\x11\x8C", 2));
  ck_assert(short_units && short_units->rate == 48000 && short_units->channels == 1 &&
            short_units->unit == 960);
  const auto sbr = read_aac_config(std::string("\x2B\x11\x88\x00", 4));  // 24 kHz, heard at 48
  ck_assert(sbr && sbr->rate == 24000 && sbr->channels == 2 && sbr->unit == 1024);
  const auto free_rate = read_aac_config(std::string("\x17\x80\x1F\x40\x10", 5));
  ck_assert(free_rate && free_rate->rate == 16000 && free_rate->channels == 2);
  ck_assert(!read_aac_config("\x12"));
  ck_assert(!read_aac_config(""));
  ck_assert(!read_aac_config("\xF8\xE0"));      // low delay
  ck_assert(!read_aac_config("\x16\x90\x00"));  // a rate that is none
}
END_TEST

START_TEST(adts_headers) {
  std::array<std::uint8_t, 7> good = {0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC};
  const auto header = omni::read_adts(good);
  ck_assert(header && header->header == 7 && header->size == 16);
  ck_assert(header->setup.config == std::string("\x12\x10") && header->setup.rate == 44100);
  const auto bad = [&](std::size_t at, std::uint8_t value) {
    std::array<std::uint8_t, 7> other = good;
    other[at] = value;
    return !omni::read_adts(other);
  };
  ck_assert(bad(1, 0xE1));  // no sync word
  ck_assert(bad(1, 0xF3));  // a layer
  ck_assert(bad(2, 0x7C));  // no rate
  ck_assert(bad(3, 0x00));  // channels inside
  ck_assert(bad(6, 0xFD));  // two units in one
  ck_assert(bad(4, 0x00));  // shorter than its header
  good[1] = 0xF0;           // with a checksum
  ck_assert_uint_eq(omni::read_adts(good)->header, 9);
}
END_TEST

/// Garbage between units is passed over.
START_TEST(adts_garbage) {
  Sound source = aac(impulses(48000), 48000, "adts");
  std::string garbage(777, '\0');
  for (std::size_t i = 0; i < garbage.size(); ++i) garbage[i] = static_cast<char>(i * 37);
  source.buffers.insert(source.buffers.begin(), {buffer_of(garbage.data(), garbage.size()), 0});
  ReferenceAudio sound;
  feed(sound, source);
  sound.end();
  const Samples heard = decoded(reference(taken(sound, 0, GST_SECOND)), 48000, 48000);
  expect_impulses("behind garbage", heard, 0, kUnit);
}
END_TEST
}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "media-reference-audio",
                         {{"segments", segments, kForms.size()},
                          {"same units", same_units, 2},
                          {"same bytes", same_bytes, kForms.size()},
                          {"same bytes in other buffers", same_bytes_in_other_buffers, 1},
                          {"other formats", other_formats, 4},
                          {"no sound", no_sound, 1},
                          {"late and short", late_and_short, 2},
                          {"gap", gap, 3},
                          {"rounded times", rounded_times, 1},
                          {"other caps", other_caps, 1},
                          {"same caps again", same_caps_again, 1},
                          {"waits", waits, 5},
                          {"interrupted", interrupted, 3},
                          {"threads", threads, 2},
                          {"bounded", bounded, 2},
                          {"AAC configs", aac_configs, 1},
                          {"ADTS headers", adts_headers, 1},
                          {"ADTS garbage", adts_garbage, 1}});
}
