// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The dialect of OmniRouters: Kling, Vidu, Veo, Seedance and Hunyuan through POST /v1/videos.
// References and images are sent by http(s) URL only. Facts are from its document "Omni-Video API";
// lengths are from an older edition of it, and Seedance's from the model's maker.
#include <algorithm>
#include <array>

#include "service/dialect.h"
#include "service/request.h"

namespace omni {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr guint kMaxImagesBesideVideo = 4;  // Kling
constexpr const char* kVideoMarker = "<<<video_1>>>";

// "The two create routes are fully compatible"; a task is polled at the route that created it.
constexpr const char* kContent = "/v1/videos/{id}/content";
constexpr const char* kArtifacts = "/v1/tasks/{id}/artifacts";
constexpr Route kRoutes[] = {
    {"/v1/videos", "/v1/videos/{id}", kContent, kArtifacts},
    {"/v1/video/generations", "/v1/video/generations/{id}", kContent, kArtifacts},
};

constexpr ServiceFacts kService = {
    .name = "omnirouters",
    .title = "OmniRouters",
    .summary =
        "OmniRouters: Kling, Vidu, Veo, Seedance, Hunyuan; reference by URL, lengths by model",
    .default_base_url = "https://omnirouters.com",
    .key_variable = "OMNIROUTERS_API_KEY",
    .video_to_video_model = "Kling-o1",
    .text_to_video_model = "Kling-3.0-omni",
    .first_poll_ns = 5 * kSecond,
    .images_as_data_uris = false,
    .length_member = "seconds",
    .routes = kRoutes,
};

constexpr std::array kShapes = {Shape{"16:9", 16, 9}, Shape{"9:16", 9, 16}};
constexpr std::array kResolutions = {Lines{"720p", 720}, Lines{"1080p", 1080}};

struct Model : ModelFacts {
  /// The default purpose of a reference; empty = not sent.
  const char* reference_type = "";
  bool priced_by_length = false;  // refused without `seconds` and `resolution`
  bool is_kling = false;          // the prompt must name the video; at most four images beside it
  bool in_metadata = false;       // Seedance: nearly everything goes into metadata
};

constexpr Lengths kKling = {.minimum = 3, .maximum = 15, .usual = 5};
constexpr Lengths kViduQ2 = {.minimum = 1, .maximum = 10, .usual = 5};
constexpr Lengths kViduQ3 = {.minimum = 1, .maximum = 16, .usual = 5};
constexpr unsigned kVeoLengths[] = {8};
constexpr Lengths kVeo = {.minimum = 8, .maximum = 8, .only = kVeoLengths, .usual = 8};
constexpr Lengths kSeedance = {.minimum = 4, .maximum = 15, .usual = 5};

constexpr Model kling(std::string_view name, const char* reference_type) {
  return {{.name = name, .lengths = kKling}, reference_type, true, true, false};
}
constexpr Model plain(std::string_view name, Lengths lengths, bool takes_video,
                      const char* reference_type = "") {
  return {{.name = name, .lengths = lengths, .takes_video = takes_video},
          reference_type,
          true,
          false,
          false};
}
constexpr Model seedance(std::string_view name) {
  return {{.name = name, .lengths = kSeedance}, "", false, false, true};
}

constexpr std::array kModels = {
    kling("Kling-o1", "base"),
    kling("Kling-3.0-omni", "feature"),
    kling("Kling-3.0", "feature"),
    plain("Vidu-q2", kViduQ2, false),
    plain("Vidu-q2-pro", kViduQ2, true),
    plain("Vidu-q3-mix", kViduQ3, false),
    plain("Veo-3.1", kVeo, true, "asset"),
    seedance("doubao-seedance-2-0-260128"),
    seedance("doubao-seedance-2-0-fast-260128"),
    Model{{.name = "Hunyuan-3d-scene-2.0", .takes_video = false}},
    Model{},
};

const Model& of(const ModelFacts& facts) {
  return static_cast<const Model&>(facts);
}

const char* enabled(Switch value) {
  return value == Switch::on ? "Enabled" : "Disabled";
}

void set_switch(JsonObject* body, const char* name, Switch value) {
  if (value != Switch::unset) json_object_set_string_member(body, name, enabled(value));
}

/// One item of Seedance's metadata.content[].
void add_content(JsonArray* content, const char* type, const char* role, const std::string& url) {
  if (url.empty()) return;
  JsonObject* item = json_object_new();
  json_object_set_string_member(item, "type", type);
  set_text(add_object(item, type), "url", url);
  json_object_set_string_member(item, "role", role);
  json_array_add_object_element(content, item);
}

void write_metadata(JsonObject* body, const Request& request, const std::string& reference) {
  JsonObject* metadata = add_object(body, "metadata");
  set_text(metadata, "resolution", request.resolution);
  JsonArray* content = add_array(metadata, "content");
  add_content(content, "image_url", "first_frame", request.first_image);
  add_content(content, "image_url", "last_frame", request.last_image);
  for (const std::string& image : request.images)
    add_content(content, "image_url", "reference_image", image);
  add_content(content, "video_url", "reference_video", reference);
  if (json_array_get_length(content) == 0) json_object_remove_member(metadata, "content");
  if (request.generate_audio != Switch::unset)
    json_object_set_boolean_member(metadata, "generate_audio",
                                   request.generate_audio == Switch::on);
  set_text(metadata, "ratio", request.aspect_ratio);
  if (json_object_get_size(metadata) == 0) json_object_remove_member(body, "metadata");
}

void require_web_address(const std::string& image, const char* property) {
  if (!image.starts_with("data:")) return;
  refuse_request(std::string("`") + property +
                 "` is a data: URI, and OmniRouters takes images by http(s) URL only.");
}

class OmniRouters final : public Dialect {
 public:
  OmniRouters() : Dialect(kService) {}

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

void OmniRouters::check(const Request& request, const ModelFacts& facts, bool) const {
  for (const std::string& image : request.images) require_web_address(image, "images");
  require_web_address(request.first_image, "first-image");
  require_web_address(request.last_image, "last-image");
  if (!of(facts).in_metadata) return;
  require_unset(!request.video_reference_type.empty(), "video-reference-type", title());
  require_unset(request.keep_original_sound != Switch::unset, "keep-original-sound", title());
}

void OmniRouters::write(JsonObject* body, const Request& request, const ModelFacts& facts,
                        const std::string& reference) const {
  const Model& model = of(facts);
  if (request.seconds) set_text(body, "seconds", std::to_string(request.seconds));
  if (model.in_metadata) return write_metadata(body, request, reference);
  set_text(body, "resolution", request.resolution);
  set_text(body, "aspect_ratio", request.aspect_ratio);
  set_texts(body, "images", request.images);
  set_text(body, "firstframe", request.first_image);
  set_text(body, "lastframe", request.last_image);
  if (!reference.empty()) set_texts(body, "videos", {reference});
  const bool by_default = request.video_reference_type.empty() && !reference.empty();
  set_text(body, "video_reference_type",
           by_default ? model.reference_type : request.video_reference_type);
  set_switch(body, "keep_original_sound", request.keep_original_sound);
  set_switch(body, "audio_generation", request.generate_audio);
}

void OmniRouters::finalize_body(JsonObject* body, JsonNode*, const ModelFacts& facts) const {
  const Model& model = of(facts);
  for (const char* name : {"seconds", "resolution"}) {
    if (!model.priced_by_length || json_object_has_member(body, name)) continue;
    refuse_request(std::string("OmniRouters requires `") + name + "` for the model \"" +
                   std::string(model.name) + "\". Set it, for example " + name + "=" +
                   (*name == 's' ? "5" : "720p") + ".");
  }
  if (!model.is_kling || !has_elements(body, "videos")) return;
  if (has_elements(body, "images") &&
      json_array_get_length(json_object_get_array_member(body, "images")) > kMaxImagesBesideVideo)
    refuse_request("Kling takes at most 4 images together with a reference video. Remove some.");
  const std::string prompt = as_text(json_object_get_member(body, "prompt")).value_or("");
  if (prompt.find(kVideoMarker) != std::string::npos) return;
  json_object_set_string_member(body, "prompt", (std::string(kVideoMarker) + " " + prompt).c_str());
}

}  // namespace

const Dialect& omnirouters() {
  static const OmniRouters dialect;
  return dialect;
}

}  // namespace omni
