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

  /// Does another one begin to hold after `from`, and at `to` at the latest?
  bool changes_between(GstClockTime from, GstClockTime to) const {
    const auto next = timed_.upper_bound(from);
    return next != timed_.end() && next->first <= to;
  }

  /// The property was set, and counts from now on: later ones stay.
  void property_set(GstClockTime now) { timed_.erase(timed_.begin(), timed_.upper_bound(now)); }

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
