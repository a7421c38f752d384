// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "body.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace emu {
namespace {

constexpr std::size_t kLongString = 64 * 1024;
constexpr unsigned kMaxDepth = 64;
// A placeholder begins with a control character, which no sensible prompt does. A prompt that does
// is read as the number of a string cut from the same request, which is harmless.
constexpr std::string_view kMark = "\001cut:";
constexpr std::string_view kMarkInJson = "\\u0001cut:";

constexpr std::array<int, 256> base64_values() {
  std::array<int, 256> values{};
  values.fill(-1);
  const std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
  }
  return values;
}

/// Some encoders write "\/" for a slash. No other escape is possible in a data URI.
std::span<char> unescape_slashes(std::span<char> text) {
  std::size_t out = 0;
  for (std::size_t in = 0; in < text.size(); ++in) {
    if (text[in] == '\\') {
      if (++in == text.size() || text[in] != '/') throw BadBody("a long string with escapes in it");
    }
    text[out++] = text[in];
  }
  return text.first(out);
}

}  // namespace

std::string Body::cut_long_strings() {
  std::string rest;
  std::size_t copied = 0;
  unsigned depth = 0;
  for (std::size_t at = 0; at < text_.size(); ++at) {
    const char c = text_[at];
    if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) throw BadBody("nested too deeply");
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    } else if (c == '"') {
      const std::size_t begin = ++at;
      while (at < text_.size() && text_[at] != '"') at += text_[at] == '\\' ? 2 : 1;
      if (at >= text_.size()) throw BadBody("an unterminated string");
      if (at - begin < kLongString) continue;
      rest.append(text_, copied, begin - copied).append(kMarkInJson);
      rest.append(std::to_string(cut_.size()));
      cut_.emplace_back(text_.data() + begin, at - begin);
      copied = at;
    }
  }
  return rest.append(text_, copied, std::string::npos);
}

Body::Body(std::string text) : text_(std::move(text)) {
  const std::string rest = cut_long_strings();
  for (std::span<char>& cut : cut_) cut = unescape_slashes(cut);
  parser_ = omni::ObjectPtr<JsonParser>::adopt(json_parser_new());
  GError* raw = nullptr;
  json_parser_load_from_data(parser_.get(), rest.data(), static_cast<gssize>(rest.size()), &raw);
  const omni::ErrorPtr error(raw);
  if (error) throw BadBody(error->message);
  JsonNode* root = json_parser_get_root(parser_.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root)) throw BadBody("not a JSON object");
  root_ = json_node_get_object(root);
}

JsonNode* Body::member(const char* name) const {
  JsonNode* node = json_object_get_member(root_, name);
  return node && !JSON_NODE_HOLDS_NULL(node) ? node : nullptr;
}

std::span<char> Body::text(JsonNode* node) {
  const std::string_view value = json_node_get_string(node);
  if (value.starts_with(kMark)) {
    std::size_t index = cut_.size();
    std::from_chars(value.data() + kMark.size(), value.data() + value.size(), index);
    if (index < cut_.size()) return cut_[index];
  }
  return copies_.emplace_back(value);
}

/// "data:video/mp4;base64,(N bytes)"; other texts are unchanged.
static std::string shorten_data_uri(std::string_view text) {
  constexpr std::string_view kMarker = ";base64,";
  const auto marker = text.substr(0, 128).find(kMarker);
  if (!text.starts_with("data:") || marker == std::string_view::npos) return std::string(text);
  const std::string_view head = text.substr(0, marker + kMarker.size());
  const std::string_view base64 = text.substr(head.size());
  std::size_t bytes = base64.size() / 4 * 3;
  for (std::size_t i = 1; i <= 2 && i < base64.size() && base64[base64.size() - i] == '='; ++i) {
    --bytes;
  }
  return std::string(head) + "(" + std::to_string(bytes) + " bytes)";
}

void Body::shorten(JsonNode* node) {
  if (JSON_NODE_HOLDS_OBJECT(node)) {
    JsonObjectIter iter;
    json_object_iter_init(&iter, json_node_get_object(node));
    JsonNode* member = nullptr;
    while (json_object_iter_next(&iter, nullptr, &member)) shorten(member);
  } else if (JSON_NODE_HOLDS_ARRAY(node)) {
    JsonArray* array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); ++i) {
      shorten(json_array_get_element(array, i));
    }
  } else if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING) {
    const std::span<char> whole = text(node);
    json_node_set_string(node, shorten_data_uri({whole.data(), whole.size()}).c_str());
  }
}

std::string Body::shortened() {
  const auto parser = omni::ObjectPtr<JsonParser>::adopt(json_parser_new());
  const omni::CharPtr whole(json_to_string(json_parser_get_root(parser_.get()), FALSE));
  // A deep copy: json-glib's own copy shares the objects with the original.
  if (!json_parser_load_from_data(parser.get(), whole.get(), -1, nullptr)) return {};
  JsonNode* root = json_parser_get_root(parser.get());
  shorten(root);
  const omni::CharPtr text(json_to_string(root, FALSE));
  return text.get();
}

std::span<char> decode_base64(std::span<char> text) {
  static constexpr auto values = base64_values();
  if (text.empty() || text.size() % 4 != 0)
    throw BadBody("base64 whose length is not a multiple of 4");
  std::size_t length = text.size();
  while (length > text.size() - 2 && text[length - 1] == '=') --length;
  std::size_t out = 0;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (std::size_t in = 0; in < length; ++in) {
    const int value = values[static_cast<unsigned char>(text[in])];
    if (value < 0) throw BadBody("an invalid character in the base64");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    text[out++] = static_cast<char>(bits >> have & 0xff);
  }
  return text.first(out);
}

}  // namespace emu
