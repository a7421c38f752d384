// What the dialects share when they build a create request: checks, nearest legal values, the body
// with its hole. No I/O. What differs from service to service lives in the dialects' own files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

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

/// Whole seconds nearest to a duration, within [minimum, maximum].
unsigned nearest_seconds(std::uint64_t duration_ns, unsigned minimum, unsigned maximum);

/// The seconds that a `name` in `parameters` makes the job cost, rounded up; `otherwise` when it is
/// not set. Throws Failure(invalid_request) for what cannot be counted.
unsigned overridden_seconds(JsonNode* parameters, const char* name, unsigned otherwise);

struct Shape {
  const char* word;  // as the service spells it
  unsigned width;
  unsigned height;
};
/// The shape whose width : height is nearest by ratio; empty when the reference's size is unknown.
std::string nearest_shape(const ReferenceInfo& reference, std::span<const Shape> known);

struct Lines {
  const char* word;
  unsigned short_side;
};
/// The resolution whose short side is nearest, the smaller of two equally near ones.
std::string nearest_resolution(const ReferenceInfo& reference, std::span<const Lines> known);

/// A word that stands for the reference until the body is cut there. Nobody can guess it, so no
/// text of the user's can be taken for it.
std::string new_marker();
/// Cuts the body at the marker; without one, the whole body is the head.
CreateBody cut_at(std::string body, const std::string& marker);

}  // namespace omni
