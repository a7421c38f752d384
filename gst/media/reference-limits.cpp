// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/reference-limits.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

namespace omni {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

std::string codec_name(const std::string& codec) {
  using Row = std::pair<const char*, const char*>;
  for (const auto& [prefix, name] : {Row{"avc3", "H.264 with its parameters in the stream (avc3)"},
                                     Row{"avc", "H.264"},
                                     Row{"hvc1", "HEVC (H.265)"},
                                     Row{"hev1", "HEVC (H.265)"},
                                     Row{"dvh", "Dolby Vision HEVC"},
                                     Row{"dva", "Dolby Vision H.264"},
                                     Row{"vvc1", "VVC (H.266)"},
                                     Row{"av01", "AV1"},
                                     Row{"vp09", "VP9"},
                                     Row{"vp08", "VP8"},
                                     Row{"mp4v", "MPEG-4 Part 2"},
                                     Row{"s263", "H.263"},
                                     Row{"ap4", "ProRes 4444"},
                                     Row{"apc", "ProRes"},
                                     Row{"aprn", "ProRes RAW"},
                                     Row{"AVd", "DNxHD"},
                                     Row{"mjp", "Motion JPEG"},
                                     Row{"jpeg", "JPEG"},
                                     Row{"dvc", "DV"},
                                     Row{"mp2v", "MPEG-2"},
                                     Row{"m2v1", "MPEG-2"},
                                     Row{"encv", "encrypted"}}) {
    if (codec.starts_with(prefix)) return name;
  }
  return "'" + codec + "'";
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1'000'000) return std::to_string(bytes) + " bytes";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

std::string limit_text(std::uint64_t bytes) {
  if (bytes % kMiB == 0) return std::to_string(bytes / kMiB) + " MiB";
  if (bytes % 1'000'000 == 0) return std::to_string(bytes / 1'000'000) + " MB";
  return size_text(bytes);
}

/// Rounded, both may read the same.
std::string bytes_text(std::uint64_t bytes, std::uint64_t limit) {
  if (bytes - limit < limit / 20) {
    return "it is " + std::to_string(bytes) + " bytes, over " + std::to_string(limit) +
           (limit % kMiB == 0 ? " (" + limit_text(limit) + ")" : "");
  }
  return "it is " + size_text(bytes) + ", over " + limit_text(limit);
}

std::string pixels_text(const mp4::Track& video, const ReferenceLimits& limits) {
  const auto [low, high] = std::minmax(limits.max_width, limits.max_height);
  const unsigned long_side = std::max(video.width, video.height);
  const unsigned short_side = std::min(video.width, video.height);
  // A single limit applies to the side that it is named after.
  const unsigned long_limit = low ? high : limits.max_width;
  const unsigned short_limit = low ? low : limits.max_height;
  if ((!long_limit || long_side <= long_limit) && (!short_limit || short_side <= short_limit)) {
    return {};
  }
  const std::string size = "it has " + std::to_string(video.width) + "x" +
                           std::to_string(video.height) + " pixels, over ";
  if (!long_limit) return size + std::to_string(short_limit) + " on the short side";
  if (!short_limit) return size + std::to_string(long_limit) + " on the long side";
  const bool portrait = video.height > video.width;
  return size + std::to_string(portrait ? short_limit : long_limit) + "x" +
         std::to_string(portrait ? long_limit : short_limit);
}

}  // namespace

LimitViolation find_violation(const mp4::Info& info, std::uint64_t bytes,
                              const ReferenceLimits& limits) {
  using Kind = LimitViolation::Kind;
  std::vector<std::pair<Kind, std::string>> found;
  const mp4::Track* video = info.video();
  if (limits.h264_mp4_only && video && video->codec != "avc1") {
    found.emplace_back(Kind::codec, "its video is " + codec_name(video->codec));
  }
  if (limits.max_bytes && bytes > limits.max_bytes) {
    found.emplace_back(Kind::bytes, bytes_text(bytes, limits.max_bytes));
  }
  const std::string pixels = video ? pixels_text(*video, limits) : "";
  if (!pixels.empty()) found.emplace_back(Kind::pixels, pixels);
  if (limits.h264_mp4_only && info.major_brand == "qt  ") {
    found.emplace_back(Kind::container, "it is a QuickTime file");
  }
  if (limits.h264_mp4_only && info.fragmented) {
    found.emplace_back(Kind::container, "it is a fragmented MP4");
  }
  LimitViolation misfit;
  if (found.empty()) return misfit;
  misfit.kind = found.front().first;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0) misfit.text += i + 1 < found.size() ? ", " : ", and ";
    misfit.text += found[i].second;
  }
  return misfit;
}

}  // namespace omni
