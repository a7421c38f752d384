// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Parses a service's replies: one tolerant parser for every reply format seen in deployed services.
// Text in, Task or Refusal out; no I/O. refusal.h turns refusals into errors; routes and limits are
// in dialect.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace omni {

enum class TaskState {
  pending,  // accepted, not started
  running,  // in progress; also any unknown word
  done,     // finished: the result can be fetched
  failed,   // finished: there is no result
};

struct Task {
  TaskState state = TaskState::running;
  // Of create replies only. Polls of some services name another id, by which nothing is found.
  // Empty where a create answers with the result itself, and names no task.
  std::string id;
  std::string word;                // the status as the service spelled it
  bool word_known = true;          // false: treated as running, worth one log line
  std::optional<double> progress;  // 0..100
  std::vector<std::string> urls;   // done only: candidates, best first; http(s), data: or "/path"
  std::string error_text;          // failed only, as the service wrote it
  std::string error_code;
};

/// The envelope reports a failure, whatever the HTTP status: some services refuse with 200.
struct Refusal {
  std::string code;
  std::string text;
};

/// Not a reply of such a service: HTML, truncated JSON, an empty body, a bare number.
struct Unreadable {
  std::string why;
};

using Reply = std::variant<Task, Refusal, Unreadable>;

enum class ReplyKind {
  create,
  poll,
  artifacts,  // a list of results, for a task that is known to be done
};

Reply parse_reply(std::string_view body, ReplyKind kind);

/// What a body says about why the call failed, when its HTTP status says that it did: empty texts
/// when it says nothing. nullopt when it is no JSON object, so not the service's own.
std::optional<Refusal> read_refusal(std::string_view body);

}  // namespace omni
