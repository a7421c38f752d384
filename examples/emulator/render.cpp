// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "render.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>

#include "body.h"
#include "command.h"
#include "probe.h"
#include "regenerate.h"
#include "scene.h"
#include "settings.h"

namespace emu {
namespace {

bool looks_like_mp4(const std::string& path) {
  std::array<char, 12> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  return file.gcount() == static_cast<std::streamsize>(head.size()) &&
         std::memcmp(head.data() + 4, "ftyp", 4) == 0;
}

void fetch_reference(const RenderSpec& spec, Ticket& ticket) {
  try {
    fetch(spec.reference_url, spec.reference, spec.fetch, ticket.cancel.get());
  } catch (const FetchFailure& failure) {
    throw TaskFailure(
        "invalid_video_url",
        std::string("the reference video could not be downloaded: ") + failure.what());
  }
}

void write_image(const ImageInput& image) {
  std::string text = image.url;
  const auto comma = std::min(text.find(','), text.size() - 1);
  const std::span<char> bytes = decode_base64(std::span(text).subspan(comma + 1));
  std::ofstream file(image.file, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("it cannot be written to a file");
}

/// Writes and decodes an image: a service also notices a broken image that it only uses as a hint.
void take_image(const ImageInput& image, const RenderSpec& spec, Ticket& ticket) {
  const FetchRules rules{.limit = kMaxImageBytes, .anywhere = spec.fetch.anywhere};
  try {
    if (image.url.starts_with("data:")) {
      write_image(image);
    } else {
      fetch(image.url, image.file, rules, ticket.cancel.get());
    }
  } catch (const FetchFailure& failure) {
    throw TaskFailure("invalid_image_url",
                      image.name + " could not be downloaded: " + failure.what());
  } catch (const std::runtime_error& error) {
    throw TaskFailure("invalid_image", image.name + " could not be decoded: " + error.what());
  }
  try {
    image_size(image.file);
  } catch (const std::runtime_error& error) {
    throw TaskFailure("invalid_image", image.name + " could not be decoded: " + error.what());
  }
}

/// The file of the image with this role, else of the first image; empty = none. Images by URL that
/// are not fetched do not count.
std::string picture_file(const RenderSpec& spec, ImageInput::Role role) {
  std::string any;
  for (const ImageInput& image : spec.images) {
    if (!spec.fetch_images && !image.url.starts_with("data:")) continue;
    if (image.role == role) return image.file;
    if (any.empty()) any = image.file;
  }
  return role == ImageInput::Role::last ? std::string() : any;
}

/// Replaces the reference of a job without one: the size of the first image, or a usual frame size.
Probe stand_in(const RenderSpec& spec) {
  ImageSize size{.width = 1280, .height = 720};
  const std::string first = picture_file(spec, ImageInput::Role::first);
  if (!first.empty()) size = image_size(first);
  return {.width = size.width,
          .height = size.height,
          .fps_n = 24,
          .fps_d = 1,
          .seconds = static_cast<double>(spec.seconds),
          .has_sound = spec.sound};
}

std::unique_ptr<Painter> painter(const RenderSpec& spec, const Shape& shape) {
  const std::string first = picture_file(spec, ImageInput::Role::first);
  const std::string last = picture_file(spec, ImageInput::Role::last);
  if (first.empty()) return landscape(spec.prompt, shape.width, shape.height);
  return stills(first, last, shape.width, shape.height);
}

void check_clip(const Probe& probe, const RenderSpec& spec) {
  if (spec.clip_max <= 0) return;
  if (probe.seconds >= spec.clip_min && probe.seconds <= spec.clip_max) return;
  char text[128];
  std::snprintf(text, sizeof text, "the reference video lasts %.1f s, it must last %.0f to %.0f s",
                probe.seconds, spec.clip_min, spec.clip_max);
  throw TaskFailure("invalid_video", text);
}

/// True if the reference is its own result. It is probed only if an option changes the format.
bool is_result_already(const RenderSpec& spec) {
  if (!keeps_frames(spec) || spec.stretch != 1) return false;
  if (spec.size.width == 0 && spec.fps == 0) return true;
  const Probe probe = probe_file(spec.reference);
  const bool same_size =
      spec.size.width == 0 || (spec.size.width == probe.width && spec.size.height == probe.height);
  return same_size && (spec.fps == 0 || probe.timing.steady(spec.fps));
}

/// The requested shape; for an unchanged look that of the reference; --size overrides both.
Shape shape_of(const RenderSpec& spec, const Probe& probe) {
  Shape shape = keeps_frames(spec) ? fit_shape(probe, {}, 0)
                                   : fit_shape(probe, spec.aspect_ratio, spec.short_side);
  if (spec.size.width == 0) return shape;
  // The video is scaled, not cropped, so that all its content can be found again.
  shape.width = spec.size.width;
  shape.height = spec.size.height;
  return shape;
}

Rendered copy_unchanged(const RenderSpec& spec) {
  if (spec.clip_max > 0) check_clip(probe_file(spec.reference), spec);
  std::error_code error;
  std::filesystem::copy_file(spec.reference, spec.result,
                             std::filesystem::copy_options::overwrite_existing, error);
  if (error) throw TaskFailure("internal_error", error.message());
  return {};
}

}  // namespace

bool keeps_frames(const RenderSpec& spec) {
  return spec.has_reference && spec.command.empty() && spec.look->pipeline[0] == '\0';
}

Rendered render(const RenderSpec& spec, Ticket& ticket) {
  if (!spec.reference_url.empty()) fetch_reference(spec, ticket);
  for (const ImageInput& image : spec.images) {
    if (spec.fetch_images || image.url.starts_with("data:")) take_image(image, spec, ticket);
  }
  if (spec.has_reference && !looks_like_mp4(spec.reference)) {
    throw TaskFailure("invalid_video", "the reference video is not an MP4 file");
  }
  if (is_result_already(spec)) return copy_unchanged(spec);
  Probe probe = spec.has_reference ? probe_file(spec.reference) : stand_in(spec);
  if (spec.has_reference) check_clip(probe, spec);
  probe.has_sound = probe.has_sound && !spec.mute;
  const Shape shape = shape_of(spec, probe);
  if (!spec.command.empty()) {
    run_command(spec, probe, shape, picture_file(spec, ImageInput::Role::first), ticket);
  } else {
    const auto painted = spec.has_reference ? nullptr : painter(spec, shape);
    regenerate(spec, probe, shape, painted.get(), ticket);
  }
  if (!looks_like_mp4(spec.result)) {
    throw TaskFailure("generation_failed", "no MP4 file was produced");
  }
  return {.seconds = result_seconds(spec, probe) * spec.stretch,
          .width = shape.width,
          .height = shape.height};
}

}  // namespace emu
