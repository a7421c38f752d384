// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

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
#include "image.h"
#include "settings.h"

namespace emu {

enum class Route {
  none,
  create,
  poll,
  content,
  artifacts,  // the list of what a task has made
  artifact,   // one of them; the address itself is the permission
};

/// Through which of a service's doors a request came: each has its own form of replies.
enum class Entry {
  main,
  wrapped,  // a second entry, whose replies stand in an envelope
  tasks,    // the newer door of a gateway: flat, upper-case words, no address
};

struct Target {
  Route route = Route::none;
  std::string id;
  Entry entry = Entry::main;
};

/// What a create request asks for. `reference` points into the Body that it was read from.
struct Order {
  std::string model;
  std::string prompt;
  std::span<char> reference;  // the decoded MP4; empty when it is to be fetched, or there is none
  std::string reference_url;
  std::uint64_t reference_limit = kMaxFetchedBytes;  // bytes, of one that is fetched
  double clip_min = 0, clip_max = 0;                 // seconds that a reference may have; 0 = any
  std::vector<ImageInput> images;
  unsigned seconds = 0;            // 0 = as long as the reference
  std::string aspect_ratio;        // "16:9"; empty = as the reference
  std::string resolution;          // as the request says it
  unsigned short_side = 0;         // pixels; 0 = as the reference
  bool sound = false;              // without a reference: sound was asked for
  bool mute = false;               // with a reference: its sound is not wanted
  std::vector<std::string> notes;  // for the log: what is accepted, yet surely not meant

  bool has_reference() const { return !reference.empty() || !reference_url.empty(); }
};

enum class State { queued, running, completed, failed };

/// What a poll may know about a job.
struct JobView {
  std::string id;
  std::string upstream_id;  // what the service behind a gateway calls the same task
  std::string model;
  std::string prompt;
  State state = State::queued;
  unsigned polls = 0;  // that were answered before this one
  int progress = 0;
  std::int64_t created_at = 0;  // seconds since 1970, 0 = not yet
  std::int64_t started_at = 0;
  std::int64_t completed_at = 0;
  std::int64_t expires_at = 0;
  unsigned seconds = 0;
  unsigned width = 0;
  unsigned height = 0;
  std::string error_code;
  std::string error_message;
  std::string url;           // only of a completed job
  std::string early_url;     // of a job at any time; leads nowhere until it has completed
  std::string artifact_url;  // as url, in the form of the list of artifacts
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
  Refusal(Problem what, const std::string& message, std::string word = {})
      : std::runtime_error(message), problem(what), code(std::move(word)) {}
  Problem problem;
  std::string code;  // the service's own word for an invalid field; empty = its usual one
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
  /// Only of a service with Route::artifacts.
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
