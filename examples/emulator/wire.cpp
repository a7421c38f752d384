// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "wire.h"

#include <algorithm>

namespace emu {

// --- replies -------------------------------------------------------------------------------------

Object::Object() : builder_(omni::ObjectPtr<JsonBuilder>::adopt(json_builder_new())) {
  json_builder_begin_object(builder_.get());
}

Object& Object::add(const char* name, const std::string& value) {
  json_builder_set_member_name(builder_.get(), name);
  const omni::CharPtr valid(g_utf8_make_valid(value.data(), static_cast<gssize>(value.size())));
  json_builder_add_string_value(builder_.get(), valid.get());
  return *this;
}

Object& Object::add(const char* name, std::int64_t value) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_add_int_value(builder_.get(), value);
  return *this;
}

Object& Object::null(const char* name) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_add_null_value(builder_.get());
  return *this;
}

Object& Object::nest(const char* name, const std::function<void(Object&)>& fill) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_begin_object(builder_.get());
  fill(*this);
  json_builder_end_object(builder_.get());
  return *this;
}

Object& Object::list_of_one(const char* name, const std::function<void(Object&)>& fill) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_begin_array(builder_.get());
  json_builder_begin_object(builder_.get());
  fill(*this);
  json_builder_end_object(builder_.get());
  json_builder_end_array(builder_.get());
  return *this;
}

Object& Object::list_of_one(const char* name, const std::string& value) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_begin_array(builder_.get());
  json_builder_add_string_value(builder_.get(), value.c_str());
  json_builder_end_array(builder_.get());
  return *this;
}

Object& Object::empty_list(const char* name) {
  json_builder_set_member_name(builder_.get(), name);
  json_builder_begin_array(builder_.get());
  json_builder_end_array(builder_.get());
  return *this;
}

std::string Object::text() {
  json_builder_end_object(builder_.get());
  JsonNode* root = json_builder_get_root(builder_.get());
  const omni::CharPtr text(json_to_string(root, FALSE));
  json_node_unref(root);
  return text.get();
}

Reply json(unsigned status, Object& object) {
  return {.status = status, .text = object.text(), .headers = {}};
}

Reply html_page(unsigned status) {
  const std::string title =
      std::to_string(status) + (status == 504 ? " Gateway Time-out" : " Error");
  return {.status = status,
          .text = "<html><head><title>" + title + "</title></head><body><center><h1>" + title +
                  "</h1></center></body></html>\n",
          .type = "text/html",
          .headers = {}};
}

Reply hidden_in_200(Reply reply) {
  const auto parser = omni::ObjectPtr<JsonParser>::adopt(json_parser_new());
  const auto length = static_cast<gssize>(reply.text.size());
  if (!json_parser_load_from_data(parser.get(), reply.text.data(), length, nullptr)) return reply;
  JsonNode* root = json_parser_get_root(parser.get());
  if (!root || !JSON_NODE_HOLDS_OBJECT(root)) return reply;
  json_object_set_int_member(json_node_get_object(root), "code", reply.status);
  const omni::CharPtr text(json_to_string(root, FALSE));
  reply.text = text.get();
  reply.status = 200;
  return reply;
}

// --- requests ------------------------------------------------------------------------------------

void invalid(const std::string& message, const char* code) {
  throw Refusal(Problem::invalid, message, code);
}

bool is_string(JsonNode* node) {
  return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
}

