// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/result-check.h"

#include <algorithm>
#include <memory>

#include "media/mp4/boxes.h"
#include "media/mp4/probe.h"
#include "media/mp4/samples.h"

namespace omni::mp4 {

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
// Video, audio in some languages, captions and timecode are far fewer than this.
constexpr std::size_t kMostTracks = 16;
// The most that decoders accept.
constexpr unsigned kMostPixels = 16384;  // per side
// Services round lengths, add a trailer, or make 10 s where 4 s were requested. Refusing a paid
// result costs more than showing it, so only nonsensical lengths are refused.
constexpr std::uint64_t kTimesBought = 4;
constexpr std::uint64_t kBeyondBought = 60 * kSecond;
constexpr std::uint64_t kLongestUnknown = 3600 * kSecond;

[[noreturn]] void refuse(std::string text) {
  throw Problem{std::move(text), false};
}

std::uint64_t longest(unsigned seconds) {
  return seconds == 0 ? kLongestUnknown : kTimesBought * seconds * kSecond + kBeyondBought;
}

std::string in_seconds(std::uint64_t ns) {
  return std::to_string(ns / kSecond) + " s";
}

void check_length(std::uint64_t ns, unsigned seconds) {
  if (ns <= longest(seconds)) return;
  refuse("it is " + in_seconds(ns) + " long, and " +
         (seconds == 0 ? "no service makes more than " + in_seconds(longest(0))
                       : std::to_string(seconds) + " s were bought"));
}

void check_picture(const Info& info) {
  const Track& video = *info.video();
  const auto as_good = [&](const Track& track) {
    return track.handler == "vide" &&
           shown_rank(track.samples, track.enabled) >= shown_rank(video.samples, video.enabled);
  };
  const auto pictures = std::count_if(info.tracks.begin(), info.tracks.end(), as_good);
  if (pictures != 1)
    refuse("it has " + std::to_string(pictures) + " video tracks, where one is expected");
  if (video.duration_ns == 0) refuse("its video has no duration");
  if (std::min(video.width, video.height) == 0 || std::max(video.width, video.height) > kMostPixels)
    refuse("its frame size is given as " + std::to_string(video.width) + "x" +
           std::to_string(video.height));
}

/// Headers may say 8 s and tables an hour. Demuxers follow the tables and the edit list.
void check_times(const Movie& movie, unsigned seconds) {
  for (const SampleTrack& track : movie.tracks) {
    check_length(to_ns(track.media_duration(), track.timescale), seconds);
    std::uint64_t shown = 0;
    for (const Edit& edit : track.edits) {
      shown += to_ns(edit.duration, movie.timescale);
      check_length(shown, seconds);
    }
  }
}

void check(const ByteRope& result, unsigned seconds) {
  auto probed = probe(result);
  if (auto* problem = std::get_if<Problem>(&probed)) throw std::move(*problem);
  const Info& info = std::get<Info>(probed);
  if (info.tracks.size() > kMostTracks)
    refuse("it has " + std::to_string(info.tracks.size()) + " tracks");
  check_picture(info);
  for (const Track& track : info.tracks) check_length(track.duration_ns, seconds);
  // Where each sample lies is known only from the tables. The pieces are shared, not copied.
  check_times(read_movie(std::make_shared<ByteRope>(result)), seconds);
}

}  // namespace

std::optional<std::string> result_problem(const ByteRope& result, unsigned seconds) {
  try {
    check(result, seconds);
    return std::nullopt;
  } catch (const Problem& problem) {
    return "The result that the service sent is not usable: " + problem.text + ".";
  }
}

}  // namespace omni::mp4
