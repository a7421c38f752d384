// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// When to poll a task next. Pure: time is an argument, so that tests and simulations need no clock.
#pragma once

#include <optional>
#include <vector>

#include "client/wait.h"

namespace omni {

/// The durations of this session's jobs, used to predict the next one.
class ServiceTimes {
 public:
  void add(Micros duration);
  /// A job was done when it was first asked about, at `age`: it may have been for long, so that the
  /// next ones are asked about after half of that.
  void done_at_first_poll(Micros age);
  /// When to ask about a job for the first time, where nothing is known about it: `otherwise`, or
  /// earlier.
  Micros first_poll(Micros otherwise) const;
  std::size_t count() const { return sorted_.size(); }
  /// The q-quantile (0..1); 0 if there was no job.
  Micros quantile(double q) const;
  /// Expected remaining time of a job that has run for `age`, even if no job ever ran that long.
  Micros expected_rest(Micros age) const;

 private:
  static constexpr std::size_t kMost = 256;
  std::vector<Micros> sorted_;
  std::vector<Micros> in_order_;  // so that the oldest is forgotten first
  std::optional<Micros> first_poll_;
};

/// The polls of one job. Report the result of each poll, then get the next pause.
class PollSchedule {
 public:
  struct Limits {
    Micros first = 5 * kSecond;  // the service's known minimum, if it is not faster after all
    Micros fixed = 0;            // the user's poll-interval; 0 = adaptive
  };
  PollSchedule(Limits limits, const ServiceTimes& history) : limits_(limits), history_(history) {}

  /// A poll returned at `age` (time since the create request) with this progress, 0..100.
  void reported(Micros age, std::optional<double> progress);
  int polls() const { return polls_; }

  /// The pause from `age` to the next poll.
  Micros next_pause(Micros age) const;

 private:
  /// `progress` was reached after the poll at `after` and by the poll at `by`.
  struct Step {
    Micros after, by;
    double progress;
  };
  /// The job ends at `end` ± `doubt`.
  struct Prediction {
    Micros end, doubt;
    double one_percent;  // µs that one percent takes
  };
  void add_step(const Step& step);
  std::optional<Prediction> predict() const;
  bool still_moves(Micros age) const;
  Micros pause_by_prediction(Micros age) const;
  Micros pause_by_history(Micros age) const;
  Micros blind_pause(Micros age) const;

  Limits limits_;
  const ServiceTimes& history_;
  int polls_ = 0;
  Micros last_age_ = 0;
  std::optional<Step> first_step_, last_step_;
  int grain_ = 0;  // the service reports multiples of this many percent
  std::optional<Prediction> prediction_;
  Micros drift_ = 0;  // how far the predicted end recently moved
};

}  // namespace omni
