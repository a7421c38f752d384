// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "service/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace omni {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kReplacement = "\\ufffd";
constexpr const char* kBadUnit = "it has a \\u escape that is not a character";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_word_char(char c) {
  return g_ascii_isalnum(c) || c == '+' || c == '-' || c == '.' || c == '_';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Scans a text once, before json-glib parses it. Outside strings it accepts only JSON: json-glib
/// also knows comments and 'strings', which could hide brackets from the level count.
class Scan {
 public:
  Scan(std::string_view text, bool repair) : text_(text), repair_(repair) {}

  bool run();
  const std::string& text() const { return out_; }
  const std::string& why() const { return why_; }

 private:
  bool step();
  bool word();
  bool string();
  bool escape();
  bool unicode_escape();
  std::optional<unsigned> code_unit(std::size_t at) const;
  bool repaired(std::string_view with, std::size_t skip, const char* wrong);
  bool copy(std::size_t count) {
    out_.append(text_.substr(at_, count));
    at_ += count;
    return true;
  }
  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  std::string_view text_;
  bool repair_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool closed_ = false;  // the outermost bracket: json-glib would ignore what follows it
  std::size_t members_ = 0;
  std::string out_;
  std::string why_;
};

bool Scan::run() {
  out_.reserve(text_.size());
  while (at_ < text_.size()) {
    if (!step()) return false;
  }
  return depth_ == 0 || fail("it ends before its last bracket is closed");
}

bool Scan::step() {
  const char c = text_[at_];
  if (closed_ && !is_space(c)) return fail("it continues after its end");
  if (c == '"') return string();
  if (is_word_char(c)) return word();
  if (c == '{' || c == '[') {
    if (++depth_ > kMaxJsonDepth) return fail("it is nested too deeply");
  } else if (c == '}' || c == ']') {
    if (--depth_ < 0) return fail("it closes a bracket that was never opened");
    closed_ = depth_ == 0;
  } else if (c == ':') {
    if (++members_ > kMaxJsonMembers) return fail("it has too many members");
  } else if (c != ',' && !is_space(c)) {
    return fail("it is not JSON");
  }
  return copy(1);
}

/// Numbers and literals. JSON knows no NaN, yet some services write it. An integer of 19 digits,
/// such as an id, may not fit into json-glib's: it becomes a string, which is read as a number too.
bool Scan::word() {
  std::size_t length = 1;
  while (at_ + length < text_.size() && is_word_char(text_[at_ + length])) ++length;
  std::string_view word = text_.substr(at_, length);
  if (word.front() == '-' || word.front() == '+') word.remove_prefix(1);
  if (word == "NaN" || word == "nan" || word == "Infinity" || word == "inf") {
    return repaired("null", length, "it has a number that is not valid in JSON (NaN or Infinity)");
  }
  const bool long_integer =
      word.size() >= 19 && word.find_first_not_of("0123456789") == std::string_view::npos;
  if (!long_integer || !repair_) return copy(length);
  out_ += '"';
  copy(length);
  out_ += '"';
  return true;
}

bool Scan::string() {
  copy(1);
  while (at_ < text_.size()) {
    const std::size_t plain = std::min(text_.find_first_of("\"\\", at_), text_.size()) - at_;
    copy(plain);
    if (at_ == text_.size()) break;
    if (text_[at_] == '"') return copy(1);
    if (!escape()) return false;
  }
  return fail("it ends inside a string");
}

bool Scan::escape() {
  if (at_ + 1 >= text_.size()) return fail("it ends inside a string");
  const char kind = text_[at_ + 1];
  if (kind == 'u') return unicode_escape();
  if (std::strchr("\"\\/bfnrt", kind) != nullptr) return copy(2);
  // json-glib would read \377 as a byte, which is not text.
  return repaired("", 1, "it has a backslash escape that is not valid in JSON");
}

/// json-glib asserts that surrogates come in pairs, and ends strings at a zero.
bool Scan::unicode_escape() {
  const auto unit = code_unit(at_);
  if (!unit) return fail("it has a broken \\u escape");
  if (*unit >= 0xD800 && *unit <= 0xDBFF) {
    const auto low = code_unit(at_ + 6);
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) return copy(12);
    return repaired(kReplacement, 6, kBadUnit);
  }
  if (*unit == 0 || (*unit >= 0xDC00 && *unit <= 0xDFFF))
    return repaired(kReplacement, 6, kBadUnit);
  return copy(6);
}

