// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "service/request.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace omni {
namespace {

constexpr double kLongestJob = 24 * 3600;  // a larger number of seconds is a mistake

void require_utf8(const char* name, const std::string& text) {
  if (g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr)) return;
  refuse_request(std::string("`") + name + "` is not valid UTF-8 text. Set it again in UTF-8.");
}

bool is_blank(const std::string& utf8) {
  for (const char* at = utf8.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
    if (!g_unichar_isspace(g_utf8_get_char(at))) return false;
  }
  return true;
}

}  // namespace

void refuse_request(std::string message) {
  throw Failure(Reason::invalid_request, std::move(message));
}

void require_unset(bool is_set, const char* property, const char* title) {
  if (!is_set) return;
  refuse_request(std::string("`") + property + "` is set, and " + title +
                 " has no such parameter for this model. Leave it unset.");
}

void require_utf8(const Request& request) {
  require_utf8("model", request.model);
  require_utf8("prompt", request.prompt);
  require_utf8("aspect-ratio", request.aspect_ratio);
  require_utf8("resolution", request.resolution);
  for (const std::string& image : request.images) require_utf8("images", image);
  require_utf8("first-image", request.first_image);
  require_utf8("last-image", request.last_image);
  require_utf8("video-reference-type", request.video_reference_type);
  require_utf8("parameters", request.parameters);
}

void require_prompt(const Request& request, JsonNode* parameters) {
  if (!is_blank(request.prompt)) return;
  const auto other = as_text(member(parameters, "prompt"));
  if (other && !is_blank(*other)) return;
  refuse_request("There is no prompt. Set `prompt` to what the service should generate.");
}

JsonNodePtr parse_parameters(const std::string& parameters) {
  if (is_blank(parameters)) return nullptr;
  const std::string hint = " Write an object such as {\"seed\": 7}.";
  std::string why;
  JsonNodePtr node = parse_json(parameters, &why, JsonInput::user);
  if (!node) refuse_request("`parameters` cannot be read: " + why + "." + hint);
  if (!JSON_NODE_HOLDS_OBJECT(node.get()))
    refuse_request("`parameters` is not a JSON object." + hint);
  return node;
}

bool sets(JsonNode* parameters, const char* name) {
  return parameters && json_object_has_member(json_node_get_object(parameters), name);
}

bool is_legal(unsigned seconds, const Lengths& lengths) {
  if (!lengths.only.empty()) return std::ranges::find(lengths.only, seconds) != lengths.only.end();
  return seconds >= lengths.minimum && (lengths.maximum == 0 || seconds <= lengths.maximum);
}

unsigned nearest_length(std::uint64_t duration_ns, const Lengths& lengths) {
  const double wanted = static_cast<double>(duration_ns) / 1e9;
  if (!lengths.only.empty()) {
    // Of two equally near lengths the longer, as for whole seconds: nothing is cut off.
    return *std::ranges::min_element(lengths.only, [wanted](unsigned one, unsigned other) {
      const double near = std::abs(one - wanted), far = std::abs(other - wanted);
      return near != far ? near < far : one > other;
    });
  }
  const double most = lengths.maximum ? lengths.maximum : kLongestJob;
  const double least = std::max(lengths.minimum, 1u);
  return static_cast<unsigned>(std::clamp(std::floor(wanted + 0.5), least, most));
}

std::string describe(const Lengths& lengths) {
  if (lengths.only.empty())
    return std::to_string(lengths.minimum) + " to " + std::to_string(lengths.maximum);
  std::string text;
  for (std::size_t i = 0; i < lengths.only.size(); ++i) {
    const bool last = i + 1 == lengths.only.size();
    if (i > 0) text += last ? " or " : ", ";
    text += std::to_string(lengths.only[i]);
  }
  return text;
}

unsigned overridden_seconds(JsonNode* parameters, const char* name, unsigned otherwise,
                            unsigned usual) {
  // Other members that look like a length may be one: count them when in doubt.
  for (const char* path : {"seconds", "duration", "metadata.seconds", "metadata.duration"}) {
    const auto other = as_number(at_path(parameters, path));
    if (other && *other > otherwise && *other <= kLongestJob && std::string_view(path) != name)
      otherwise = static_cast<unsigned>(std::ceil(*other));
  }
  if (!sets(parameters, name)) return otherwise;
  JsonNode* node = member(parameters, name);
  if (!node) return usual;  // null: the service's default length
  const auto seconds = as_number(node);
  if (!seconds || *seconds <= 0 || *seconds > kLongestJob) {
    refuse_request(std::string("`parameters` sets `") + name +
                   "` to something that is not a number of seconds. Write, for example, \"8\".");
  }
  return static_cast<unsigned>(std::ceil(*seconds));
}

std::string nearest_shape(const ReferenceInfo& reference, std::span<const Shape> known) {
  if (known.empty() || reference.width == 0 || reference.height == 0) return {};
  const double wanted = std::log(static_cast<double>(reference.width) / reference.height);
  const auto distance = [wanted](const Shape& shape) {
    return std::abs(std::log(static_cast<double>(shape.width) / shape.height) - wanted);
  };
  const auto nearest = std::min_element(
      known.begin(), known.end(),
      [&](const Shape& one, const Shape& other) { return distance(one) < distance(other); });
  return nearest->word;
}

std::string nearest_resolution(const ReferenceInfo& reference, std::span<const Lines> known) {
  const unsigned side = std::min(reference.width, reference.height);
  if (known.empty() || side == 0) return {};
  const auto distance = [side](const Lines& lines) {
    return std::max(side, lines.short_side) - std::min(side, lines.short_side);
  };
  const auto nearest = std::min_element(
      known.begin(), known.end(),
      [&](const Lines& one, const Lines& other) { return distance(one) < distance(other); });
  return nearest->word;
}

void set_text(JsonObject* body, const char* name, const std::string& text) {
  if (!text.empty()) json_object_set_string_member(body, name, text.c_str());
}

void set_texts(JsonObject* body, const char* name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  JsonArray* array = add_array(body, name);
  for (const std::string& text : texts) json_array_add_string_element(array, text.c_str());
}

JsonObject* add_object(JsonObject* body, const char* name) {
  JsonObject* object = json_object_new();
  json_object_set_object_member(body, name, object);
  return object;
}

JsonArray* add_array(JsonObject* body, const char* name) {
  JsonArray* array = json_array_new();
  json_object_set_array_member(body, name, array);
  return array;
}

bool has_elements(JsonObject* body, const char* name) {
  JsonNode* node = json_object_get_member(body, name);
  return node && JSON_NODE_HOLDS_ARRAY(node) &&
         json_array_get_length(json_node_get_array(node)) > 0;
}

std::string unguessable_name() {
  std::random_device source;
  std::string name;
  for (int i = 0; i < 32; ++i) name += "0123456789abcdef"[source() & 15];
  return name;
}

std::string new_placeholder() {
  return "placeholder-" + unguessable_name();
}

CreateBody inline_body(const Dialect& dialect, const ResolvedRequest& resolved) {
  const std::string placeholder = new_placeholder();
  std::string body = dialect.create_body(resolved, "data:video/mp4;base64," + placeholder);
  const std::size_t at = body.find(placeholder);
  if (at == std::string::npos) return {std::move(body), {}, false};
  std::string tail = body.substr(at + placeholder.size());
  body.resize(at);
  return {std::move(body), std::move(tail), true};
}

}  // namespace omni