bool is_http(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

JsonNode* Fields::node(const char* name) const {
  JsonNode* found = json_object_get_member(object_, name);
  return found && !JSON_NODE_HOLDS_NULL(found) ? found : nullptr;
}

std::span<char> Fields::span(const char* name) const {
  JsonNode* found = node(name);
  if (!found) return {};
  if (!is_string(found)) invalid("field " + full(name) + " must be a string");
  return body_->text(found);
}

std::string Fields::text(const char* name) const {
  const std::span<char> view = span(name);
  return {view.begin(), view.end()};
}

std::string Fields::word(const char* name, const std::vector<std::string_view>& allowed) const {
  const std::string value = text(name);
  if (value.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end())
    return value;
  invalid("unsupported " + full(name) + " \"" + value + "\", available values: " + joined(allowed));
}

bool Fields::flag(const char* name) const {
  JsonNode* found = node(name);
  if (!found) return false;
  if (!JSON_NODE_HOLDS_VALUE(found) || json_node_get_value_type(found) != G_TYPE_BOOLEAN) {
    invalid("field " + full(name) + " must be true or false");
  }
  return json_node_get_boolean(found);
}

std::vector<std::string> Fields::texts(const char* name) const {
  JsonNode* found = node(name);
  if (!found) return {};
  const std::string complaint = "field " + full(name) + " must be an array of strings";
  if (!JSON_NODE_HOLDS_ARRAY(found)) invalid(complaint);
  JsonArray* array = json_node_get_array(found);
  std::vector<std::string> texts;
  for (guint i = 0; i < json_array_get_length(array); ++i) {
    JsonNode* element = json_array_get_element(array, i);
    if (!is_string(element)) invalid(complaint);
    const std::span<char> text = body_->text(element);
    texts.emplace_back(text.begin(), text.end());
  }
  return texts;
}

std::optional<Fields> Fields::object(const char* name) const {
  JsonNode* found = node(name);
  if (!found) return std::nullopt;
  if (!JSON_NODE_HOLDS_OBJECT(found)) invalid("field " + full(name) + " must be an object");
  return Fields(body_, json_node_get_object(found), full(name) + ".");
}

std::vector<Fields> Fields::objects(const char* name) const {
  JsonNode* found = node(name);
  if (!found) return {};
  const std::string complaint = "field " + full(name) + " must be an array of objects";
  if (!JSON_NODE_HOLDS_ARRAY(found)) invalid(complaint);
  JsonArray* array = json_node_get_array(found);
  std::vector<Fields> objects;
  for (guint i = 0; i < json_array_get_length(array); ++i) {
    JsonNode* element = json_array_get_element(array, i);
    if (!JSON_NODE_HOLDS_OBJECT(element)) invalid(complaint);
    objects.push_back(
        Fields(body_, json_node_get_object(element), full(name) + "[" + std::to_string(i) + "]."));
  }
  return objects;
}

std::string Fields::unknown(const std::vector<std::string_view>& known) const {
  JsonObjectIter iter;
  json_object_iter_init(&iter, object_);
  const char* name = nullptr;
  while (json_object_iter_next(&iter, &name, nullptr)) {
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return {};
}

void add_image(Order& order, const std::string& name, const std::string& value, ImageForms forms,
               ImageInput::Role role) {
  const bool data = forms == ImageForms::address_or_data;
  if (!is_http(value) && !(data && value.starts_with("data:image/"))) {
    invalid("field " + name + " must be an http(s) URL" + (data ? " or data:image/..." : ""));
  }
  order.images.push_back({.name = name, .url = value, .role = role, .file = {}});
}

void add_images(Order& order, const Fields& fields, const char* name, ImageForms forms) {
  const std::vector<std::string> urls = fields.texts(name);
  for (std::size_t i = 0; i < urls.size(); ++i) {
    add_image(order, fields.full(name) + "[" + std::to_string(i) + "]", urls[i], forms);
  }
}

std::span<char> read_data_uri(const std::string& name, std::span<char> text) {
  const std::string_view view(text.data(), text.size());
  const auto comma = view.find(',');
  if (comma == std::string_view::npos || !view.substr(0, comma).ends_with(";base64")) {
    invalid("field " + name + " must be an http(s) URL or a data URI in base64");
  }
  std::span<char> bytes;
  try {
    bytes = decode_base64(text.subspan(comma + 1));
  } catch (const BadBody& error) {
    invalid("field " + name + ": " + error.what());
  }
  if (bytes.size() > kMaxReferenceBytes) {
    throw Refusal(Problem::reference_too_large,
                  "the reference video is " + std::to_string(bytes.size()) + " bytes, at most " +
                      std::to_string(kMaxReferenceBytes) + " are allowed");
  }
  return bytes;
}

bool user_accepts(const std::string& model, const Settings& settings) {
  return std::any_of(settings.models.begin(), settings.models.end(),
                     [&](const std::string& one) { return one == "any" || one == model; });
}

}  // namespace emu
