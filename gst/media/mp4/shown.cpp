// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/shown.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "media/mp4/boxes.h"

namespace omni::mp4 {
namespace {

constexpr std::size_t kRollIn = 3;  // units of sound that a decoder wants before the first heard

std::int64_t scaled(std::uint64_t value, std::uint32_t to, std::uint32_t from) {
  const std::uint64_t whole = std::min<std::uint64_t>(value / from, 1u << 30);
  return static_cast<std::int64_t>(whole * to + (value % from * to + from / 2) / from);
}

std::vector<ShownSample> in_order(const SampleTrack& track) {
  std::vector<ShownSample> frames;
  std::int64_t time = 0;
  for (const Sample& sample : track.samples) {
    frames.push_back({time + sample.composition, time + sample.composition, sample.duration});
    time += sample.duration;
  }
  std::stable_sort(frames.begin(), frames.end(),
                   [](const ShownSample& a, const ShownSample& b) { return a.media < b.media; });
  return frames;
}

/// Edit lists are in a coarser time: what is shown for less than that is a rounding.
bool is_shown(const ShownSample& frame, std::int64_t from, std::int64_t until, std::int64_t tick) {
  const std::int64_t least =
      std::max<std::int64_t>(1, std::min<std::int64_t>(tick, frame.duration / 2));
  return std::min(frame.media + frame.duration, until) - std::max(frame.media, from) >= least;
}

}  // namespace

std::optional<std::vector<ShownSample>> shown_samples(const SampleTrack& track,
                                                      std::uint32_t movie_timescale) {
  const std::vector<ShownSample> all = in_order(track);
  if (track.edits.empty() || movie_timescale == 0 || all.empty()) return all;
  for (const ShownSample& frame : all) {
    if (frame.duration == 0) return {};  // times that tell nothing
  }
  const std::int64_t end = all.back().media + all.back().duration;
  const std::int64_t tick = scaled(1, track.timescale, movie_timescale);
  std::vector<ShownSample> shown;
  std::size_t next = 0;     // the first that was not shown yet
  std::uint64_t begin = 0;  // of the edit, in the movie's time
  for (const Edit& edit : track.edits) {
    const std::int64_t at = scaled(begin, track.timescale, movie_timescale);
    begin += std::min<std::uint64_t>(edit.duration, std::uint64_t{1} << 48);
    if (edit.media_time < 0) continue;
    if (edit.rate != 0x10000) return {};
    const std::int64_t from = std::min(edit.media_time, end);
    const std::int64_t until =
        edit.duration == 0 ? end : from + scaled(edit.duration, track.timescale, movie_timescale);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!is_shown(all[i], from, until, tick)) continue;
      if (i < next) return {};
      next = i + 1;
      const std::int64_t first = std::max(all[i].media, from);
      const std::int64_t last = std::min(all[i].media + all[i].duration, until);
      shown.push_back({all[i].media, at + first - from, static_cast<std::uint32_t>(last - first)});
    }
  }
  return shown;
}

void keep_shown(SampleTrack& track, std::vector<ShownSample>& shown) {
  std::int64_t time = 0;
  std::int64_t begin = 0;  // of what is kept
  std::size_t first = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < track.samples.size(); ++i) {
    const Sample& sample = track.samples[i];
    const std::int64_t media = time + sample.composition;
    if (sample.sync && media <= shown.front().media) {
      first = i;
      begin = time;
    }
    if (media <= shown.back().media) last = i;
    time += sample.duration;
  }
  track.samples.erase(track.samples.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                      track.samples.end());
  track.samples.erase(track.samples.begin(),
                      track.samples.begin() + static_cast<std::ptrdiff_t>(first));
  for (ShownSample& frame : shown) frame.media -= begin;
  track.edits.clear();
}

void drop_unheard(SampleTrack& track, std::uint32_t movie_timescale) {
  if (track.edits.empty() || movie_timescale == 0) return;
  const std::int64_t end = static_cast<std::int64_t>(track.media_duration());
  std::int64_t from = end;
  std::int64_t until = 0;
  for (const Edit& edit : track.edits) {
    if (edit.media_time < 0) continue;
    const std::int64_t length =
        edit.duration == 0 ? end : scaled(edit.duration, track.timescale, movie_timescale);
    from = std::min(from, edit.media_time);
    until = std::max(until, std::min(end, edit.media_time) + length);
  }
  if (from >= until) return;
  std::vector<Sample> kept;
  std::int64_t time = 0;
  std::int64_t begin = 0;
  for (const Sample& sample : track.samples) {
    const std::int64_t roll = static_cast<std::int64_t>(kRollIn) * sample.duration;
    if (time + sample.duration + roll > from && time < until) kept.push_back(sample);
    time += sample.duration;
    if (kept.empty()) begin = time;
  }
  track.samples = std::move(kept);
  for (Edit& edit : track.edits) {
    if (edit.media_time >= 0) edit.media_time -= begin;
  }
}

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
