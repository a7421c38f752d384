// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The dialect of OctopusX: POST /v1/videos, the reference as a data URI or by URL. Facts are from
// its document "omni-fast-v2v Reference Video Generation".
#include <array>

#include "service/dialect.h"
#include "service/request.h"

namespace omni {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::size_t kMaxImages = 5;

constexpr Route kRoutes[] = {{"/v1/videos", "/v1/videos/{id}", "/v1/videos/{id}/content"}};

constexpr ServiceFacts kService = {
    .name = "octopusx",
    .title = "OctopusX",
    .summary =
        "OctopusX: omni-fast-v2v, reference sent inline or by URL, 4 to 30 s, at most 15 MiB",
    .default_base_url = "https://octopusx.ai",
    .key_variable = "OCTOPUSX_API_KEY",
    .video_to_video_model = "omni-fast-v2v",
    .text_to_video_model = "omni-fast",
    .first_poll_ns = 5 * kSecond,
    .images_as_data_uris = true,
    .length_member = "seconds",
    .routes = kRoutes,
};

constexpr std::array kShapes = {Shape{"16:9", 16, 9}, Shape{"9:16", 9, 16}};
constexpr std::array kResolutions = {Lines{"720p", 720}, Lines{"1080p", 1080}, Lines{"2k", 1440},
                                     Lines{"4k", 2160}};

// "Recommended range is 4 to 30 seconds"; the default length is undocumented.
constexpr Lengths kLengths = {.minimum = 4, .maximum = 30, .usual = 8};
constexpr std::array kModels = {
    ModelFacts{.name = "omni-fast", .lengths = kLengths, .takes_video = false},
    ModelFacts{.name = "",  // omni-fast-v2v and its successors
               .lengths = kLengths,
               .takes_data_uri = true,
               .max_inline_bytes = 15 * 1024 * 1024},
};

/// Three names of the same field, in the service's own order: it reads only one of them.
constexpr std::array kReferenceFields = {"video", "video_url", "input_video"};

/// A null `video` means no reference; a null in the other two only clears what is not set anyway.
bool names_reference(JsonNode* parameters) {
  return sets(parameters, "video") || member(parameters, "video_url") ||
         member(parameters, "input_video");
}

class OctopusX final : public Dialect {
 public:
  OctopusX() : Dialect(kService) {}

  using Dialect::model_facts;
  const ModelFacts& model_facts(std::string_view model) const override {
    return find_model(std::span(kModels), model);
  }

 protected:
  std::span<const Shape> shapes(const ModelFacts&) const override { return kShapes; }
  std::span<const Lines> resolutions(const ModelFacts&) const override { return kResolutions; }
  void check(const Request& request, const ModelFacts& facts, bool with_reference) const override;
  void write(JsonObject* body, const Request& request, const ModelFacts& facts,
             const std::string& reference) const override;
  void finalize_body(JsonObject* body, JsonNode* parameters,
                     const ModelFacts& facts) const override;
};

void OctopusX::check(const Request& request, const ModelFacts&, bool) const {
  require_unset(!request.video_reference_type.empty(), "video-reference-type", title());
  require_unset(request.keep_original_sound != Switch::unset, "keep-original-sound", title());
  require_unset(request.generate_audio != Switch::unset, "generate-audio", title());
  if (request.images.size() > kMaxImages)
    refuse_request("`images` has " + std::to_string(request.images.size()) +
                   " images, and OctopusX takes at most 5. Remove some.");
  if (!request.last_image.empty() && request.first_image.empty())
    refuse_request(
        "`last-image` is set without `first-image`, and OctopusX takes it only together with "
        "that. Set both, or none.");
}

void OctopusX::write(JsonObject* body, const Request& request, const ModelFacts&,
                     const std::string& reference) const {
  set_text(body, "video", reference);
  if (request.seconds) set_text(body, "seconds", std::to_string(request.seconds));
  set_text(body, "aspect_ratio", request.aspect_ratio);
  set_text(body, "resolution", request.resolution);
  set_text(body, "first_image_url", request.first_image);
  set_text(body, "last_image_url", request.last_image);
  set_texts(body, "images", request.images);
}

/// Leaves at most one of the reference's names in the body.
void OctopusX::finalize_body(JsonObject* body, JsonNode* parameters, const ModelFacts&) const {
  const bool replaced = names_reference(parameters);
  bool taken = false;
  for (const char* name : kReferenceFields) {
    const bool keep = replaced ? member(parameters, name) != nullptr
                               : std::string_view(name) == kReferenceFields.front();
    if (taken || !keep) json_object_remove_member(body, name);
    taken = taken || keep;
  }
}

}  // namespace

const Dialect& octopusx() {
  static const OctopusX dialect;
  return dialect;
}

}  // namespace omni
