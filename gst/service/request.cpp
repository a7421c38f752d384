#include "service/request.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace omni {
namespace {

constexpr double kLongestJob = 24 * 3600;  // beyond it a number of seconds is a slip of the pen

[[noreturn]] void refuse(std::string message) {
  throw Failure(Reason::invalid_request, std::move(message));
}

void require_utf8(const char* name, const std::string& text) {
  if (g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr)) return;
  refuse(std::string("`") + name + "` is not valid UTF-8 text. Set it again in UTF-8.");
}

bool is_blank(const std::string& utf8) {
  for (const char* at = utf8.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
    if (!g_unichar_isspace(g_utf8_get_char(at))) return false;
  }
  return true;
}

}  // namespace

void require_utf8(const Request& request) {
  require_utf8("model", request.model);
  require_utf8("prompt", request.prompt);
  require_utf8("aspect-ratio", request.aspect_ratio);
  require_utf8("resolution", request.resolution);
  for (const std::string& image : request.images) require_utf8("images", image);
  require_utf8("first-image", request.first_image);
  require_utf8("last-image", request.last_image);
  require_utf8("parameters", request.parameters);
}

void require_prompt(const Request& request, JsonNode* parameters) {
  if (!is_blank(request.prompt)) return;
  const auto other = as_text(member(parameters, "prompt"));
  if (other && !is_blank(*other)) return;
  refuse("There is no prompt. Set `prompt` to what the service shall make of the reference.");
}

JsonNodePtr parse_parameters(const std::string& parameters) {
  if (is_blank(parameters)) return nullptr;
  const std::string hint = " Write an object such as {\"seed\": 7}.";
  std::string why;
  JsonNodePtr node = parse_json(parameters, &why, JsonInput::user);
  if (!node) refuse("`parameters` cannot be read: " + why + "." + hint);
  if (!JSON_NODE_HOLDS_OBJECT(node.get())) refuse("`parameters` is not a JSON object." + hint);
  return node;
}

bool sets(JsonNode* parameters, const char* name) {
  return parameters && json_object_has_member(json_node_get_object(parameters), name);
}

unsigned nearest_seconds(std::uint64_t duration_ns, unsigned minimum, unsigned maximum) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t whole = duration_ns / kSecond + (duration_ns % kSecond >= kSecond / 2);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(whole, minimum, maximum));
}

unsigned overridden_seconds(JsonNode* parameters, const char* name, unsigned otherwise) {
  JsonNode* node = member(parameters, name);
  if (!node) return otherwise;
  const auto seconds = as_number(node);
  if (!seconds || *seconds <= 0 || *seconds > kLongestJob) {
    refuse(std::string("`parameters` sets `") + name +
           "` to something that is no number of seconds. Write, for example, \"8\".");
  }
  return static_cast<unsigned>(std::ceil(*seconds));
}

std::string nearest_shape(const ReferenceInfo& reference, std::span<const Shape> known) {
  if (reference.width == 0 || reference.height == 0) return {};
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
  if (side == 0) return {};
  const auto distance = [side](const Lines& lines) {
    return std::max(side, lines.short_side) - std::min(side, lines.short_side);
  };
  const auto nearest = std::min_element(
      known.begin(), known.end(),
      [&](const Lines& one, const Lines& other) { return distance(one) < distance(other); });
  return nearest->word;
}

std::string new_marker() {
  std::random_device source;
  std::string marker = "reference-";
  for (int i = 0; i < 32; ++i) marker += "0123456789abcdef"[source() & 15];
  return marker;
}

CreateBody cut_at(std::string body, const std::string& marker) {
  const std::size_t at = body.find(marker);
  if (at == std::string::npos) return {std::move(body), {}, false};
  std::string tail = body.substr(at + marker.size());
  body.resize(at);
  return {std::move(body), std::move(tail), true};
}

}  // namespace omni
