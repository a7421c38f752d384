// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What the dialects share when they build a create request: checks, nearest legal values, the body
// with its hole. No I/O. What differs from service to service lives in the dialects' own files.
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

/// Throws Failure(invalid_request) when a text of the request is not UTF-8.
void require_utf8(const Request& request);

/// Throws Failure(invalid_request) when there is no prompt, neither as such nor in `parameters`.
void require_prompt(const Request& request, JsonNode* parameters);

/// `parameters` as an object node; nullptr when there are none. Throws Failure(invalid_request).
JsonNodePtr parse_parameters(const std::string& parameters);

/// True when `parameters` has this member, even as a null.
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
/// "4 to 30", "4, 6, 8 or 10"
std::string describe(const Lengths& lengths);

/// The seconds that a `name` in `parameters` makes the job cost, rounded up; `otherwise` when it is
/// not set, `usual` when it is null. Throws Failure(invalid_request) for what cannot be counted.
unsigned overridden_seconds(JsonNode* parameters, const char* name, unsigned otherwise,
                            unsigned usual);

/// The shape whose width : height is nearest by ratio; empty when the reference's size is unknown.
std::string nearest_shape(const ReferenceInfo& reference, std::span<const Shape> known);
/// The resolution whose short side is nearest, the smaller of two equally near ones.
std::string nearest_resolution(const ReferenceInfo& reference, std::span<const Lines> known);

/// Throws Failure(invalid_request).
[[noreturn]] void refuse_request(std::string message);
/// For a property that a service has no place for: refused rather than dropped in silence.
void require_unset(bool is_set, const char* property, const char* title);

// Members of a body; what is empty or unset stays out.
void set_text(JsonObject* body, const char* name, const std::string& text);
void set_texts(JsonObject* body, const char* name, const std::vector<std::string>& texts);
JsonObject* add_object(JsonObject* body, const char* name);
JsonArray* add_array(JsonObject* body, const char* name);
/// Is this member an array with anything in it?
bool has_elements(JsonObject* body, const char* name);

/// 128 bits that nobody can guess, as 32 hex digits.
std::string unguessable_name();
/// A word that stands for what is put in its place later. Nobody can guess it, so no text of the
/// user's can be taken for it.
std::string new_placeholder();
/// The body with a hole where the reference is streamed in as base64; without one when
/// `parameters` put something else in its place.
CreateBody inline_body(const Dialect& dialect, const ResolvedRequest& resolved);

}  // namespace omni
