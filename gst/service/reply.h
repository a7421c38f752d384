// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Reads what a service answered: one tolerant parser for every reply shape that deployed services
// were seen to emit. Text in, Task or Refusal out; no I/O. refusal.h makes errors of refusals;
// routes and limits live in dialect.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace omni {

enum class TaskState {
  pending,  // accepted, not begun
  running,  // at work; also every word that is not known
  done,     // finished: the result can be fetched
  failed,   // finished: there will be no result
};

struct Task {
  TaskState state = TaskState::running;
  // Of create replies only. Polls of some services name another id, by which nothing is found.
  // Empty where a create answers with the result itself, and names no task.
  std::string id;
  std::string word;                // the status as the service wrote it
  bool word_known = true;          // false: kept running, worth one log line
  std::optional<double> progress;  // 0..100
  std::vector<std::string> urls;   // done only: candidates, best first; http(s), data: or "/path"
  std::string error_text;          // failed only, in the service's own language
  std::string error_code;
};

/// The envelope says no, whatever the HTTP status was: some services refuse with 200.
struct Refusal {
  std::string code;
  std::string text;
};

/// Not a reply of such a service at all: HTML, truncated JSON, an empty body, a bare number.
struct Unreadable {
  std::string why;
};

using Reply = std::variant<Task, Refusal, Unreadable>;

enum class ReplyKind {
  create,
  poll,
  artifacts,  // a list of results, of a task that is known to be done
};

Reply parse_reply(std::string_view body, ReplyKind kind);

/// What a body says about why the call failed, when its HTTP status says that it did: empty texts
/// when it says nothing. nullopt when it is no JSON object, so not the service's own.
std::optional<Refusal> read_refusal(std::string_view body);

}  // namespace omni
