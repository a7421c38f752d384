// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The samples of an MP4's tracks: where each lies, when it is decoded and presented. Read from the
// tables of a plain file or from the fragments of a fragmented one. probe.h describes the file as a
// whole; writer.h writes files.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "service/byte-rope.h"

namespace omni::mp4 {

struct Sample {
  std::uint64_t offset = 0;  // in the track's media
  std::uint32_t size = 0;
  std::uint32_t duration = 0;     // until the next one is decoded
  std::int32_t composition = 0;   // presented this much after decoding
  std::uint32_t description = 1;  // index of the sample entry, from 1
  bool sync = true;
};

struct Edit {
  std::uint64_t duration = 0;    // in the movie's timescale
  std::int64_t media_time = -1;  // in the track's timescale; -1 = an empty edit
  std::uint32_t rate = 0x10000;
};

struct SampleTrack {
  std::uint32_t id = 0;
  std::string handler;
  std::string codec;  // of the first sample entry
  bool enabled = true;
  std::uint32_t timescale = 0;
  std::uint16_t language = 0;  // as in mdhd
  std::array<std::uint32_t, 9> matrix{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000};
  std::uint32_t width = 0;  // 16.16, before the matrix
  std::uint32_t height = 0;
  std::vector<Edit> edits;           // none = the whole track from its start
  std::vector<std::string> entries;  // sample entries, whole boxes
  std::shared_ptr<const ByteRope> media;
  std::vector<Sample> samples;

  std::uint64_t media_duration() const;
  std::uint64_t shown_end() const;  // End of the last frame's presentation.
  std::uint64_t media_bytes() const;
};

/// Adds the samples of `next`, a track of the same kind and timescale.
void append(SampleTrack& track, const SampleTrack& next);

/// Of several video tracks the first of the highest rank is shown: one that moves before a still,
/// such as a thumbnail, and one that is enabled before one that is not.
constexpr int shown_rank(std::uint64_t samples, bool enabled) {
  return (samples > 1 ? 4 : samples == 1 ? 2 : 0) + (enabled ? 1 : 0);
}

struct Movie {
  std::uint32_t timescale = 0;
  bool quicktime = false;
  std::vector<SampleTrack> tracks;
  const SampleTrack* video() const;  // as Info::video()
};

/// All tracks with their sample entries, and their samples where those are well defined: not for
/// audio in QuickTime's layout without a table of sizes. Throws Problem.
Movie read_movie(std::shared_ptr<const ByteRope> file);

}  // namespace omni::mp4
