// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What differs from service to service: routes, field names, the format of replies and errors. One
// file per service. Everything else (HTTP, jobs, rendering, faults) does not know which service is
// emulated.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "body.h"
#include "image.h"
#include "settings.h"

namespace emu {

enum class Route {
  none,
  create,
  poll,
  content,
  artifacts,  // the list of a task's results
  artifact,   // one of them; its URL is the permission
};

/// The entry of a service that a request used. Each entry has its own reply format.
enum class Entry {
  main,
  wrapped,  // a second entry, whose replies are in an envelope
  tasks,    // a gateway's newer entry: flat, upper-case words, no URL
};

struct Target {
  Route route = Route::none;
  std::string id;
  Entry entry = Entry::main;
};

/// The content of a create request. `reference` points into the Body that it was read from.
struct Order {
  std::string model;
  std::string prompt;
  std::span<char> reference;  // the decoded MP4; empty if it is fetched, or there is none
  std::string reference_url;
  std::uint64_t reference_limit = kMaxFetchedBytes;  // bytes, for a fetched reference
  double clip_min = 0, clip_max = 0;                 // limits of a reference's duration in seconds;
                                                     // 0 = any
  std::vector<ImageInput> images;
  unsigned seconds = 0;            // 0 = as long as the reference
  std::string aspect_ratio;        // for example "16:9"; empty = as the reference
  std::string resolution;          // as in the request
  unsigned short_side = 0;         // pixels; 0 = as the reference
  bool sound = false;              // without a reference: add audio
  bool mute = false;               // with a reference: remove its audio
  std::vector<std::string> notes;  // for the log: accepted, but probably a mistake

  bool has_reference() const { return !reference.empty() || !reference_url.empty(); }
};

enum class State { queued, running, completed, failed };

/// What a poll may report about a job.
struct JobView {
  std::string id;
  std::string upstream_id;  // the upstream service's id of the same task
  std::string model;
  std::string prompt;
  State state = State::queued;
  unsigned polls = 0;  // polls answered before this one
  int progress = 0;
  std::int64_t created_at = 0;  // Unix time in seconds, 0 = not yet
  std::int64_t started_at = 0;
  std::int64_t completed_at = 0;
  std::int64_t expires_at = 0;
  unsigned seconds = 0;
  unsigned width = 0;
  unsigned height = 0;
  std::string error_code;
  std::string error_message;
  std::string url;           // of a completed job only
  std::string early_url;     // at any time; 404 until the job has completed
  std::string artifact_url;  // like url, in the format of the list of artifacts
};

struct Reply {
  unsigned status = 200;
  std::string text;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Why a request is refused. The dialect knows the status and format.
enum class Problem {
  unauthorized,
  malformed,  // not JSON at all
  no_model,
  unknown_model,
  invalid,  // a missing or wrong field
  body_too_large,
  reference_too_large,
  busy,
  no_task,     // poll of an unknown task
  no_content,  // content of an unknown task
  not_ready,   // content of an unfinished task
  unknown_path,
};

struct Refusal : std::runtime_error {
  Refusal(Problem what, const std::string& message, std::string word = {})
      : std::runtime_error(message), problem(what), code(std::move(word)) {}
  Problem problem;
  std::string code;  // the service's own code for an invalid field; empty = its usual one
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual const char* name() const = 0;
  virtual std::string new_id() const = 0;
  /// `path` is decoded already.
  virtual Target route(std::string_view method, std::string_view path) const = 0;
  /// Reads and checks a create request; throws Refusal.
  virtual Order order(Body& body, const Settings& settings) const = 0;
  virtual Reply created(const JobView& job, const Target& target) const = 0;
  virtual Reply polled(const JobView& job, const Target& target,
                       const Settings& settings) const = 0;
  /// For services with Route::artifacts only.
  virtual Reply artifacts(const JobView& job) const;
  virtual Reply refused(const Refusal& refusal) const = 0;
  /// The documented reply with this status, for faults.
  virtual Reply with_status(unsigned status) const = 0;
};

const Dialect& octopusx();
const Dialect& omnirouters();
const Dialect& apimart();
const Dialect& dialect_of(Provider provider);

}  // namespace emu
