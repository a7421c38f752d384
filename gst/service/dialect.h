// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What differs from service to service: routes, field names, limits. What they share is here, in
// request.h and in reply.h. No I/O.
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

/// A property that may be left to the service.
enum class Switch { unset, on, off };

/// What the user asked for, as the properties say it. Files are already read: prompt and parameters
/// are texts, images are URLs, data URIs or placeholders of what is yet to be published.
struct Request {
  std::string model;  // empty = the dialect's own
  std::string prompt;
  unsigned seconds = 0;  // 0 = from the reference; without one: not sent
  std::string aspect_ratio = "auto";
  std::string resolution = "auto";
  std::vector<std::string> images;
  std::string first_image;
  std::string last_image;
  std::string video_reference_type;
  Switch keep_original_sound = Switch::unset;
  Switch generate_audio = Switch::unset;
  std::string parameters;  // a JSON object merged over the body last; empty = none
};

/// What the reference is, read from the MP4 itself.
struct ReferenceInfo {
  std::uint64_t bytes = 0;
  std::uint64_t duration_ns = 0;
  unsigned width = 0;  // as displayed: pixel aspect and rotation applied
  unsigned height = 0;
  bool by_url = false;  // goes by URL, not as a data URI
};

/// A request in which nothing is `auto` any more: what will be sent and paid for.
struct ResolvedRequest {
  Request request;       // model, seconds, aspect_ratio, resolution resolved
  unsigned seconds = 0;  // what the job will be billed for
};

/// A create body with a hole for the reference: head + base64(reference) + tail. When nothing is to
/// be streamed into it, there is no hole and `head` is the whole body.
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

/// The lengths that can be bought, in seconds. All zero: nothing is known, and any goes out.
struct Lengths {
  unsigned minimum = 0;
  unsigned maximum = 0;
  std::span<const unsigned> only = {};  // where not every whole second is for sale
  unsigned usual = 0;                   // what is made when the request names none
};

/// What is known of one model; 0 = unknown. Dialects derive from it what is peculiar to their
/// models.
struct ModelFacts {
  std::string_view name;  // as the service spells it; empty = all others
  Lengths lengths = {};
  bool takes_video = true;             // as a reference
  bool takes_data_uri = false;         // of a reference; http(s) URLs every service takes
  std::uint64_t max_inline_bytes = 0;  // of the file, not of its base64
  std::uint64_t max_url_bytes = 0;
  unsigned max_side = 0;  // pixels
  std::uint64_t min_reference_ns = 0;
  std::uint64_t max_reference_ns = 0;  // 0 = the longest length, and half a second

  std::uint64_t max_bytes(bool by_url) const { return by_url ? max_url_bytes : max_inline_bytes; }
};

/// Paths of one entry of a service; "{id}" stands for the task's id.
struct Route {
  const char* create;
  const char* poll;
  const char* content = nullptr;    // serves result bytes to the bearer
  const char* artifacts = nullptr;  // lists the results of a task whose poll reply names none
};

/// What is known of a service as a whole.
struct ServiceFacts {
  const char* name;     // the `provider` value
  const char* title;    // as messages name it
  const char* summary;  // one line for who chooses among providers
  const char* default_base_url;
  const char* key_variable;  // environment variable of this provider
  const char* video_to_video_model;
  const char* text_to_video_model;
  std::uint64_t first_poll_ns;  // no job was ever seen to finish earlier
  bool images_as_data_uris;     // local images may go inside the body
  const char* length_member;    // of the body
  /// Where creates, polls and results go, the first choice first; another is tried when the service
  /// does not know an address.
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
  /// What is known of a model; of one that is not known, what holds for all.
  virtual const ModelFacts& model_facts(std::string_view model) const = 0;
  /// `path` of a route with the id as one segment of it; empty where the route has none.
  static std::string with_id(const char* path, std::string_view id);

  /// The facts of the model that this request goes to, `parameters` included. Throws Failure.
  const ModelFacts& model_facts(const Request& request, bool with_reference) const;

  /// The short side that the word of a resolution stands for; 0 for one that is not known.
  unsigned lines_of(std::string_view resolution, const ModelFacts& facts) const;

  /// Does `parameters` put something else in the reference's place?
  bool replaces_reference(const Request& request) const;

  /// Resolves every `auto` from the reference, or leaves it out when there is none, and checks
  /// everything that can be checked before money is spent. Throws Failure.
  ResolvedRequest resolve(const Request& request,
                          const std::optional<ReferenceInfo>& reference) const;

  /// The body as JSON. `reference` is what stands for it: a data URI, a URL, or a placeholder of
  /// either; empty = none. It is not in the body when `parameters` replace it.
  std::string create_body(const ResolvedRequest& resolved, const std::string& reference) const;

 protected:
  // What each service adds to what all share:
  /// What `auto` chooses from; empty = the choice is left to the service.
  virtual std::span<const Shape> shapes(const ModelFacts& facts) const = 0;
  virtual std::span<const Lines> resolutions(const ModelFacts& facts) const = 0;
  /// Refuses what this service is known to refuse.
  virtual void check(const Request& request, const ModelFacts& facts,
                     bool with_reference) const = 0;
  virtual void write(JsonObject* body, const Request& request, const ModelFacts& facts,
                     const std::string& reference) const = 0;
  /// After `parameters` (may be null) were merged over the body: what depends on the whole of it.
  /// Throws Failure.
  virtual void finalize_body(JsonObject* body, JsonNode* parameters, const ModelFacts& facts) const;

 private:
  void check_length(unsigned seconds, const ModelFacts& facts) const;
  void check_reference(const ReferenceInfo& reference, const ModelFacts& facts) const;

  const ServiceFacts& service_;
};

/// Every service that there is, the default first.
std::span<const Dialect* const> dialects();
/// nullptr when no such provider exists.
const Dialect* find_dialect(std::string_view name);
const Dialect& octopusx();
const Dialect& omnirouters();
const Dialect& apimart();

/// Percent-encodes an id as one path segment; throws Failure(bad_result) for control
/// characters: an id comes from outside and becomes part of a URL.
std::string escape_id(std::string_view id);

}  // namespace omni
