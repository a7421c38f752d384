// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What differs from service to service: routes, field names, limits. What all services share is
// here, in request.h and in reply.h. No I/O.
//
// Implementations, one service each: octopusx.cpp, omnirouters.cpp, apimart.cpp. They have no
// headers: this one declares them. README.md says how to add another.
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/error.h"

namespace omni {

/// A property whose value may be left to the service.
enum class Switch { unset, on, off };

/// The user's request, as the properties give it. Files are already read: prompt and parameters are
/// texts; images are URLs, data URIs, or placeholders of files that are not published yet.
struct Request {
  std::string model;  // empty = the dialect's default
  std::string prompt;
  unsigned seconds = 0;  // 0 = from the reference; without a reference: not sent
  std::string aspect_ratio = "auto";
  std::string resolution = "auto";
  std::vector<std::string> images;
  std::string first_image;
  std::string last_image;
  std::string video_reference_type;
  Switch keep_original_sound = Switch::unset;
  Switch generate_audio = Switch::unset;
  std::string parameters;  // a JSON object, merged over the body last; empty = none
};

/// The properties of the reference, read from the MP4 itself.
struct ReferenceInfo {
  std::uint64_t bytes = 0;
  std::uint64_t duration_ns = 0;
  unsigned width = 0;  // as displayed, with pixel aspect ratio and rotation applied
  unsigned height = 0;
  bool by_url = false;  // sent by URL, not as a data URI
};

/// A request in which no `auto` is left: what will be sent and paid for.
struct ResolvedRequest {
  Request request;       // model, seconds, aspect_ratio, resolution resolved
  unsigned seconds = 0;  // what the job will be billed for
};

/// The body of a create request with a hole for the reference: head + base64(reference) + tail. If
/// nothing is streamed into it, there is no hole and `head` is the whole body.
struct CreateBody {
  std::string head;
  std::string tail;
  bool has_hole = false;
};

struct Shape {
  const char* word;  // as the service spells it
  unsigned width;
  unsigned height;
};
struct Lines {
  const char* word;
  unsigned short_side;
};

/// The lengths that can be bought, in seconds. All zero: unknown, and any length is sent.
struct Lengths {
  unsigned minimum = 0;
  unsigned maximum = 0;
  std::span<const unsigned> only = {};  // if only some lengths are offered
  unsigned usual = 0;                   // used if the request sets no length
};

/// The facts of one model; 0 = unknown. A dialect derives its own type from it for facts specific
/// to its models.
struct ModelFacts {
  std::string_view name;  // as the service spells it; empty = all others
  Lengths lengths = {};
  bool takes_video = true;             // as a reference
  bool takes_data_uri = false;         // of a reference; every service takes http(s) URLs
  std::uint64_t max_inline_bytes = 0;  // of the file, before base64
  std::uint64_t max_url_bytes = 0;
  unsigned max_side = 0;  // pixels
  std::uint64_t min_reference_ns = 0;
  std::uint64_t max_reference_ns = 0;  // 0 = the longest length plus half a second

  std::uint64_t max_bytes(bool by_url) const { return by_url ? max_url_bytes : max_inline_bytes; }
};

/// Paths of one entry of a service; "{id}" stands for the task's id.
struct Route {
  const char* create;
  const char* poll;
  const char* content = nullptr;    // serves the result's bytes; needs the bearer key
  const char* artifacts = nullptr;  // lists the results of a task if the poll reply names none
};

/// The facts of a service as a whole.
struct ServiceFacts {
  const char* name;     // the `provider` value
  const char* title;    // its name in messages
  const char* summary;  // one line, to help choose a provider
  const char* default_base_url;
  const char* key_variable;  // environment variable of this provider
  const char* video_to_video_model;
  const char* text_to_video_model;
  std::uint64_t first_poll_ns;  // no job is known to have finished earlier
  bool images_as_data_uris;     // local images may be sent inside the body
  const char* length_member;    // of the body
  /// Routes for create requests, polls and results, in order of preference. The next is tried if
  /// the service does not know an address.
  std::span<const Route> routes;
};

class Dialect {
 public:
  explicit Dialect(const ServiceFacts& facts) : service_(facts) {}
  virtual ~Dialect() = default;
  Dialect(const Dialect&) = delete;

  const ServiceFacts& service() const { return service_; }
  const char* name() const { return service_.name; }
  const char* title() const { return service_.title; }
  /// The facts of a model; for an unknown model, those of all others.
  virtual const ModelFacts& model_facts(std::string_view model) const = 0;
  /// `path` of a route with the id as one path segment; empty if the route has no such path.
  static std::string with_id(const char* path, std::string_view id);

  /// The facts of the model that this request uses, with `parameters` applied. Throws Failure.
  const ModelFacts& model_facts(const Request& request, bool with_reference) const;

  /// The short side of a named resolution; 0 if unknown.
  unsigned lines_of(std::string_view resolution, const ModelFacts& facts) const;

  /// True if `parameters` replaces the reference.
  bool replaces_reference(const Request& request) const;

  /// Resolves every `auto` from the reference, or omits it if there is none, and validates as much
  /// as possible before money is spent. Throws Failure.
  ResolvedRequest resolve(const Request& request,
                          const std::optional<ReferenceInfo>& reference) const;

  /// The body as JSON. `reference` is a data URI, a URL, or a placeholder of either; empty = none.
  /// The body omits it if `parameters` replaces it.
  std::string create_body(const ResolvedRequest& resolved, const std::string& reference) const;

 protected:
  // What each service adds to the common part:
  /// The choices for `auto`; empty = left to the service.
  virtual std::span<const Shape> shapes(const ModelFacts& facts) const = 0;
  virtual std::span<const Lines> resolutions(const ModelFacts& facts) const = 0;
  /// Rejects what this service is known to refuse.
  virtual void check(const Request& request, const ModelFacts& facts,
                     bool with_reference) const = 0;
  virtual void write(JsonObject* body, const Request& request, const ModelFacts& facts,
                     const std::string& reference) const = 0;
  /// Called after `parameters` (may be null) were merged over the body, for what depends on the
  /// whole body. Throws Failure.
  virtual void finalize_body(JsonObject* body, JsonNode* parameters, const ModelFacts& facts) const;

 private:
  void check_length(unsigned seconds, const ModelFacts& facts) const;
  void check_reference(const ReferenceInfo& reference, const ModelFacts& facts) const;

  const ServiceFacts& service_;
};

/// All services, the default first.
std::span<const Dialect* const> dialects();
/// nullptr if there is no such provider.
const Dialect* find_dialect(std::string_view name);
const Dialect& octopusx();
const Dialect& omnirouters();
const Dialect& apimart();

/// Percent-encodes an id as one path segment. Throws Failure(bad_result) for control characters: an
/// id is untrusted and becomes part of a URL.
std::string escape_id(std::string_view id);

}  // namespace omni
