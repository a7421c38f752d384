// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The common part of building a create request: checks, nearest legal values, the body with its
// hole. No I/O. What differs from service to service is in the dialects' own files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/dialect.h"
#include "service/glib-ptr.h"
#include "service/json.h"

namespace omni {

/// Throws Failure(invalid_request) if a text of the request is not UTF-8.
void require_utf8(const Request& request);

/// Throws Failure(invalid_request) if neither the prompt nor `parameters` sets a prompt.
void require_prompt(const Request& request, JsonNode* parameters);

/// `parameters` as an object node; nullptr if empty. Throws Failure(invalid_request).
JsonNodePtr parse_parameters(const std::string& parameters);

/// True if `parameters` has this member, even as null.
bool sets(JsonNode* parameters, const char* name);

/// The row of that name, else the last one, which stands for all others.
template <class Facts, std::size_t N>
const Facts& find_model(std::span<const Facts, N> models, std::string_view name) {
  for (const Facts& facts : models) {
    if (facts.name == name) return facts;
  }
  return models.back();
}

/// The legal length nearest to a duration.
unsigned nearest_length(std::uint64_t duration_ns, const Lengths& lengths);
bool is_legal(unsigned seconds, const Lengths& lengths);
/// For example "4 to 30" or "4, 6, 8 or 10".
std::string describe(const Lengths& lengths);

/// The billed seconds that `name` in `parameters` leads to, rounded up; `otherwise` if it is not
/// set, `usual` if it is null. Throws Failure(invalid_request) if it is not a number of seconds.
unsigned overridden_seconds(JsonNode* parameters, const char* name, unsigned otherwise,
                            unsigned usual);

/// The shape with the nearest aspect ratio; empty if the reference's size is unknown.
std::string nearest_shape(const ReferenceInfo& reference, std::span<const Shape> known);
/// The resolution with the nearest short side; of two equally near ones, the smaller.
std::string nearest_resolution(const ReferenceInfo& reference, std::span<const Lines> known);

/// Throws Failure(invalid_request).
[[noreturn]] void refuse_request(std::string message);
/// For a property that a service does not support: rejected, not silently dropped.
void require_unset(bool is_set, const char* property, const char* title);

// Members of a body; empty or unset ones are omitted.
void set_text(JsonObject* body, const char* name, const std::string& text);
void set_texts(JsonObject* body, const char* name, const std::vector<std::string>& texts);
JsonObject* add_object(JsonObject* body, const char* name);
JsonArray* add_array(JsonObject* body, const char* name);
/// True if this member is a non-empty array.
bool has_elements(JsonObject* body, const char* name);

/// 128 random bits as 32 hex digits.
std::string unguessable_name();
/// A placeholder for content that is inserted later. It cannot be guessed, so no text of the user
/// can contain it.
std::string new_placeholder();
/// The body with a hole where the reference is streamed in as base64; without a hole if
/// `parameters` replaces the reference.
CreateBody inline_body(const Dialect& dialect, const ResolvedRequest& resolved);

}  // namespace omni
