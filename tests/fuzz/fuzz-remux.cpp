// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// libFuzzer target: any bytes as an MP4 whose samples are read and written anew, as
// oversize=transcode does. What is written must be readable again, with as many samples.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "media/mp4/only-track.h"
#include "media/mp4/probe.h"
#include "media/mp4/sample-entry.h"
#include "media/mp4/samples.h"
#include "media/mp4/writer.h"
#include "service/glib-ptr.h"

namespace {

using omni::mp4::Movie;
using omni::mp4::SampleTrack;

void require(bool condition) {
  if (!condition) std::abort();
}

std::shared_ptr<const omni::ByteRope> in_pieces(const std::uint8_t* data, std::size_t size) {
  auto bytes = std::make_shared<omni::ByteRope>();
  const std::size_t piece = size == 0 ? 1 : 1 + data[size - 1] % 64 * std::size_t{17};
  for (std::size_t at = 0; at < size; at += piece)
    bytes->append(omni::BytesPtr::adopt(g_bytes_new_static(data + at, std::min(piece, size - at))));
  return bytes;
}

bool is_picture(const SampleTrack& track) {
  return track.handler == "vide" && !track.samples.empty() && !track.entries.empty();
}

void write_anew(const Movie& movie) {
  const auto picture = std::find_if(movie.tracks.begin(), movie.tracks.end(), is_picture);
  if (picture == movie.tracks.end()) return;
  Movie one{movie.timescale, false, {*picture}};
  for (std::string& entry : one.tracks[0].entries) entry = omni::mp4::plain_video_entry(entry);
  const Movie again = omni::mp4::read_movie(omni::mp4::write_movie(one));
  require(again.tracks.size() == 1);
  require(again.tracks[0].samples.size() == picture->samples.size());
  require(again.tracks[0].media_bytes() == picture->media_bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = in_pieces(data, size);
  try {
    const Movie movie = omni::mp4::read_movie(file);
    for (const SampleTrack& track : movie.tracks) {
      omni::mp4::only_track(file, track, movie.timescale);
      for (const std::string& entry : track.entries)
        omni::mp4::plain_aac_entry(entry, track.timescale);
    }
    write_anew(movie);
  } catch (const omni::mp4::Problem& problem) {
    require(g_utf8_validate(problem.text.c_str(), -1, nullptr));
  }
  return 0;
}
