// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Which prompt holds when: those that were given for a running time, over the property. No lock of
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
  /// Holds from `from` on, until another one does. What came in the stream goes when the stream is
  /// flushed; what the application gave stays.
  void add(GstClockTime from, std::string prompt, bool in_band) {
    timed_[from] = {std::move(prompt), in_band};
  }

  /// Those that were given before: at equal times, these here are newer.
  void add_older(Prompts older) { timed_.merge(older.timed_); }

  /// The one that holds at this time; empty where the property does.
  std::optional<std::string> at(GstClockTime time) {
    const auto after = timed_.upper_bound(time);
    if (after == timed_.begin()) return std::nullopt;
    const auto holds = std::prev(after);
    // A stream that changes its prompt for days leaves none behind.
    for (auto one = timed_.begin(); one != holds;)
      one = one->second.in_band ? timed_.erase(one) : std::next(one);
    return holds->second.prompt;
  }

  /// Does one that was given for a time after `from` hold at `to`, and is it another than `held`?
  /// Senders repeat the same one, for who comes later.
  bool changes_between(GstClockTime from, GstClockTime to, const std::string& held) const {
    const auto after = timed_.upper_bound(to);
    if (after == timed_.begin()) return false;
    const auto holds = std::prev(after);
    return holds->first > from && holds->second.prompt != held;
  }

  /// The property was set, and counts from now on: later ones stay.
  void property_set(GstClockTime now) { timed_.erase(timed_.begin(), timed_.upper_bound(now)); }

  /// Time begins again at `to`, without a flush: what held at `from` goes on, and nothing that came
  /// in the stream stands ahead of it.
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
