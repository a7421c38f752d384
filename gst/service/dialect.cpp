// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "service/dialect.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "service/glib-ptr.h"
#include "service/request.h"

namespace omni {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr const char* kAuto = "auto";

std::string shown_seconds(std::uint64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", static_cast<double>(ns) / 1e9);
  return text;
}

/// An unknown word is sent unchanged: services add and rename values faster than plugins.
std::string or_nearest(const std::string& asked, std::string nearest) {
  if (asked == kAuto) return nearest;
  return asked;
}

}  // namespace

std::string Dialect::with_id(const char* path, std::string_view id) {
  if (!path) return {};
  std::string filled = path;
  const std::size_t at = filled.find("{id}");
  if (at != std::string::npos) filled.replace(at, 4, escape_id(id));
  return filled;
}

void Dialect::finalize_body(JsonObject*, JsonNode*, const ModelFacts&) const {
}

const ModelFacts& Dialect::model_facts(const Request& request, bool with_reference) const {
  const JsonNodePtr parameters = parse_parameters(request.parameters);
  if (const auto other = as_text(member(parameters.get(), "model"))) return model_facts(*other);
  if (!request.model.empty()) return model_facts(request.model);
  return model_facts(with_reference ? service_.video_to_video_model : service_.text_to_video_model);
}

unsigned Dialect::lines_of(std::string_view resolution, const ModelFacts& facts) const {
  for (const Lines& lines : resolutions(facts))
    if (resolution == lines.word) return lines.short_side;
  return 0;
}

bool Dialect::replaces_reference(const Request& request) const {
  // Tested on the body itself, because the relevant members depend on the service and the model.
  // Images are omitted: they may be many megabytes and do not matter here.
  ResolvedRequest trial;
  trial.request.model = request.model.empty() ? service_.video_to_video_model : request.model;
  trial.request.seconds = 1;
  trial.request.parameters = request.parameters;
  const std::string placeholder = new_placeholder();
  return create_body(trial, placeholder).find(placeholder) == std::string::npos;
}

void Dialect::check_length(unsigned seconds, const ModelFacts& facts) const {
  if (seconds == 0 || is_legal(seconds, facts.lengths)) return;
  const std::string model =
      facts.name.empty() ? title() : std::string(facts.name) + " at " + title();
  refuse_request(
      "`seconds` is " + std::to_string(seconds) + ", and " + model + " generates " +
      describe(facts.lengths) +
      " seconds. Set that, or 0 for the length of the reference or the service's default.");
}

void Dialect::check_reference(const ReferenceInfo& reference, const ModelFacts& facts) const {
  if (!facts.takes_video)
    refuse_request(std::string("The model \"") + std::string(facts.name) + "\" of " + title() +
                   " takes no reference video. Set `model` to one that does, such as \"" +
                   service_.video_to_video_model + "\".");
  const std::uint64_t most = facts.max_bytes(reference.by_url);
  if (most > 0 && reference.bytes > most)
    throw Failure(Reason::too_large, "The reference has " + std::to_string(reference.bytes) +
                                         " bytes, and " + title() + " takes at most " +
                                         std::to_string(most) + " (" + std::to_string(most >> 20) +
                                         " MiB). Set oversize=transcode" +
                                         (reference.by_url ? "" : " or oversize=publish") +
                                         ", or use a shorter clip or a lower bitrate.");
  const unsigned side = std::max(reference.width, reference.height);
  if (facts.max_side > 0 && side > facts.max_side)
    throw Failure(Reason::too_large,
                  "The frame size of the reference is " + std::to_string(reference.width) + "x" +
                      std::to_string(reference.height) + ", and " + title() + " takes at most " +
                      std::to_string(facts.max_side) +
                      " pixels a side for this model. Set oversize=transcode, or scale it down.");
  std::uint64_t longest = facts.max_reference_ns;
  if (longest == 0 && facts.lengths.maximum > 0)
    longest = facts.lengths.maximum * kSecond + kSecond / 2;
  const std::string length = shown_seconds(reference.duration_ns);
  if (longest > 0 && reference.duration_ns > longest)
    throw Failure(Reason::bad_input, "The reference is " + length + " seconds long, and " +
                                         title() + " takes at most " +
                                         std::to_string(longest / kSecond) +
                                         " for this model. Cut it into shorter clips.");
  if (reference.duration_ns < facts.min_reference_ns)
    throw Failure(Reason::bad_input, "The reference is " + length + " seconds long, and " +
                                         title() + " takes at least " +
                                         shown_seconds(facts.min_reference_ns) +
                                         " for this model. Use a longer clip.");
}

ResolvedRequest Dialect::resolve(const Request& request,
                                 const std::optional<ReferenceInfo>& reference) const {
  require_utf8(request);
  const JsonNodePtr parameters = parse_parameters(request.parameters);
  require_prompt(request, parameters.get());
  const ModelFacts& facts = model_facts(request, reference.has_value());
  check_length(request.seconds, facts);
  check(request, facts, reference.has_value());

  ResolvedRequest resolved{request, 0};
  Request& result = resolved.request;
  if (result.model.empty())
    result.model = reference ? service_.video_to_video_model : service_.text_to_video_model;
  const ReferenceInfo shown = reference.value_or(ReferenceInfo{});
  result.aspect_ratio = or_nearest(request.aspect_ratio, nearest_shape(shown, shapes(facts)));
  result.resolution = or_nearest(request.resolution, nearest_resolution(shown, resolutions(facts)));
  if (reference) {
    if (result.seconds == 0) result.seconds = nearest_length(reference->duration_ns, facts.lengths);
    // A reference given by `parameters` is not known here and cannot be checked.
    if (!replaces_reference(request)) check_reference(*reference, facts);
  }
  const unsigned billed = result.seconds ? result.seconds : facts.lengths.usual;
  resolved.seconds =
      overridden_seconds(parameters.get(), service_.length_member, billed, facts.lengths.usual);
  return resolved;
}

std::string Dialect::create_body(const ResolvedRequest& resolved,
                                 const std::string& reference) const {
  const JsonNodePtr root(json_node_new(JSON_NODE_OBJECT));
  JsonObject* body = json_object_new();
  json_node_take_object(root.get(), body);
  const ModelFacts& facts = model_facts(resolved.request, !reference.empty());
  set_text(body, "model", resolved.request.model);
  set_text(body, "prompt", resolved.request.prompt);
  write(body, resolved.request, facts, reference);
  const JsonNodePtr parameters = parse_parameters(resolved.request.parameters);
  if (parameters) merge_json(body, json_node_get_object(parameters.get()));
  finalize_body(body, parameters.get(), facts);
  return to_text(root.get());
}

std::span<const Dialect* const> dialects() {
  static const std::array<const Dialect*, 3> all = {&octopusx(), &omnirouters(), &apimart()};
  return all;
}

const Dialect* find_dialect(std::string_view name) {
  for (const Dialect* dialect : dialects()) {
    if (name == dialect->name()) return dialect;
  }
  return nullptr;
}

std::string escape_id(std::string_view id) {
  const auto refuse = [](const char* why) {
    throw Failure(Reason::bad_result,
                  std::string("The service gave a task id that ") + why +
                      ", so the task cannot be polled. Report it to the service.");
  };
  if (id.empty()) refuse("is empty");
  // As a path segment these two would lead to another address, escaped or not.
  if (id == "." || id == "..") refuse("is a step in a path");
  for (const char c : id) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) refuse("contains control characters");
  }
  const CharPtr escaped(g_uri_escape_string(std::string(id).c_str(), nullptr, FALSE));
  return escaped.get();
}

}  // namespace omni
