// Which prompt holds when: those that were given for a running time, over the property. No lock of
// its own.
#pragma once

#include <gst/gst.h>

#include <map>
#include <optional>
#include <string>

namespace omni {

class Prompts {
 public:
  /// Holds from `from` on, until another one does.
  void add(GstClockTime from, std::string prompt) { timed_[from] = std::move(prompt); }

  /// The one that holds at this time; empty where the property does. Nothing earlier will be asked
  /// for.
  std::optional<std::string> at(GstClockTime time) {
    auto after = timed_.upper_bound(time);
    if (after == timed_.begin()) return std::nullopt;
    const auto holds = std::prev(after);
    timed_.erase(timed_.begin(), holds);
    return holds->second;
  }

  /// Does another one begin to hold after `from`, and at `to` at the latest?
  bool changes_between(GstClockTime from, GstClockTime to) const {
    const auto next = timed_.upper_bound(from);
    return next != timed_.end() && next->first <= to;
  }

  /// The property was set, and counts from now on: later ones stay.
  void property_set(GstClockTime now) { timed_.erase(timed_.begin(), timed_.upper_bound(now)); }

 private:
  std::map<GstClockTime, std::string> timed_;
};

}  // namespace omni
