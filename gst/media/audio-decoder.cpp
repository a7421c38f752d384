// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/audio-decoder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "media/bus-cancellation.h"
#include "media/mp4/only-track.h"
#include "media/mp4/probe.h"
#include "media/mp4/samples.h"
#include "service/error.h"

namespace omni {
namespace {

constexpr std::size_t kMostEdits = 1000;

[[noreturn]] void bad_result(const std::string& what) {
  throw Failure(Reason::bad_result, what);
}

/// Media that is presented, in samples of the requested format.
struct Heard {
  std::uint64_t at = 0;     // in the output
  std::uint64_t media = 0;  // in the track's media
  std::uint64_t count = 0;
};

class SoundDecoder {
 public:
  SoundDecoder(std::shared_ptr<const ByteRope> file, const GstAudioInfo& format,
               std::uint64_t samples);
  BytesPtr run(BusCancellation& cancellation);

 private:
  std::optional<mp4::SampleTrack> find_track();
  void plan(const mp4::SampleTrack& track);
  void decode(const mp4::SampleTrack& track, BusCancellation& cancellation);
  bool use(GstBuffer* buffer, GstClockTime since_first);
  void copy(const GstMapInfo& from, std::uint64_t at);

  std::shared_ptr<const ByteRope> file_;
  GstAudioInfo format_;
  std::uint64_t samples_;
  std::uint32_t movie_timescale_ = 0;
  std::vector<std::uint8_t> pcm_;
  std::vector<Heard> heard_;
  std::uint64_t needed_ = 0;           // media from here on is not presented
  std::optional<std::uint64_t> next_;  // sample of the media, on the streaming thread
};

SoundDecoder::SoundDecoder(std::shared_ptr<const ByteRope> file, const GstAudioInfo& format,
                           std::uint64_t samples)
    : file_(std::move(file)), format_(format), samples_(samples) {
  const bool good = format.finfo && format.bpf > 0 && format.rate > 0 &&
                    format.layout == GST_AUDIO_LAYOUT_INTERLEAVED &&
                    samples <= std::numeric_limits<std::uint32_t>::max();
  if (!good) {
    throw Failure(
        Reason::invalid_request,
        "the audio of the result cannot be output in this format: interleaved PCM is needed");
  }
  pcm_.resize(static_cast<std::size_t>(samples) * static_cast<std::size_t>(format.bpf));
  if (!pcm_.empty()) gst_audio_format_info_fill_silence(format.finfo, pcm_.data(), pcm_.size());
}

/// The track that a player would choose: the first enabled one.
std::optional<mp4::SampleTrack> SoundDecoder::find_track() {
  std::optional<mp4::SampleTrack> found;
  try {
    mp4::Movie movie = mp4::read_movie(file_);
    if (movie.tracks.empty()) bad_result("the result cannot be read: it is not an MP4 with tracks");
    movie_timescale_ = movie.timescale;
    for (mp4::SampleTrack& track : movie.tracks) {
      if (track.handler != "soun" || track.entries.empty() || track.timescale == 0) continue;
      if (!found || (!found->enabled && track.enabled)) found = std::move(track);
    }
  } catch (const mp4::Problem& problem) {
    bad_result("the result cannot be read: " + problem.text);
  }
  return found;
}

void SoundDecoder::plan(const mp4::SampleTrack& track) {
  std::vector<mp4::Edit> edits = track.edits;
  if (edits.empty()) edits.push_back({0, 0, 0x10000});
  if (edits.size() > kMostEdits) bad_result("the audio of the result is cut into too many pieces");
  const auto rate = static_cast<guint64>(format_.rate);
  std::uint64_t time = 0;
  std::uint64_t at = 0;
  for (const mp4::Edit& edit : edits) {
    if (at >= samples_) break;
    // Without a duration: until the end.
    const bool open = movie_timescale_ == 0 || (edit.duration == 0 && edit.media_time >= 0);
    time += std::min(edit.duration, std::numeric_limits<std::uint64_t>::max() - time);
    const std::uint64_t until =
        open ? samples_
             : std::min(samples_, gst_util_uint64_scale_round(time, rate, movie_timescale_));
    if (edit.media_time >= 0 && until > at) {
      const std::uint64_t media = gst_util_uint64_scale_round(
          static_cast<std::uint64_t>(edit.media_time), rate, track.timescale);
      heard_.push_back({at, media, until - at});
      needed_ = std::max(needed_, media + (until - at));
    }
    at = std::max(at, until);
  }
}

/// On the streaming thread. False: everything needed has been decoded.
bool SoundDecoder::use(GstBuffer* buffer, GstClockTime since_first) {
  // The first buffer gives the start of the audio; audiorate guarantees that no samples are missing
  // after it.
  if (!next_)
    next_ =
        gst_util_uint64_scale_round(since_first, static_cast<guint64>(format_.rate), GST_SECOND);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return true;
  copy(map, *next_);
  *next_ += map.size / static_cast<gsize>(format_.bpf);
  gst_buffer_unmap(buffer, &map);
  return *next_ < needed_;
}

void SoundDecoder::copy(const GstMapInfo& from, std::uint64_t at) {
  const auto frame = static_cast<std::size_t>(format_.bpf);
  const std::uint64_t end = at + from.size / frame;
  for (const Heard& heard : heard_) {
    const std::uint64_t first = std::max(at, heard.media);
    const std::uint64_t last = std::min(end, heard.media + heard.count);
    if (first >= last) continue;
    std::memcpy(pcm_.data() + (heard.at + first - heard.media) * frame,
                from.data + (first - at) * frame, (last - first) * frame);
  }
}

void SoundDecoder::decode(const mp4::SampleTrack& track, BusCancellation& cancellation) {
  const auto pass_on = [this](GstBuffer* buffer, GstClockTime since_first) {
    return use(buffer, since_first);
  };
  try {
    decode_audio(mp4::only_track(file_, track, movie_timescale_), format_, pass_on, cancellation);
  } catch (const Failure& failure) {
    // A track that was only announced: GStreamer reports no playable stream.
    if (failure.error().reason != Reason::bad_result || !track.samples.empty()) throw;
  }
}

BytesPtr SoundDecoder::run(BusCancellation& cancellation) {
  const std::optional<mp4::SampleTrack> track = find_track();
  if (track) plan(*track);
  if (!heard_.empty()) decode(*track, cancellation);
  auto* pcm = new std::vector<std::uint8_t>(std::move(pcm_));
  return BytesPtr::adopt(g_bytes_new_with_free_func(
      pcm->data(), pcm->size(),
      [](gpointer self) { delete static_cast<std::vector<std::uint8_t>*>(self); }, pcm));
}

}  // namespace

BytesPtr decode_sound(std::shared_ptr<const ByteRope> file, const GstAudioInfo& format,
                      std::uint64_t samples, BusCancellation& cancellation) {
  return SoundDecoder(std::move(file), format, samples).run(cancellation);
}

}  // namespace omni
