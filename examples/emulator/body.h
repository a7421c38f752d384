// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The body of a create request: JSON in which one string may be 20 MiB of base64. That string is
// cut out before the JSON parser sees the rest, and decoded in place: the body is in memory once,
// never twice.
#pragma once

#include <json-glib/json-glib.h>

#include <deque>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "service/glib-ptr.h"

namespace emu {

struct BadBody : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Body {
 public:
  /// Throws BadBody if the text is not one JSON object, or is nested too deeply.
  explicit Body(std::string text);

  JsonObject* root() const { return root_; }
  /// nullptr if there is no such member, or it is null.
  JsonNode* member(const char* name) const;
  /// The text of a string node, writable; it lives as long as this Body.
  std::span<char> text(JsonNode* node);
  /// The whole body as JSON, data URIs shortened to "data:video/mp4;base64,(N bytes)". Call it
  /// before anything is decoded.
  std::string shortened();

 private:
  std::string cut_long_strings();
  void shorten(JsonNode* node);

  std::string text_;
  std::vector<std::span<char>> cut_;  // the strings that were cut out, without quotes, in text_
  std::deque<std::string> copies_;    // short strings that were requested; a deque never moves them
  omni::ObjectPtr<JsonParser> parser_;
  JsonObject* root_ = nullptr;
};

/// Decodes base64 in place and returns the bytes. Strict, unlike GLib's: no line breaks, nothing
/// outside the alphabet, correct padding; throws BadBody.
std::span<char> decode_base64(std::span<char> text);

}  // namespace emu
