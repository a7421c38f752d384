// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What all dialects need to read requests and write replies: JSON members, their checks, the usual
// formats of values. Nothing here knows a service.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect.h"

namespace emu {

// --- replies -------------------------------------------------------------------------------------

/// Builds a JSON object member by member.
class Object {
 public:
  Object();
  Object& add(const char* name, const std::string& value);
  Object& add(const char* name, const char* value) { return add(name, std::string(value)); }
  Object& add(const char* name, std::int64_t value);
  Object& null(const char* name);
  Object& nest(const char* name, const std::function<void(Object&)>& fill);
  Object& list_of_one(const char* name, const std::function<void(Object&)>& fill);
  Object& list_of_one(const char* name, const std::string& value);
  Object& empty_list(const char* name);
  std::string text();

 private:
  omni::ObjectPtr<JsonBuilder> builder_;
};

Reply json(unsigned status, Object& object);
Reply html_page(unsigned status);
/// The same refusal in the form of some gateways: HTTP status 200, the actual status as "code" in
/// the body.
Reply hidden_in_200(Reply reply);

// --- requests ------------------------------------------------------------------------------------

/// Throws a Refusal for a missing or wrong field.
[[noreturn]] void invalid(const std::string& message, const char* code = "");

bool is_string(JsonNode* node);
bool is_http(std::string_view url);
/// For example "a, b, c".
std::string joined(const std::vector<std::string_view>& words);

/// The members of one object of a request. All readers treat a null member as absent, and refuse
/// one of another type.
class Fields {
 public:
  explicit Fields(Body& body) : body_(&body), object_(body.root()) {}

  JsonNode* node(const char* name) const;
  bool has(const char* name) const { return node(name) != nullptr; }
  /// With the names of its parent objects: "metadata.ratio".
  std::string full(const char* name) const { return path_ + name; }

  std::string text(const char* name) const;
  /// Absent, or one of `allowed`.
  std::string word(const char* name, const std::vector<std::string_view>& allowed) const;
  bool flag(const char* name) const;
  std::vector<std::string> texts(const char* name) const;
  std::optional<Fields> object(const char* name) const;
  std::vector<Fields> objects(const char* name) const;
  /// The name of a member that is not in `known`; empty = there is none.
  std::string unknown(const std::vector<std::string_view>& known) const;
  /// The text in place, for a data URI of many megabytes.
  std::span<char> span(const char* name) const;
  Body& body() const { return *body_; }

 private:
  Fields(Body* body, JsonObject* object, std::string path)
      : body_(body), object_(object), path_(std::move(path)) {}

  Body* body_;
  JsonObject* object_;
  std::string path_;
};

enum class ImageForms { address, address_or_data };
void add_image(Order& order, const std::string& name, const std::string& value, ImageForms forms,
               ImageInput::Role role = ImageInput::Role::reference);
/// Every string of the array `name`.
void add_images(Order& order, const Fields& fields, const char* name, ImageForms forms);

/// Decodes the base64 of a data URI in place. The caller has checked its prefix.
std::span<char> read_data_uri(const std::string& name, std::span<char> text);

/// True if the user has named this model with --model.
bool user_accepts(const std::string& model, const Settings& settings);

}  // namespace emu
