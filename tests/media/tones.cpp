// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/tones.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../unit/check-main.h"
#include "media/audio-decoder.h"
#include "media/bus-cancellation.h"
#include "media/mp4/writer.h"
#include "service/error.h"

namespace tones {

using clips::BytesPtr;
using omni::BufferPtr;
using omni::BusCancellation;
using omni::CapsPtr;
using omni::Failure;
using omni::ReferenceAudio;
using omni::SamplePtr;
using omni::mp4::Edit;
using omni::mp4::Movie;
using omni::mp4::SampleTrack;

Samples impulses(std::size_t count) {
  Samples samples(count);
  for (std::size_t i = 0; i < count; ++i) {
    samples[i] = 0.02f * std::sin(static_cast<float>(i) * 0.031f);
    if (i >= kFirst && (i - kFirst) % kApart == 0) samples[i] = 0.9f;
  }
  return samples;
}

CapsPtr caps_of(const std::string& text) {
  return CapsPtr::adopt(gst_caps_from_string(text.c_str()));
}

GstClockTime time_of(std::size_t sample, unsigned rate) {
  return gst_util_uint64_scale_round(sample, GST_SECOND, rate);
}

BufferPtr buffer_of(const void* data, std::size_t size) {
  return BufferPtr::adopt(gst_buffer_new_memdup(data, size));
}

Sound raw(const Samples& samples, unsigned rate, std::size_t piece, std::size_t from) {
  Sound sound;
  sound.caps = caps_of("audio/x-raw,format=F32LE,layout=interleaved,channels=1,rate=" +
                       std::to_string(rate));
  for (std::size_t at = 0; at < samples.size(); at += piece) {
    const std::size_t count = std::min(piece, samples.size() - at);
    sound.buffers.push_back(
        {buffer_of(samples.data() + at, count * sizeof(float)), time_of(from + at, rate)});
  }
  return sound;
}

Sound aac(const Samples& samples, unsigned rate, const std::string& form) {
  const Sound pcm = raw(samples, rate);
  GError* error = nullptr;
  const auto pipeline = omni::ElementPtr::adopt(GST_ELEMENT(
      gst_object_ref_sink(gst_parse_launch(("appsrc name=in format=time ! audioconvert ! avenc_aac "
                                            "bitrate=128000 aac-pns=false ! aacparse ! "
                                            "audio/mpeg,stream-format=" +
                                            form + " ! appsink name=out sync=false")
                                               .c_str(),
                                           &error))));
  ck_assert_msg(!error, "%s", error ? error->message : "");
  const auto in = omni::ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  const auto out = omni::ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  g_object_set(in.get(), "caps", pcm.caps.get(), nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  GstFlowReturn flow = GST_FLOW_OK;
  for (const Timed& one : pcm.buffers) {
    g_signal_emit_by_name(in.get(), "push-buffer", one.buffer.get(), &flow);
    ck_assert_int_eq(flow, GST_FLOW_OK);
  }
  g_signal_emit_by_name(in.get(), "end-of-stream", &flow);
  Sound sound;
  for (;;) {
    GstSample* pulled = nullptr;
    g_signal_emit_by_name(out.get(), "pull-sample", &pulled);
    const auto sample = SamplePtr::adopt(pulled);
    if (!sample) break;
    if (!sound.caps) sound.caps = CapsPtr::share(gst_sample_get_caps(sample.get()));
    const auto unit = BufferPtr::share(gst_sample_get_buffer(sample.get()));
    sound.buffers.push_back({unit, time_of(sound.buffers.size() * kUnit, rate)});
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  ck_assert_uint_gt(sound.buffers.size(), samples.size() / kUnit);
  return sound;
}

Sound cut_anywhere(const Sound& sound, std::size_t size) {
  std::string all;
  std::vector<std::pair<std::size_t, GstClockTime>> starts;
  for (const Timed& one : sound.buffers) {
    starts.emplace_back(all.size(), one.time);
    std::string data(gst_buffer_get_size(one.buffer.get()), '\0');
    gst_buffer_extract(one.buffer.get(), 0, data.data(), data.size());
    all += data;
  }
  Sound cut;
  cut.caps = sound.caps;
  for (std::size_t at = 0; at < all.size(); at += size) {
    const std::size_t count = std::min(size, all.size() - at);
    Timed one{buffer_of(all.data() + at, count), GST_CLOCK_TIME_NONE};
    for (const auto& [start, time] : starts) {
      if (start < at || start >= at + count) continue;
      one.time = time;
      break;
    }
    cut.buffers.push_back(one);
  }
  return cut;
}

void feed(ReferenceAudio& sound, const Sound& what) {
  ck_assert(sound.set_caps(what.caps.get()));
  for (const Timed& one : what.buffers) sound.push(one.buffer.get(), one.time);
}

std::optional<SampleTrack> take(ReferenceAudio& sound, GstClockTime start, GstClockTime end) {
  BusCancellation interrupt;
  try {
    return sound.take(start, end, kMovieRate, interrupt);
  } catch (const Failure& failure) {
    ck_abort_msg("%s", failure.what());
  }
}

SampleTrack taken(ReferenceAudio& sound, GstClockTime start, GstClockTime end) {
  const std::optional<SampleTrack> track = take(sound, start, end);
  ck_assert_msg(track.has_value(), "no sound was found");
  return *track;
}

BytesPtr file_of(std::vector<SampleTrack> tracks) {
  Movie movie;
  movie.timescale = kMovieRate;
  movie.tracks = std::move(tracks);
  return omni::mp4::write_movie(movie);
}

BytesPtr reference(const SampleTrack& sound) {
  const BytesPtr clip = clips::make(
      "videotestsrc num-buffers=25 ! video/x-raw,width=64,height=64,framerate=25/1 ! "
      "x264enc threads=1 bframes=0 speed-preset=ultrafast ! h264parse ! mp4mux ! "
      "appsink name=out");
  SampleTrack picture = omni::mp4::read_movie(clip).tracks.at(0);
  picture.edits.clear();
  return file_of({picture, sound});
}

GstAudioInfo mono(unsigned rate) {
  GstAudioInfo info;
  gst_audio_info_set_format(&info, GST_AUDIO_FORMAT_F32LE, static_cast<gint>(rate), 1, nullptr);
  return info;
}

Samples decoded(const BytesPtr& file, unsigned rate, std::size_t count) {
  BusCancellation interrupt;
  omni::BytesPtr pcm;
  try {
    pcm = omni::decode_sound(file, mono(rate), count, interrupt);
  } catch (const Failure& failure) {
    ck_abort_msg("%s", failure.what());
  }
  ck_assert_uint_eq(g_bytes_get_size(pcm.get()), count * sizeof(float));
  Samples samples(count);
  if (count > 0) {
    std::memcpy(samples.data(), g_bytes_get_data(pcm.get(), nullptr), count * sizeof(float));
  }
  return samples;
}

Samples played(const BytesPtr& file, unsigned rate, std::size_t count) {
  const clips::Stream stream =
      clips::play(*file, "audio",
                  "decodebin ! audioconvert dithering=none ! audio/x-raw,format=F32LE,channels=1");
  Samples samples(count);
  for (const clips::Buffer& buffer : stream.buffers) {
    const std::size_t at = gst_util_uint64_scale_round(buffer.time, rate, GST_SECOND);
    const std::size_t had = buffer.data.size() / sizeof(float);
    for (std::size_t i = 0; i < had && at + i < count; ++i) {
      std::memcpy(&samples[at + i], buffer.data.data() + i * sizeof(float), sizeof(float));
    }
  }
  return samples;
}

std::size_t loudest(const Samples& samples, std::size_t from, std::size_t to) {
  const auto end = samples.begin() + static_cast<std::ptrdiff_t>(std::min(to, samples.size()));
  const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(from);
  const auto found =
      std::max_element(begin, end, [](float a, float b) { return std::abs(a) < std::abs(b); });
  return static_cast<std::size_t>(found - samples.begin());
}

std::size_t expect_impulses(const std::string& row, const Samples& samples, std::size_t from,
                            std::size_t late) {
  std::size_t seen = 0;
  for (std::size_t at = kFirst + late; at < from + samples.size(); at += kApart) {
    if (at < from + 100 || at + 100 > from + samples.size()) continue;
    const std::size_t where = at - from;
    const std::size_t found =
        loudest(samples, where - std::min<std::size_t>(where, 800), where + 800);
    ck_assert_msg(found + 1 >= where && found <= where + 1, "%s: %zu instead of %zu", row.c_str(),
                  found, where);
    ck_assert_msg(std::abs(samples[found]) > 0.4f, "%s: only %f", row.c_str(),
                  static_cast<double>(samples[found]));
    ++seen;
  }
  ck_assert_uint_gt(seen, 0);
  return seen;
}

std::size_t sample_at(GstClockTime time, unsigned rate) {
  return gst_util_uint64_scale_round(time, rate, GST_SECOND);
}

BytesPtr result(std::size_t samples, std::vector<Edit> edits) {
  ReferenceAudio sound;
  feed(sound, raw(impulses(samples), 48000));
  sound.end();
  SampleTrack track = taken(sound, 0, time_of(samples, 48000));
  ck_assert_uint_eq(track.edits.size(), 1);
  if (!edits.empty()) track.edits = std::move(edits);
  return reference(track);
}

}  // namespace tones
