// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Polling, simulated: how long after a job was done the client notices, and for how many polls. No
// clock, no network: thousands of jobs in a second, one after another, so that what the client
// learns from finished jobs counts as it does in a session. And what that does to a stream, of
// which so many jobs run at once and whose results go out in order.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "client/poll-schedule.h"

namespace {

using omni::kSecond;
using omni::Micros;
using Random = std::mt19937_64;

constexpr int kJobs = 20000;
constexpr Micros kFirstPoll = 5 * kSecond;  // what the octopusx dialect says
constexpr Micros kPoliteness = 800 * 1000;  // no job may ask more often

/// What a poll at this share of the service's work reports.
using Report = std::function<std::optional<double>(double done)>;

struct Scenario {
  const char* name;
  double shortest, longest;  // s
  std::function<Report(Random&)> new_job;
  double longest_queue = 0;  // s that a job waits before the service begins, at 0 percent
};

struct Job {
  Micros queued, work;
  Report report;
  Micros duration() const { return queued + work; }
};

struct Figures {
  std::vector<double> lags;  // s
  std::vector<double> polls;
  Micros shortest_pause = INT64_MAX;
};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double quantile(std::vector<double> values, double q) {
  const auto rank = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

std::vector<Job> new_jobs(const Scenario& scenario) {
  Random random(1);
  std::uniform_real_distribution<double> work(scenario.shortest, scenario.longest);
  std::uniform_real_distribution<double> queue(0, scenario.longest_queue);
  std::vector<Job> jobs;
  for (int i = 0; i < kJobs; ++i) {
    const double seconds = work(random), waited = queue(random);
    jobs.push_back({static_cast<Micros>(waited * kSecond), static_cast<Micros>(seconds * kSecond),
                    scenario.new_job(random)});
  }
  return jobs;
}

std::optional<double> report_at(const Job& job, Micros age) {
  if (age < job.queued) return job.report(0);
  return job.report(static_cast<double>(age - job.queued) / static_cast<double>(job.work));
}

/// The job's age when the client notices that it is done.
Micros noticed(const Job& job, const omni::ServiceTimes& history, Figures& figures) {
  omni::PollSchedule schedule({kFirstPoll, 0}, history);
  Micros age = 0;
  for (unsigned polls = 1;; ++polls) {
    const Micros pause = schedule.next_pause(age);
    figures.shortest_pause = std::min(figures.shortest_pause, pause);
    age += pause;
    if (age >= job.duration()) {
      figures.lags.push_back(static_cast<double>(age - job.duration()) / kSecond);
      figures.polls.push_back(polls);
      return age;
    }
    schedule.reported(age, report_at(job, age));
  }
}

/// `jobs_a_session`: how many jobs the client runs before it is closed and forgets.
Figures simulate(const std::vector<Job>& jobs, std::size_t jobs_a_session) {
  Figures figures;
  omni::ServiceTimes history;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (i % jobs_a_session == 0) history = {};
    history.add(noticed(jobs[i], history, figures));
  }
  return figures;
}

Figures simulate_fixed(const std::vector<Job>& jobs, double interval) {
  Figures figures;
  for (const Job& job : jobs) {
    const double duration = static_cast<double>(job.duration()) / kSecond;
    const double polls = std::max(1.0, std::ceil(duration / interval));
    figures.lags.push_back(polls * interval - duration);
    figures.polls.push_back(polls);
  }
  return figures;
}

/// Fixed-interval polling that costs as many polls on average.
Figures fixed_with_as_many(const std::vector<Job>& jobs, double polls) {
  double low = 0.1, high = 1000;
  for (int i = 0; i < 60; ++i) {
    const double middle = std::sqrt(low * high);
    (mean(simulate_fixed(jobs, middle).polls) > polls ? low : high) = middle;
  }
  return simulate_fixed(jobs, high);
}

// --- streams -------------------------------------------------------------------------------------

constexpr std::size_t kAtOnce = 8;

/// What is over is forgotten by the queue and remembered by the client.
class Running {
 public:
  void add(Micros end, Micros duration) { ends_.push({end, duration}); }
  Micros first_end() const { return ends_.top().first; }
  void forget_until(Micros time, omni::ServiceTimes& history) {
    for (; !ends_.empty() && ends_.top().first <= time; ends_.pop())
      history.add(ends_.top().second);
  }
  std::size_t count() const { return ends_.size(); }

