// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/shown.h"

#include <algorithm>
#include <limits>

#include "media/mp4/boxes.h"

namespace omni::mp4 {

std::uint64_t shown_length(const std::vector<Edit>& edits, std::uint32_t movie_timescale,
                           const MediaSpan& media) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t sum = 0;
  for (const Edit& edit : edits) {
    if (edit.media_time < 0) continue;
    std::uint64_t length = to_ns(edit.duration, movie_timescale);
    if (edit.rate != 0) {  // else one frame is shown all the time
      const std::uint64_t from = std::max(
          media.first, to_ns(static_cast<std::uint64_t>(edit.media_time), media.timescale));
      const std::uint64_t left = media.last > from ? media.last - from : 0;
      length = length == 0 ? left : std::min(length, left);
    }
    sum = std::min(kMost, sum + length);
  }
  return sum;
}

}  // namespace omni::mp4
