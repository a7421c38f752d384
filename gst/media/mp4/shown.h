// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What edit lists show of the media of a track.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "media/mp4/samples.h"

namespace omni::mp4 {

/// Where the media of a track lies in its own time, in nanoseconds.
struct MediaSpan {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint32_t timescale = 0;  // of the edits' media times
};

/// How long the edits show some of it, in nanoseconds. Time in which they show nothing, and edits
/// beyond the media, do not count.
std::uint64_t shown_length(const std::vector<Edit>& edits, std::uint32_t movie_timescale,
                           const MediaSpan& media);

/// A frame as the edits show it, in the track's timescale.
struct ShownSample {
  std::int64_t media = 0;  // when its own time has it
  std::int64_t time = 0;   // when it is shown
  std::uint32_t duration = 0;
};

/// The frames that are shown, in order. Empty when the edits cannot be told by such a list: a frame
/// is shown twice, out of order, at another rate, or has no length.
std::optional<std::vector<ShownSample>> shown_samples(const SampleTrack& track,
                                                      std::uint32_t movie_timescale);

/// Drops the samples before the last sync sample that `shown` needs, and those behind what it
/// shows. The times of the media, and with them those of `shown`, begin with what is left; the
/// edits are dropped.
void keep_shown(SampleTrack& track, std::vector<ShownSample>& shown);

/// Drops the sound that no edit plays and no decoder needs for what it plays.
void drop_unheard(SampleTrack& track, std::uint32_t movie_timescale);

}  // namespace omni::mp4
