// What differs from service to service: routes, names of fields, forms of replies and errors. One
// file each; everything else (HTTP, jobs, rendering, faults) does not know which service is played.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "body.h"
#include "settings.h"

namespace emu {

enum class Route { none, create, poll, content };

struct Target {
  Route route = Route::none;
  std::string id;
  bool wrapped = false;  // a second entry of the same service, whose replies stand in an envelope
};

/// What a create request asks for. `reference` points into the Body that it was read from.
struct Order {
  std::string model;
  std::string prompt;
  std::span<char> reference;  // the decoded MP4; empty when it is to be fetched, or there is none
  std::string reference_url;
  unsigned seconds = 0;      // 0 = as long as the reference
  std::string aspect_ratio;  // "16:9"; empty = as the reference
  std::string resolution;    // as the request says it
  unsigned short_side = 0;   // pixels; 0 = as the reference
};

enum class State { queued, running, completed, failed };

/// What a poll may know about a job.
struct JobView {
  std::string id;
  std::string model;
  State state = State::queued;
  int progress = 0;
  std::int64_t created_at = 0;  // seconds since 1970, 0 = not yet
  std::int64_t completed_at = 0;
  std::int64_t expires_at = 0;
  unsigned seconds = 0;
  unsigned width = 0;
  unsigned height = 0;
  std::string error_code;
  std::string error_message;
  std::string url;  // only of a completed job
};

struct Reply {
  unsigned status = 200;
  std::string text;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Why a request is refused; the dialect knows status and form.
enum class Problem {
  unauthorized,
  malformed,  // not JSON at all
  no_model,
  unknown_model,
  invalid,  // a field that is missing or wrong
  body_too_large,
  reference_too_large,
  busy,
  no_task,     // poll
  no_content,  // content of an unknown task
  not_ready,   // content of a task that has not completed
  unknown_path,
};

struct Refusal : std::runtime_error {
  Refusal(Problem what, const std::string& message) : std::runtime_error(message), problem(what) {}
  Problem problem;
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual const char* name() const = 0;
  /// `path` is decoded already.
  virtual Target route(std::string_view method, std::string_view path) const = 0;
  /// Reads and checks a create request; throws Refusal.
  virtual Order order(Body& body, const Settings& settings) const = 0;
  virtual Reply created(const JobView& job, const Target& target) const = 0;
  virtual Reply polled(const JobView& job, const Target& target,
                       const Settings& settings) const = 0;
  virtual Reply refused(Problem problem, const std::string& message) const = 0;
  /// The documented reply with this status, for faults.
  virtual Reply with_status(unsigned status) const = 0;
};

const Dialect& octopusx();

}  // namespace emu
