// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The dialect of APIMart: POST /v1/videos/generations, GET /v1/tasks/{id}. Omni-Flash-Ext takes its
// reference by http(s) URL only, gemini-omni-flash-preview also as a data URI. Facts are from its
// documentation of these two models.
#include <array>

#include "service/dialect.h"
#include "service/request.h"

namespace omni {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

constexpr Route kRoutes[] = {{"/v1/videos/generations", "/v1/tasks/{id}?language=en"}};

constexpr ServiceFacts kService = {
    .name = "apimart",
    .title = "APIMart",
    .summary =
        "APIMart: Omni-Flash-Ext, reference by URL; gemini-omni-flash-preview, inline as well",
    .default_base_url = "https://api.apimart.ai",
    .key_variable = "APIMART_API_KEY",
    .video_to_video_model = "Omni-Flash-Ext",
    .text_to_video_model = "Omni-Flash-Ext",
    .first_poll_ns = 5 * kSecond,
    .images_as_data_uris = true,
    .length_member = "duration",
    .routes = kRoutes,
};

constexpr std::array kShapes = {Shape{"16:9", 16, 9}, Shape{"9:16", 9, 16}};
constexpr std::array kResolutions = {Lines{"720p", 720}, Lines{"1080p", 1080}, Lines{"4k", 2160}};

constexpr std::array kWanResolutions = {Lines{"720P", 720}, Lines{"1080P", 1080}};
constexpr std::span<const Lines> kNoLines;

struct Model : ModelFacts {
  bool is_ext = false;                                // the limits in its documentation apply
  std::span<const Lines> resolutions = kResolutions;  // empty: the model has a single one
};

constexpr unsigned kExtLengths[] = {4, 6, 8, 10};
constexpr std::array kModels = {
    Model{{.name = "Omni-Flash-Ext",
           .lengths = {.minimum = 4, .maximum = 10, .only = kExtLengths, .usual = 6}},
          true},
    Model{{.name = "gemini-omni-flash-preview",
           .lengths = {.minimum = 3, .maximum = 10, .usual = 8},
           .takes_data_uri = true,
           // Undocumented: OctopusX's limit for the same family of models.
           .max_inline_bytes = 15 * 1024 * 1024,
           .min_reference_ns = kSecond,
           .max_reference_ns = 24 * kSecond},
          false,
          kNoLines},
    Model{{.name = "wan2.7-videoedit",
           .lengths = {.minimum = 2, .maximum = 10},
           .max_url_bytes = 100'000'000,
           .max_side = 4096,
           .min_reference_ns = 2 * kSecond},
          false,
          kWanResolutions},
    Model{},
};

const Model& of(const ModelFacts& facts) {
  return static_cast<const Model&>(facts);
}

class ApiMart final : public Dialect {
 public:
  ApiMart() : Dialect(kService) {}

  using Dialect::model_facts;
  const ModelFacts& model_facts(std::string_view model) const override {
    return find_model(std::span(kModels), model);
  }

 protected:
  std::span<const Shape> shapes(const ModelFacts& facts) const override {
    // It ignores the shape if there is a reference, and without one there is no `auto`.
    return of(facts).resolutions.empty() ? std::span<const Shape>() : kShapes;
  }
  std::span<const Lines> resolutions(const ModelFacts& facts) const override {
    return of(facts).resolutions;
  }
  void check(const Request& request, const ModelFacts& facts, bool with_reference) const override;
  void write(JsonObject* body, const Request& request, const ModelFacts& facts,
             const std::string& reference) const override;
  void finalize_body(JsonObject* body, JsonNode* parameters,
                     const ModelFacts& facts) const override;
};

void check_images(const Request& request) {
  if (!request.last_image.empty())
    refuse_request(
        "`last-image` is set, and APIMart has no first-frame plus last-frame mode. Leave it "
        "unset.");
  const std::size_t count = request.images.size() + !request.first_image.empty();
  if (count == 0 || count == 1 || count == 3) return;
  refuse_request("There are " + std::to_string(count) +
                 " images, and Omni-Flash-Ext takes none, 1 or 3. Send 1 or 3 in `images`.");
}

void check_resolution(const std::string& resolution) {
  if (resolution.empty() || resolution == "auto") return;
  for (const Lines& known : kResolutions) {
    if (g_ascii_strcasecmp(known.word, resolution.c_str()) == 0) return;
  }
  refuse_request("`resolution` is \"" + resolution +
                 "\", and Omni-Flash-Ext generates 720p, 1080p or 4k. Set one of these.");
}

void ApiMart::check(const Request& request, const ModelFacts& facts, bool with_reference) const {
  require_unset(!request.video_reference_type.empty(), "video-reference-type", title());
  require_unset(request.keep_original_sound != Switch::unset, "keep-original-sound", title());
  require_unset(request.generate_audio != Switch::unset, "generate-audio", title());
  if (with_reference && request.seconds > 0)
    refuse_request(
        "`seconds` is set, and APIMart takes no length together with a reference video: the length "
        "of the clip is used. Leave it unset, or 0.");
  if (!of(facts).is_ext) return;
  check_images(request);
  check_resolution(request.resolution);
}

void ApiMart::write(JsonObject* body, const Request& request, const ModelFacts&,
                    const std::string& reference) const {
  if (request.seconds) json_object_set_int_member(body, "duration", request.seconds);
  set_text(body, "resolution", request.resolution);
  set_text(body, "aspect_ratio", request.aspect_ratio);
  std::vector<std::string> images = request.images;
  if (!request.first_image.empty()) images.insert(images.begin(), request.first_image);
  set_texts(body, "image_urls", images);
  if (!reference.empty()) set_texts(body, "video_urls", {reference});
}

void ApiMart::finalize_body(JsonObject* body, JsonNode* parameters, const ModelFacts& facts) const {
  // Never both, unless the user insists.
  if (has_elements(body, "video_urls") && !sets(parameters, "duration"))
    json_object_remove_member(body, "duration");
  // `size` is another name for it, and the two must not differ.
  if (sets(parameters, "size") && !sets(parameters, "aspect_ratio"))
    json_object_remove_member(body, "aspect_ratio");
  if (!of(facts).is_ext || !has_elements(body, "video_urls")) return;
  if (json_array_get_length(json_object_get_array_member(body, "video_urls")) > 1)
    refuse_request("`parameters` names more than one reference video, and APIMart takes one.");
}

}  // namespace

const Dialect& apimart() {
  static const ApiMart dialect;
  return dialect;
}

}  // namespace omni
