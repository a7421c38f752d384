// The dialect of OctopusX: model omni-fast-v2v at POST /v1/videos, the reference as a data URI.
#include <array>
#include <cstdio>

#include "service/dialect.h"
#include "service/request.h"

namespace omni {
namespace {

constexpr unsigned kMinSeconds = 4;
constexpr unsigned kMaxSeconds = 30;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMaxReferenceNs = kMaxSeconds * kSecond + kSecond / 2;
constexpr std::uint64_t kMaxReferenceBytes = 15 * 1024 * 1024;
constexpr std::size_t kMaxImages = 5;

constexpr std::array kShapes = {Shape{"16:9", 16, 9}, Shape{"9:16", 9, 16}};
constexpr std::array kResolutions = {Lines{"720p", 720}, Lines{"1080p", 1080}, Lines{"2k", 1440},
                                     Lines{"4k", 2160}};

/// The same field under three names, the service's own precedence first: it reads one of them.
constexpr std::array kReferenceFields = {"video", "video_url", "input_video"};

[[noreturn]] void refuse(Reason reason, std::string message) {
  throw Failure(reason, std::move(message));
}

void check_images(const Request& request) {
  if (request.images.size() > kMaxImages) {
    refuse(Reason::invalid_request, "`images` has " + std::to_string(request.images.size()) +
                                        " images, and OctopusX takes at most 5. Leave some out.");
  }
  if (!request.last_image.empty() && request.first_image.empty()) {
    refuse(Reason::invalid_request,
           "`last-image` is set without `first-image`, and OctopusX takes it only together with "
           "that. Set both, or none.");
  }
}

void check_seconds(unsigned seconds) {
  if (seconds == 0 || (seconds >= kMinSeconds && seconds <= kMaxSeconds)) return;
  refuse(Reason::invalid_request,
         "`seconds` is " + std::to_string(seconds) +
             ", and OctopusX makes 4 to 30 seconds. Set one of these, or 0 "
             "for the length of the reference.");
}

void check_reference(const ReferenceInfo& reference) {
  if (reference.bytes > kMaxReferenceBytes) {
    refuse(
        Reason::too_large,
        "The reference has " + std::to_string(reference.bytes) +
            " bytes, and OctopusX takes at most 15728640 (15 MiB). Use a shorter clip or a lower "
            "bitrate.");
  }
  if (reference.duration_ns > kMaxReferenceNs) {
    char length[32];
    std::snprintf(length, sizeof length, "%.1f", static_cast<double>(reference.duration_ns) / 1e9);
    refuse(Reason::bad_input, std::string("The reference is ") + length +
                                  " seconds long, and OctopusX takes at most 30. Cut it into "
                                  "shorter ones.");
  }
}

/// An unknown word goes out as it is: services add and rename values faster than plugins.
std::string resolved(const std::string& asked, std::string nearest) {
  return asked == "auto" ? std::move(nearest) : asked;
}

void set_text(JsonObject* body, const char* name, const std::string& text) {
  if (!text.empty()) json_object_set_string_member(body, name, text.c_str());
}

void set_images(JsonObject* body, const std::vector<std::string>& images) {
  if (images.empty()) return;
  JsonArray* array = json_array_new();
  for (const std::string& image : images) json_array_add_string_element(array, image.c_str());
  json_object_set_array_member(body, "images", array);
}

/// True when `parameters` says what the reference is, or with a null `video` that there is none. A
/// null in the other two only clears what is not set anyway.
bool replaces_reference(JsonNode* parameters) {
  return sets(parameters, "video") || member(parameters, "video_url") ||
         member(parameters, "input_video");
}

/// Leaves at most one of the reference's names in the body.
void settle_reference(JsonObject* body, JsonNode* parameters) {
  const bool replaced = replaces_reference(parameters);
  bool taken = false;
  for (const char* name : kReferenceFields) {
    const bool keep = replaced ? member(parameters, name) != nullptr
                               : std::string_view(name) == kReferenceFields.front();
    if (taken || !keep) json_object_remove_member(body, name);
    taken = taken || keep;
  }
}

class OctopusX final : public Dialect {
 public:
  const char* name() const override { return "octopusx"; }
  const char* title() const override { return "OctopusX"; }
  const char* default_base_url() const override { return "https://octopusx.ai"; }
  const char* key_variable() const override { return "OCTOPUSX_API_KEY"; }
  const char* default_model() const override { return "omni-fast-v2v"; }
  std::uint64_t max_reference_bytes() const override { return kMaxReferenceBytes; }
  std::uint64_t first_poll_ns() const override { return 5 * kSecond; }

  std::string create_path() const override { return "/v1/videos"; }
  std::string poll_path(std::string_view id) const override {
    return "/v1/videos/" + escape_id(id);
  }
  std::string content_path(std::string_view id) const override {
    return poll_path(id) + "/content";
  }

  FittedRequest fit(const Request& request, const ReferenceInfo& reference) const override;
  CreateBody create_body(const FittedRequest& fitted) const override;
};

FittedRequest OctopusX::fit(const Request& request, const ReferenceInfo& reference) const {
  require_utf8(request);
  const JsonNodePtr parameters = parse_parameters(request.parameters);
  require_prompt(request, parameters.get());
  check_images(request);
  check_seconds(request.seconds);
  // A reference that `parameters` puts in its place is not ours to measure.
  if (!replaces_reference(parameters.get())) check_reference(reference);

  FittedRequest fitted{request, 0};
  Request& result = fitted.request;
  if (result.model.empty()) result.model = default_model();
  if (result.seconds == 0) {
    result.seconds = nearest_seconds(reference.duration_ns, kMinSeconds, kMaxSeconds);
  }
  result.aspect_ratio = resolved(request.aspect_ratio, nearest_shape(reference, kShapes));
  result.resolution = resolved(request.resolution, nearest_resolution(reference, kResolutions));
  fitted.seconds = overridden_seconds(parameters.get(), "seconds", result.seconds);
  return fitted;
}

CreateBody OctopusX::create_body(const FittedRequest& fitted) const {
  const Request& request = fitted.request;
  const std::string marker = new_marker();
  const JsonNodePtr root(json_node_new(JSON_NODE_OBJECT));
  JsonObject* body = json_object_new();
  json_node_take_object(root.get(), body);
  set_text(body, "model", request.model);
  set_text(body, "prompt", request.prompt);
  set_text(body, "video", "data:video/mp4;base64," + marker);
  set_text(body, "seconds", std::to_string(request.seconds));
  set_text(body, "aspect_ratio", request.aspect_ratio);
  set_text(body, "resolution", request.resolution);
  set_text(body, "first_image_url", request.first_image);
  set_text(body, "last_image_url", request.last_image);
  set_images(body, request.images);
  if (const JsonNodePtr parameters = parse_parameters(request.parameters)) {
    merge_json(body, json_node_get_object(parameters.get()));
    settle_reference(body, parameters.get());
  }
  return cut_at(to_text(root.get()), marker);
}

}  // namespace

const Dialect& octopusx() {
  static const OctopusX dialect;
  return dialect;
}

}  // namespace omni
