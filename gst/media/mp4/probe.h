// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Reads the structure of an MP4 (ISO/IEC 14496-12) far enough to know whether it can be sent as a
// reference or passed on as a result: boxes, tracks, duration, display size. Decodes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "service/byte-rope.h"

namespace omni::mp4 {

struct Track {
  std::string handler;            // 'vide', 'soun', ...
  std::string codec;              // sample entry: 'avc1', 'hvc1', 'mp4a', ...
  std::uint64_t duration_ns = 0;  // what its edit list shows of it
  bool enabled = true;
  std::uint64_t samples = 0;
  unsigned width = 0;  // display size of a video track: tkhd, rotation applied
  unsigned height = 0;
};

struct Info {
  std::string major_brand;        // 'isom', 'mp42', 'qt  ', ...
  std::uint64_t duration_ns = 0;  // of the video; where its track has none, of the movie
  bool fragmented = false;        // moof/mvex: the samples are not in moov
  bool moov_at_end = false;       // moov after mdat
  std::vector<Track> tracks;
  /// Of the video tracks the one that a player shows, see shown_rank(); nullptr without any.
  const Track* video() const;
};

/// A sentence for the user that says what is wrong with the file.
struct Problem {
  std::string text;
  bool truncated = false;  // the boxes promise more bytes than the file has
};

/// Accepts a whole file with moov, with ftyp or (QuickTime) without, and at least one video track
/// whose boxes fit into the file.
std::variant<Info, Problem> probe(const ByteRope& file);

}  // namespace omni::mp4
