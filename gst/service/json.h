// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Untrusted JSON, made safe before json-glib parses it, and helpers to read it.
#pragma once

#include <json-glib/json-glib.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "service/glib-ptr.h"

namespace omni {

/// Some services put the result itself into a reply: this is 64 MiB as base64, and some more.
inline constexpr std::size_t kMaxJsonBytes = 96 * 1024 * 1024;
/// What the user writes may hold whole images as data URIs.
inline constexpr std::size_t kMaxUserJsonBytes = 64 * 1024 * 1024;
inline constexpr int kMaxJsonDepth = 64;
/// json-glib searches a list for repeated member names, so without a limit it takes quadratic time.
inline constexpr std::size_t kMaxJsonMembers = 20000;

using JsonNodePtr = std::unique_ptr<JsonNode, FreeWith<&json_node_unref>>;

enum class JsonInput {
  reply,  // from a service: minor errors are repaired (invalid UTF-8, NaN, lone surrogates)
  user,   // from the user: errors are rejected, so that what is sent is what was meant
};

/// Parses at most kMaxJsonBytes (kMaxUserJsonBytes) with at most kMaxJsonDepth levels and
/// kMaxJsonMembers members. Otherwise returns nullptr with a reason in `why` (a clause such as "it
/// is empty"). json-glib recurses once per level, and aborts the process on a lone surrogate, so a
/// linear scan checks the text first.
JsonNodePtr parse_json(std::string_view text, std::string* why, JsonInput input = JsonInput::reply);

/// The member `name` of an object; nullptr if `node` is not an object, has no such member, or the
/// member is null.
JsonNode* member(JsonNode* node, const char* name);
/// The same along a path such as "data.result.videos[0].url".
JsonNode* at_path(JsonNode* node, std::string_view path);
/// A string, trimmed, or a number as text. nullopt for anything else.
std::optional<std::string> as_text(JsonNode* node);
/// A finite number, or a string that contains only a number. nullopt for anything else.
std::optional<double> as_number(JsonNode* node);

/// Writes compact JSON.
std::string to_text(JsonNode* node);

/// Merges `over` into `base`: objects member by member, anything else replaces (RFC 7396, except
/// that null is a value and is kept).
void merge_json(JsonObject* base, JsonObject* over);

}  // namespace omni