 private:
  using End = std::pair<Micros, Micros>;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
};

/// When the last of these jobs is over. `window`: how many may be neither placed nor cut; 0 = any
/// number. `polled`: over when the client has noticed, else when it is done.
Micros play(std::span<const Job> jobs, std::size_t window, bool polled) {
  Running running;
  omni::ServiceTimes history;
  Figures figures;
  std::vector<Micros> placed;
  Micros now = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (running.count() == kAtOnce) now = std::max(now, running.first_end());
    if (window && i >= window) now = std::max(now, placed[i - window]);
    running.forget_until(now, history);
    const Micros took = polled ? noticed(jobs[i], history, figures) : jobs[i].duration();
    running.add(now + took, took);
    placed.push_back(std::max(now + took, placed.empty() ? 0 : placed.back()));
  }
  return placed.back();
}

/// How much longer all of them take than the service and the number at once make them, in percent.
double over_bound(const std::vector<Job>& jobs, std::size_t segments, std::size_t window,
                  bool polled) {
  double took = 0, least = 0;
  for (std::size_t from = 0; from + segments <= jobs.size(); from += segments) {
    const std::span<const Job> stream(jobs.data() + from, segments);
    took += static_cast<double>(play(stream, window, polled));
    least += static_cast<double>(play(stream, 0, false));
  }
  return 100 * (took / least - 1);
}

const char* verdict(bool met) {
  return met ? "yes" : "**no**";
}

void print_lags(const char* name, const Figures& figures, bool has_budget) {
  const double p95 = quantile(figures.lags, 0.95), polls = mean(figures.polls);
  std::printf(
      "| polling, progress: %s | lag p50 %.2f s, p95 %.2f s, max %.1f s; polls mean %.1f, "
      "p95 %.0f | %s | %s |\n",
      name, quantile(figures.lags, 0.5), p95, quantile(figures.lags, 1), polls,
      quantile(figures.polls, 0.95), has_budget ? "p95 <= 1 s, polls <= 30" : "(shown)",
      has_budget ? verdict(p95 <= 1 && quantile(figures.polls, 0.95) <= 30) : "");
}

void print_ratio(const char* name, const std::vector<Job>& jobs, const Figures& figures,
                 bool has_budget) {
  const Figures fixed = fixed_with_as_many(jobs, mean(figures.polls));
  const double ratio = mean(figures.lags) / mean(fixed.lags);
  std::printf(
      "| polling, no progress: %s | lag mean %.2f s, p95 %.1f s, max %.1f s with %.1f polls; "
      "fixed interval: mean %.2f s, p95 %.1f s; ratio %.2f | %s | %s |\n",
      name, mean(figures.lags), quantile(figures.lags, 0.95), quantile(figures.lags, 1),
      mean(figures.polls), mean(fixed.lags), quantile(fixed.lags, 0.95), ratio,
      has_budget ? "ratio <= 0.75" : "(shown)", has_budget ? verdict(ratio <= 0.75) : "");
}

void print_stream(const char* name, const Scenario& scenario, std::size_t segments,
                  bool has_budget) {
  const auto jobs = new_jobs(scenario);
  const double whole = over_bound(jobs, segments, 3 * kAtOnce, true);
  std::printf(
      "| stream, simulated: %zu segments, %zu at once, %s | %+.1f %%: a window of three times as "
      "many alone %+.1f %%, of as many %+.1f %%; polling alone %+.1f %% | %s | %s |\n",
      segments, kAtOnce, name, whole, over_bound(jobs, segments, 3 * kAtOnce, false),
      over_bound(jobs, segments, kAtOnce, false), over_bound(jobs, segments, 0, true),
      has_budget ? "<= +3 %" : "(shown)", has_budget ? verdict(whole <= 3) : "");
}

// --- what services report ------------------------------------------------------------------------

Report nothing(Random&) {
  return [](double) { return std::nullopt; };
}

Report linear(Random&) {
  return [](double done) { return std::floor(100 * done); };
}

