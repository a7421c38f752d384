// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "probe.h"

#include <gst/pbutils/pbutils.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace emu {
namespace {

constexpr unsigned kMaxSide = 8192;
constexpr double kMaxSeconds = 600;

bool is_turned(const GstDiscovererInfo* info) {
  const GstTagList* tags = gst_discoverer_info_get_tags(info);
  char* raw = nullptr;
  if (!tags || !gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &raw)) return false;
  const omni::CharPtr orientation(raw);
  const std::string_view text = orientation.get();
  return text.ends_with("rotate-90") || text.ends_with("rotate-270");
}

unsigned even(double value) {
  return std::max(2U, static_cast<unsigned>(std::lround(value / 2)) * 2);
}

}  // namespace

Probe probe_file(const std::string& path) {
  GError* raw = nullptr;
  const auto discoverer =
      omni::ObjectPtr<GstDiscoverer>::adopt(gst_discoverer_new(60 * GST_SECOND, &raw));
  omni::ErrorPtr error(raw);
  if (error) throw TaskFailure("internal_error", error->message);
  raw = nullptr;
  const omni::CharPtr uri(g_filename_to_uri(path.c_str(), nullptr, nullptr));
  const auto info = omni::ObjectPtr<GstDiscovererInfo>::adopt(
      gst_discoverer_discover_uri(discoverer.get(), uri.get(), &raw));
  error.reset(raw);
  GList* streams = info ? gst_discoverer_info_get_video_streams(info.get()) : nullptr;
  if (!streams) {
    throw TaskFailure("invalid_video", std::string("the reference video cannot be read: ") +
                                           (error ? error->message : "it contains no video"));
  }
  Probe probe;
  auto* video = static_cast<GstDiscovererVideoInfo*>(streams->data);
  probe.height = gst_discoverer_video_info_get_height(video);
  const double par_n = gst_discoverer_video_info_get_par_num(video);
  const double par_d = std::max(1U, gst_discoverer_video_info_get_par_denom(video));
  probe.width = static_cast<unsigned>(
      std::lround(gst_discoverer_video_info_get_width(video) * std::max(par_n, 1.0) / par_d));
  probe.fps_n = static_cast<int>(gst_discoverer_video_info_get_framerate_num(video));
  probe.fps_d = static_cast<int>(gst_discoverer_video_info_get_framerate_denom(video));
  gst_discoverer_stream_info_list_free(streams);
  if (is_turned(info.get())) std::swap(probe.width, probe.height);
  const double fps = probe.fps_d > 0 ? static_cast<double>(probe.fps_n) / probe.fps_d : 0;
  if (fps < 1 || fps > 240) {
    probe.fps_n = 30;
    probe.fps_d = 1;
  }
  GList* sound = gst_discoverer_info_get_audio_streams(info.get());
  probe.has_sound = sound != nullptr;
  gst_discoverer_stream_info_list_free(sound);
  probe.seconds = static_cast<double>(gst_discoverer_info_get_duration(info.get())) / GST_SECOND;
  probe.timing = read_timing(path);
  // A container is as long as its longest track; frames are counted on the video track.
  if (probe.timing.end > 0) probe.seconds = probe.timing.end;
  if (probe.width == 0 || probe.height == 0 || std::max(probe.width, probe.height) > kMaxSide) {
    throw TaskFailure("invalid_video", "the reference video's size is " +
                                           std::to_string(probe.width) + "x" +
                                           std::to_string(probe.height));
  }
  if (!(probe.seconds > 0 && probe.seconds <= kMaxSeconds)) {
    throw TaskFailure("invalid_video",
                      "the reference video's length is unknown or over 10 minutes");
  }
  return probe;
}

double result_seconds(const RenderSpec& spec, const Probe& probe) {
  constexpr double kSame = 0.5;
  const bool known = spec.has_reference && probe.seconds > 0;
  if (spec.seconds == 0 || keeps_frames(spec)) return probe.seconds;
  if (known && std::abs(spec.seconds - probe.seconds) < kSame) return probe.seconds;
  return spec.seconds;
}

Shape fit_shape(const Probe& probe, const std::string& aspect_ratio, unsigned short_side) {
  Shape shape{.aspect_n = probe.width, .aspect_d = probe.height};
  unsigned n = 0, d = 0;
  if (std::sscanf(aspect_ratio.c_str(), "%u:%u", &n, &d) == 2 && n > 0 && d > 0) {
    shape.aspect_n = n;
    shape.aspect_d = d;
  }
  const double aspect = static_cast<double>(shape.aspect_n) / shape.aspect_d;
  // The largest part of the reference with this aspect ratio.
  double width = std::min<double>(probe.width, probe.height * aspect);
  double height = width / aspect;
  if (short_side > 0) {
    const double scale = short_side / std::min(width, height);
    width *= scale;
    height *= scale;
  }
  shape.width = std::min(even(width), kMaxSide);
  shape.height = std::min(even(height), kMaxSide);
  return shape;
}

}  // namespace emu
