// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/poll-schedule.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace omni {

namespace {

// More frequent polls gain nothing: gateways poll their upstreams once a second or less.
constexpr Micros kShortest = 850 * 1000;
// Users want to see progress: the pause is at most this, or this share of the job's age.
constexpr Micros kLongest = 30 * kSecond;
constexpr int kLongestShare = 12;
// Without any knowledge: the services' own advice is 5 to 10 s, from a first poll after 5 s on.
constexpr Micros kBlind = 5 * kSecond;
// Seconds of lag that one more poll is worth; see fair_pause().
constexpr double kPollWorth = 0.5;
// The number of polls over which the uncertainty of a prediction is divided.
constexpr int kPollsInDoubt = 16;

double as_seconds(Micros value) {
  return static_cast<double>(value) / kSecond;
}
Micros from_seconds(double value) {
  return static_cast<Micros>(value * kSecond);
}

Micros within_limits(Micros pause, Micros age) {
  return std::clamp(pause, kShortest, std::max(kLongest, age / kLongestShare));
}

/// For a given number of polls, the expected delay is smallest if the pause is proportional to the
/// square root of the expected remaining time.
Micros fair_pause(Micros rest) {
  return from_seconds(std::sqrt(kPollWorth * as_seconds(rest)));
}

}  // namespace

void ServiceTimes::done_at_first_poll(Micros age) {
  first_poll_ = std::max(kShortest, std::min(age / 2, first_poll(age)));
}

Micros ServiceTimes::first_poll(Micros otherwise) const {
  return std::min(first_poll_.value_or(otherwise), otherwise);
}

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

/// Adds an imaginary job to the history that takes 1.5 times the age of this one. So a few jobs are
/// not trusted too much, and an empty history is not a special case.
Micros ServiceTimes::expected_rest(Micros age) const {
  const auto first = std::upper_bound(sorted_.begin(), sorted_.end(), age);
  double sum = as_seconds(age) / 2;
  for (auto it = first; it != sorted_.end(); ++it) sum += as_seconds(*it - age);
  return from_seconds(sum / static_cast<double>(sorted_.end() - first + 1));
}

void PollSchedule::reported(Micros age, std::optional<double> progress) {
  ++polls_;
  const Micros previous = std::exchange(last_age_, age);
  // 100 without being done is not a measurement.
  if (!progress || *progress >= 100) return;
  if (*progress > (last_step_ ? last_step_->progress : 0)) add_step({previous, age, *progress});
}

void PollSchedule::add_step(const Step& step) {
  if (!first_step_) first_step_ = step;
  last_step_ = step;
  grain_ = std::gcd(grain_, std::max(1, static_cast<int>(std::lround(step.progress))));
  const auto before = std::exchange(prediction_, predict());
  if (before && prediction_)
    drift_ = std::max(std::abs(prediction_->end - before->end), drift_ / 2);
}

/// Extrapolates the line through the first and the last step. A step happened somewhere between two
/// polls, and no longer ago than the next one takes: that is the uncertainty.
std::optional<PollSchedule::Prediction> PollSchedule::predict() const {
  const double gained = last_step_->progress - first_step_->progress;
  if (gained <= 0) return std::nullopt;
  const double one_percent = static_cast<double>(last_step_->by - first_step_->by) / gained;
  const auto half_gap = [&](const Step& step) {
    return std::min(static_cast<double>(step.by - step.after), grain_ * one_percent) / 2;
  };
  const double first_gap = half_gap(*first_step_), last_gap = half_gap(*last_step_);
  const double left = 100 - last_step_->progress;
  const double reached = static_cast<double>(last_step_->by) - last_gap;
  const double doubt = last_gap + (first_gap + last_gap) * left / gained;
  return Prediction{static_cast<Micros>(reached + left * one_percent), static_cast<Micros>(doubt),
                    one_percent};
}

/// Some gateways report 10, 20, 30 and then nothing until 100: then the line no longer applies.
bool PollSchedule::still_moves(Micros age) const {
  if (!prediction_) return false;
  const double missing = static_cast<double>(age - last_step_->by) / prediction_->one_percent;
  return missing <= std::max({10.0, 2.0 * grain_, 0.25 * last_step_->progress});
}

Micros PollSchedule::pause_by_prediction(Micros age) const {
  // Progress may be uneven: the end may move again as far as it recently did.
  const Micros doubt = std::max({prediction_->doubt, drift_, 2 * kShortest});
  const Micros rest = prediction_->end - doubt - age;
  // Only part of the way, so that each poll can correct the next.
  if (rest > 0) return rest * 6 / 10;
  const Micros late = std::max<Micros>(0, age - prediction_->end - doubt);
  return std::max(2 * doubt / kPollsInDoubt, fair_pause(late));
}

Micros PollSchedule::pause_by_history(Micros age) const {
  const Micros fair = fair_pause(history_.expected_rest(age));
  const Micros earliest = history_.quantile(0) * 19 / 20;
  if (age >= earliest) return fair;
  // The more jobs there were, the less likely this one is the shortest.
  const double jobs = static_cast<double>(history_.count() + 1);
  const double odds = 0.5 * std::sqrt(jobs * as_seconds(earliest));
  return std::max(fair, std::min(earliest - age, from_seconds(odds)));
}

/// Where the first poll comes early, the next ones do: what is fast is noticed soon, and what is
/// not is not asked about more often than elsewhere for long.
Micros PollSchedule::blind_pause(Micros age) const {
  return std::clamp(age / 2, std::min(limits_.first, kBlind), kBlind);
}

Micros PollSchedule::next_pause(Micros age) const {
  if (limits_.fixed > 0) return limits_.fixed;
  const Micros first = history_.first_poll(limits_.first);
  if (age < first) return first - age;
  if (still_moves(age)) return within_limits(pause_by_prediction(age), age);
  const Micros pause = pause_by_history(age);
  return within_limits(history_.count() > 0 ? pause : std::max(pause, blind_pause(age)), age);
}

}  // namespace omni
