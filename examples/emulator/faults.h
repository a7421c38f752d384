// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Faults on request: a short script says which requests get a wrong reply, and which.
//
//   create:429*2,poll:500*3,poll:drop,content:truncate@2,create:fail=out of memory
//
// A list of kind:action[=value][*count][@nth]. Requests of each kind are counted from 1 (only those
// with a valid key). A rule applies to `count` requests (default 1; a bare * means for ever) from
// the nth on; without @nth it follows the previous rule of the same kind. Random faults are in
// chance.h.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace emu {

enum class Kind { create, poll, result, content };

enum class Action {
  none,
  status,      // an HTTP status with the body that the service documents for it
  drop,        // the request is read and ignored; the connection is closed without a reply
  drop_early,  // create: closed as soon as the body begins
  drop_after,  // create: the job is accepted, then closed without a reply
  hang,        // never answered
  html,        // 502 with a gateway's HTML page
  empty,       // 200 without a body
  garbage,     // 200 with truncated JSON
  truncate,    // full Content-Length, half of the body, then closed
  slow,        // the body is sent in small pieces over `value` seconds
  fail,        // create: the task is accepted and fails
  moderated,   // create: the task is accepted and blocked by content rules
  wrong_type,  // result, content: an HTML page instead of the MP4
  redirect,    // 302 to the same path at a second port
};

struct Fault {
  Action action = Action::none;
  unsigned status = 0;
  double value = 0;  // seconds, for slow and for Retry-After
  std::string text;  // the script's text; also the message of fail
  std::string name;  // as shown in the log; empty = no fault
};

class Faults {
 public:
  /// A script, or @FILE with one (lines, # comments). Throws std::invalid_argument with a one-line
  /// message.
  static Faults parse(std::string_view script);
  /// Counts one request of this kind and returns its fault, if any.
  Fault take(Kind kind);
  bool uses(Action action) const;

 private:
  struct Rule {
    Kind kind;
    Fault fault;
    unsigned first = 1;
    unsigned last = 1;  // kForever = no end
  };
  static constexpr unsigned kForever = std::numeric_limits<unsigned>::max();
  void add(std::string_view item);

  std::vector<Rule> rules_;
  std::array<unsigned, 4> seen_{};
};

}  // namespace emu