/// Faster at the beginning or at the end, each job its own way.
Report curved(Random& random) {
  const double power = std::exp(std::uniform_real_distribution<double>(-0.7, 0.7)(random));
  return [power](double done) { return std::floor(100 * std::pow(done, power)); };
}

/// Up to 3 percent off, never backwards by itself: that is the schedule's own care.
Report noisy(Random& random) {
  const auto seed = random();
  return [seed](double done) {
    const double percent = 100 * done;
    Random own(seed + static_cast<Random::result_type>(percent * 10));
    const double off = std::uniform_real_distribution<double>(-3, 3)(own);
    return std::clamp(std::floor(percent + off), 0.0, 99.0);
  };
}

template <int Step>
Report in_steps(Random&) {
  return [](double done) { return Step * std::floor(100 * done / Step); };
}

Report stalls_at_30(Random&) {
  return [](double done) { return std::min(30.0, 10 * std::floor(10 * done)); };
}

/// 99 is reached early, then nothing moves until the end.
Report stalls_at_99(Random& random) {
  const double share = std::uniform_real_distribution<double>(0.7, 1.0)(random);
  return [share](double done) { return std::min(99.0, std::floor(99 * done / share)); };
}

/// A word, not a measure: 0 while it waits, 50 while it works.
Report half(Random&) {
  return [](double done) { return done < 0.05 ? 0.0 : 50.0; };
}

}  // namespace

int main() {
  // Those with a budget first.
  const Scenario reported[] = {
      {"linear, 60-300 s", 60, 300, linear},
      {"linear after a queue of 0-60 s", 60, 300, linear, 60},
      {"up to 3 % off", 60, 300, noisy},
      {"curved, x^0.5 to x^2", 60, 300, curved},
      {"steps of 5 %", 60, 300, in_steps<5>},
      {"steps of 10 %", 60, 300, in_steps<10>},
      {"99 % after 70-100 % of the time", 60, 300, stalls_at_99},
      {"10, 20, 30, then nothing", 60, 300, stalls_at_30},
      {"50 all the time", 60, 300, half},
      {"linear, 5-20 s", 5, 20, linear},
      {"linear, 10-30 min", 600, 1800, linear},
      {"steps of 10 %, 10-30 min", 600, 1800, in_steps<10>},
      {"99 % early, 10-30 min", 600, 1800, stalls_at_99},
  };
  Micros shortest = INT64_MAX;
  for (const Scenario& scenario : reported) {
    const Figures figures = simulate(new_jobs(scenario), kJobs);
    print_lags(scenario.name, figures, &scenario == &reported[0]);
    shortest = std::min(shortest, figures.shortest_pause);
  }
  const auto first = simulate(new_jobs(reported[0]), 1);
  print_lags("linear, 60-300 s, first job of a session", first, false);

  struct Blind {
    const char* name;
    double shortest, longest;
    std::size_t jobs_a_session;
  };
  const Blind blind[] = {
      {"60-300 s", 60, 300, kJobs},
      {"60-300 s, 20 jobs a session", 60, 300, 20},
      {"60-300 s, first job of a session", 60, 300, 1},
      {"5-20 s", 5, 20, kJobs},
      {"100-120 s", 100, 120, kJobs},
      {"10-30 min", 600, 1800, kJobs},
  };
  for (const Blind& row : blind) {
    const auto jobs = new_jobs({row.name, row.shortest, row.longest, nothing});
    const Figures figures = simulate(jobs, row.jobs_a_session);
    print_ratio(row.name, jobs, figures, &row == &blind[0]);
    shortest = std::min(shortest, figures.shortest_pause);
  }
  print_stream("60-300 s, progress reported", {"", 60, 300, linear}, 64, true);
  print_stream("60-300 s, no progress", {"", 60, 300, nothing}, 64, true);
  print_stream("60-300 s, progress reported", {"", 60, 300, linear}, 450, true);
  print_stream("60-300 s, no progress", {"", 60, 300, nothing}, 450, true);
  print_stream("20-40 s, progress reported", {"", 20, 40, linear}, 24, false);
  print_stream("10-600 s, progress reported", {"", 10, 600, linear}, 450, false);
  std::printf("| polling: shortest pause of one job in all of these | %.2f s | >= 0.8 s | %s |\n",
              static_cast<double>(shortest) / kSecond, verdict(shortest >= kPoliteness));
}
