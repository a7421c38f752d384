// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Which prompt applies when: prompts set for a running time override the property. Has no lock of
// its own.
#pragma once

#include <gst/gst.h>

#include <iterator>
#include <map>
#include <optional>
#include <string>

namespace omni {

class Prompts {
 public:
  /// Applies from `from` until the next one. A flush removes prompts from the stream and keeps the
  /// application's.
  void add(GstClockTime from, std::string prompt, bool in_band) {
    timed_[from] = {std::move(prompt), in_band};
  }

  /// Adds prompts that were set earlier: at equal times, the existing ones are newer.
  void add_older(Prompts older) { timed_.merge(older.timed_); }

  /// The prompt at this time; empty where the property applies.
  std::optional<std::string> at(GstClockTime time) {
    const auto after = timed_.upper_bound(time);
    if (after == timed_.begin()) return std::nullopt;
    const auto holds = std::prev(after);
    // Drops earlier ones, so that a stream that changes its prompt for days does not accumulate
    // them.
    for (auto one = timed_.begin(); one != holds;)
      one = one->second.in_band ? timed_.erase(one) : std::next(one);
    return holds->second.prompt;
  }

  /// Does a prompt set for a time after `from` apply at `to`, and differ from `held`? Senders
  /// repeat a prompt for receivers that join later.
  bool changes_between(GstClockTime from, GstClockTime to, const std::string& held) const {
    const auto after = timed_.upper_bound(to);
    if (after == timed_.begin()) return false;
    const auto holds = std::prev(after);
    return holds->first > from && holds->second.prompt != held;
  }

  /// The property was set and applies from now on; prompts for a later time stay.
  void property_set(GstClockTime now) { timed_.erase(timed_.begin(), timed_.upper_bound(now)); }

  /// Running time restarts at `to`, without a flush: the prompt at `from` continues, and prompts
  /// from the stream for later times are dropped.
  void begin_again(GstClockTime from, GstClockTime to) {
    const auto after = timed_.upper_bound(from);
    std::optional<Timed> held;
    if (after != timed_.begin()) held = std::prev(after)->second;
    flush();
    if (held && held->in_band) timed_[to] = *held;
  }

  void flush() {
    std::erase_if(timed_, [](const auto& one) { return one.second.in_band; });
  }

 private:
  struct Timed {
    std::string prompt;
    bool in_band = false;
  };
  std::map<GstClockTime, Timed> timed_;
};

}  // namespace omni