std::optional<unsigned> Scan::code_unit(std::size_t at) const {
  if (at + 6 > text_.size() || text_[at] != '\\' || text_[at + 1] != 'u') return std::nullopt;
  unsigned value = 0;
  const char* end = text_.data() + at + 6;
  const auto result = std::from_chars(end - 4, end, value, 16);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

bool Scan::repaired(std::string_view with, std::size_t skip, const char* wrong) {
  if (!repair_) return fail(wrong);
  out_.append(with);
  at_ += skip;
  return true;
}

JsonNodePtr refuse(std::string* why, std::string text) {
  if (why) *why = std::move(text);
  return nullptr;
}

/// The position in json-glib's error, "<data>:LINE:CHARACTER: ...". The rest is dropped: it repeats
/// a piece of the text, which may be a secret.
std::string place_of_error(const GError* error) {
  constexpr std::string_view kName = "<data>:";
  const std::string_view words = error ? error->message : "";
  if (!words.starts_with(kName)) return "it is not valid JSON";
  const std::size_t end = words.find_first_not_of("0123456789:", kName.size());
  std::string_view place = words.substr(kName.size(), end - kName.size());
  while (place.ends_with(':')) place.remove_suffix(1);
  return "it is not valid JSON (at " + std::string(place) + ")";
}

JsonNodePtr parse_scanned(const std::string& text, std::string* why) {
  const auto parser = ObjectPtr<JsonParser>::adopt(json_parser_new());
  GError* raw_error = nullptr;
  const bool parsed = json_parser_load_from_data(parser.get(), text.data(),
                                                 static_cast<gssize>(text.size()), &raw_error);
  const ErrorPtr error(raw_error);
  if (!parsed) return refuse(why, place_of_error(error.get()));
  JsonNodePtr root(json_parser_steal_root(parser.get()));
  return root ? std::move(root) : refuse(why, "it is empty");
}

std::string number_text(JsonNode* node) {
  if (json_node_get_value_type(node) == G_TYPE_INT64) {
    return std::to_string(json_node_get_int(node));
  }
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, json_node_get_double(node));
  return {buffer, result.ptr};
}

bool is_value_of(JsonNode* node, GType type) {
  return node && json_node_get_node_type(node) == JSON_NODE_VALUE &&
         json_node_get_value_type(node) == type;
}

JsonNode* element(JsonNode* node, std::size_t index) {
  if (!node || json_node_get_node_type(node) != JSON_NODE_ARRAY) return nullptr;
  JsonArray* array = json_node_get_array(node);
  if (index >= json_array_get_length(array)) return nullptr;
  JsonNode* found = json_array_get_element(array, static_cast<guint>(index));
  return json_node_is_null(found) ? nullptr : found;
}

/// Removes one step, "name" or "[3]", from the front of a path and follows it.
JsonNode* take_step(JsonNode* node, std::string_view* path) {
  if (path->front() == '[') {
    std::size_t index = 0;
    std::from_chars(path->data() + 1, path->data() + path->size(), index);
    path->remove_prefix(std::min(path->size(), path->find(']') + 1));
    return element(node, index);
  }
  if (path->front() == '.') path->remove_prefix(1);
  const std::string name(path->substr(0, path->find_first_of(".[")));
  path->remove_prefix(name.size());
  return member(node, name.c_str());
}

}  // namespace

JsonNodePtr parse_json(std::string_view text, std::string* why, JsonInput input) {
  const std::size_t limit = input == JsonInput::user ? kMaxUserJsonBytes : kMaxJsonBytes;
  if (text.size() > limit) {
    return refuse(why, "it is larger than " + std::to_string(limit >> 20) + " MiB");
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  text = trimmed(text);
  if (text.empty()) return refuse(why, "it is empty");
  const auto length = static_cast<gssize>(text.size());
  CharPtr valid;
  if (!g_utf8_validate(text.data(), length, nullptr)) {
    if (input == JsonInput::user) return refuse(why, "it is not valid UTF-8");
    valid.reset(g_utf8_make_valid(text.data(), length));
    text = valid.get();
  }
  Scan scan(text, input == JsonInput::reply);
  if (!scan.run()) return refuse(why, scan.why());
  return parse_scanned(scan.text(), why);
}

JsonNode* member(JsonNode* node, const char* name) {
  if (!node || json_node_get_node_type(node) != JSON_NODE_OBJECT) return nullptr;
  JsonNode* found = json_object_get_member(json_node_get_object(node), name);
  return found && !json_node_is_null(found) ? found : nullptr;
}

JsonNode* at_path(JsonNode* node, std::string_view path) {
  while (node && !path.empty()) node = take_step(node, &path);
  return node;
}

std::optional<std::string> as_text(JsonNode* node) {
  if (is_value_of(node, G_TYPE_STRING)) {
    const char* text = json_node_get_string(node);
    return std::string(trimmed(text ? text : ""));
  }
  if (is_value_of(node, G_TYPE_INT64) || is_value_of(node, G_TYPE_DOUBLE)) {
    return number_text(node);
  }
  return std::nullopt;
}

std::optional<double> as_number(JsonNode* node) {
  const auto text = as_text(node);
  if (!text || text->empty()) return std::nullopt;
  double value = 0;
  const auto result = std::from_chars(text->data(), text->data() + text->size(), value);
  if (result.ec != std::errc() || result.ptr != text->data() + text->size()) return std::nullopt;
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::string to_text(JsonNode* node) {
  const CharPtr text(json_to_string(node, FALSE));
  return text ? text.get() : "";
}

void merge_json(JsonObject* base, JsonObject* over) {
  JsonObjectIter iter;
  const char* name = nullptr;
  JsonNode* value = nullptr;
  json_object_iter_init(&iter, over);
  while (json_object_iter_next(&iter, &name, &value)) {
    JsonNode* present = json_object_get_member(base, name);
    if (present && JSON_NODE_HOLDS_OBJECT(present) && JSON_NODE_HOLDS_OBJECT(value)) {
      merge_json(json_node_get_object(present), json_node_get_object(value));
    } else {
      json_object_set_member(base, name, json_node_copy(value));
    }
  }
}

}  // namespace omni
