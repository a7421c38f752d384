#include "client/poll-schedule.h"

#include <algorithm>
#include <cmath>

namespace omni {

namespace {

// Asking more often than this gains nothing: gateways look at their upstreams once a second or less.
constexpr Micros kShortest = 850 * 1000;
constexpr Micros kLongest = 30 * kSecond;
// Without any knowledge: the services' own advice is 5 to 10 s.
constexpr Micros kBlindShortest = 5 * kSecond;
constexpr Micros kBlindLongest = 10 * kSecond;
// Below this many finished jobs the history says too little about the next one.
constexpr std::size_t kFewJobs = 3;

Micros as_micros(double value) { return static_cast<Micros>(value); }

}  // namespace

void ServiceTimes::add(Micros duration) {
  if (in_order_.size() == kMost) {
    const auto oldest = std::lower_bound(sorted_.begin(), sorted_.end(), in_order_.front());
    sorted_.erase(oldest);
    in_order_.erase(in_order_.begin());
  }
  in_order_.push_back(duration);
  sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), duration), duration);
}

Micros ServiceTimes::quantile(double q) const {
  if (sorted_.empty()) return 0;
  const double rank = q * static_cast<double>(sorted_.size() - 1);
  return sorted_[static_cast<std::size_t>(std::lround(rank))];
}

std::optional<Micros> ServiceTimes::expected_rest(Micros age) const {
  const auto first = std::upper_bound(sorted_.begin(), sorted_.end(), age);
  if (first == sorted_.end()) return std::nullopt;
  double sum = 0;
  for (auto it = first; it != sorted_.end(); ++it) sum += static_cast<double>(*it - age);
  return as_micros(sum / static_cast<double>(sorted_.end() - first));
}

void PollSchedule::reported(Micros age, std::optional<double> progress) {
  last_age_ = age;
  if (!progress) return;
  if (*progress > last_progress_ && *progress < 100) steps_.push_back({age, *progress});
  last_progress_ = std::max(last_progress_, *progress);
}

/// The end by the line through the first and the last step. nullopt when progress is not reported,
/// or does not behave: some gateways report 10, 20, 30 and then nothing until 100.
std::optional<Micros> PollSchedule::predicted_end(Micros age) const {
  if (steps_.size() < 2) return std::nullopt;
  const Sample& first = steps_.front();
  const Sample& last = steps_.back();
  const double rate = (last.progress - first.progress) / static_cast<double>(last.age - first.age);
  // Ten of the usual step times without a step: the line no longer holds.
  const double expected_now = last.progress + rate * static_cast<double>(age - last.age);
  const double tolerated = std::max(10.0, 0.25 * last.progress);
  if (expected_now - last_progress_ > tolerated) return std::nullopt;
  // Reported percentages are cut off, so the true value is half a step further on average.
  return last.age + as_micros((100.0 - last.progress - 0.5) / rate);
}

/// Halves the way to the predicted end, so that each poll corrects the next, and closes in on it.
Micros PollSchedule::pause_towards(Micros end, Micros age) {
  const Micros rest = end - age;
  // Polls close together begin this much before the end: predictions are off by a few percent.
  const Micros margin = std::max<Micros>(2 * kSecond, end / 50);
  if (rest > margin) return std::clamp<Micros>((rest - margin) * 6 / 10, kShortest, kLongest);
  const Micros late = -rest;
  // Long after the predicted end it was no prediction: fall back by and by to the blind pace.
  if (late > margin * 2) return std::clamp<Micros>(late / 8, kShortest, kBlindLongest);
  return kShortest;
}

/// Spreads polls by the square root of the expected rest, which costs the least lag for a number of
/// polls, and spends none where no job of this session has ever finished.
Micros PollSchedule::pause_by_history(Micros age) const {
  const Micros earliest = history_.quantile(0) * 19 / 20;
  if (age < earliest) return std::clamp<Micros>(earliest - age, kShortest, kLongest);
  const auto rest = history_.expected_rest(age);
  const double base = static_cast<double>(rest.value_or(age / 4)) / kSecond;
  return std::clamp<Micros>(as_micros(std::sqrt(0.5 * base) * kSecond), kShortest, kBlindLongest);
}

Micros PollSchedule::next_pause(Micros age) const {
  if (limits_.fixed > 0) return limits_.fixed;
  if (age < limits_.first) return limits_.first - age;
  if (const auto end = predicted_end(age)) return pause_towards(*end, age);
  if (history_.count() >= kFewJobs) return pause_by_history(age);
  return std::clamp<Micros>(age / 8, kBlindShortest, kBlindLongest);
}

}  // namespace omni
