// What differs from service to service: routes, field names, limits. One small file each; what they
// share (parsing, validation helpers) stays in reply.h and request.h. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "service/error.h"

namespace omni {

/// What the user asked for, as the properties say it. Files are already read: prompt and parameters
/// are texts, images are URLs or data URIs.
struct Request {
  std::string model;  // empty = the dialect's V2V model
  std::string prompt;
  unsigned seconds = 0;  // 0 = from the reference
  std::string aspect_ratio = "auto";
  std::string resolution = "auto";
  std::vector<std::string> images;
  std::string first_image;
  std::string last_image;
  std::string parameters;  // a JSON object merged over the body last; empty = none
};

/// What the reference is, read from the MP4 itself.
struct ReferenceInfo {
  std::uint64_t bytes = 0;
  std::uint64_t duration_ns = 0;
  unsigned width = 0;  // as displayed: pixel aspect and rotation applied
  unsigned height = 0;
};

/// A request in which nothing is `auto` any more: what will be sent and paid for.
struct FittedRequest {
  Request request;       // model, seconds, aspect_ratio, resolution resolved
  unsigned seconds = 0;  // what the job will be billed for
};

/// A create body with a hole for the reference: head + base64(reference) + tail. When the user's
/// `parameters` replaced the reference field, there is no hole and `head` is the whole body.
struct CreateBody {
  std::string head;
  std::string tail;
  bool has_hole = false;
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual const char* name() const = 0;   // the `provider` value
  virtual const char* title() const = 0;  // as messages name it
  virtual const char* default_base_url() const = 0;
  virtual const char* key_variable() const = 0;   // environment variable of this provider
  virtual const char* default_model() const = 0;  // for V2V
  virtual std::uint64_t max_reference_bytes() const = 0;
  virtual std::uint64_t first_poll_ns() const = 0;  // no job was ever seen to finish earlier

  virtual std::string create_path() const = 0;
  virtual std::string poll_path(std::string_view id) const = 0;
  /// The proxy that serves result bytes to the bearer; empty where there is none.
  virtual std::string content_path(std::string_view id) const = 0;

  /// Resolves every `auto` from the reference and checks everything that can be checked before
  /// money is spent. Throws Failure.
  virtual FittedRequest fit(const Request& request, const ReferenceInfo& reference) const = 0;
  virtual CreateBody create_body(const FittedRequest& fitted) const = 0;
};

/// nullptr when no such provider exists.
const Dialect* find_dialect(std::string_view name);
const Dialect& octopusx();

/// Percent-encodes an id as one path segment; throws Failure(bad_result) for control characters
/// (T13).
std::string escape_id(std::string_view id);

}  // namespace omni
