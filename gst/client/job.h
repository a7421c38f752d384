// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One job, from the reference to its result, as one coroutine that reads from top to bottom:
// wait for a place -> publish -> create -> poll -> download -> deliver. Runs on the client's
// thread. Two of the steps have a source of their own: job-create.cpp, job-poll.cpp.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <variant>

#include "client/coroutine.h"
#include "client/download.h"
#include "client/http.h"
#include "client/job-uploads.h"
#include "client/ledger/ledger.h"
#include "client/log.h"
#include "client/poll-schedule.h"
#include "client/traffic.h"
#include "service/byte-rope.h"
#include "service/dialect.h"
#include "service/reply.h"

namespace omni {

/// What one job needs to know. Everything in it is already checked and resolved.
struct JobSpec {
  std::string label;  // for the log: "segment 3"
  std::shared_ptr<const ByteRope> reference;
  unsigned seconds = 0;  // what it will be billed for
  std::string model;
  std::string request_hash;  // filled in by Client::submit
  CreateBody body;
  /// What the ledger knows the request by, where that is not the body: it may have in it what is
  /// another thing each time, and what was paid for is not bought again for that.
  std::optional<CreateBody> identity;
  std::vector<Upload> uploads;  // what the service fetches by URL; the body holds placeholders
  Micros job_timeout = 1800 * kSecond;
  Micros poll_interval = 0;  // 0 = adaptive
  int max_attempts = 5;
  Micros first_pause = kFirstPause;
  std::string download_folder;
  ResultCheck check_result;  // empty: whatever comes is the result, and is not kept
  // For the ledger:
  std::string project;  // the user's label that costs are summed by
  Reuse reuse = Reuse::unfinished;
  SpendLimit spend_limit;
  std::string take_up;  // one certain row: fetch what it owes, and buy nothing
};

enum class JobState {
  waiting,      // for a place among max-in-flight
  publishing,   // what the service fetches by URL is put where it can; only for jobs with such
  submitting,   // the create is on its way
  pending,      // the service has it, and has not begun
  running,      // the service is at work
  downloading,  // the result is on its way
};

struct JobUpdate {
  JobState state = JobState::waiting;
  std::string task_id;
  std::optional<double> progress;  // 0..100, as the service says
  bool reused = false;             // taken up from an earlier run: nothing is paid for it now
};

using JobOutcome = std::variant<std::shared_ptr<const ByteRope>, Error>;

/// Is told about one job, on the client's thread, without a lock held.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void job_updated(const JobUpdate& update) = 0;
  /// About to be sent, and paid for: throws Failure(budget) to have it not.
  virtual void job_buys() {}
  /// Confirm this once the result has gone downstream whole. Before job_finished, if at all.
  virtual void job_recorded(std::shared_ptr<Receipt>) {}
  /// Something that the user should know, and that does not change the outcome.
  virtual void job_warned(const Error&) {}
  /// Exactly once, and last. A cancelled job ends with Reason::cancelled.
  virtual void job_finished(JobOutcome outcome) = 0;
};

/// What the jobs of a client count, for `stats`.
struct JobCounters {
  unsigned submitted = 0, completed = 0, failed = 0, reused = 0, retried = 0, in_flight = 0;
  unsigned jobs_paid = 0, seconds_paid = 0;
};

/// Cancelled jobs that wait for the answer to their create. Another job of the same kind waits for
/// them, and takes up the result.
struct CancelledCreates {
  std::vector<JobKey> keys;
  Event changed;

  bool has(const JobKey& key) const {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  }
};

/// What all jobs of a client share.
struct JobServices {
  const Dialect& dialect;
  Http& http;
  std::shared_ptr<Ledger> ledger;
  const std::string& pipeline;
  Publishing& publishing;
  InFlightLimit& in_flight;
  Pacer& pacer;
  ServiceTimes& times;
  unsigned& at_service;  // jobs that it has taken, and has not done
  CancelledCreates& leaving;
  LogSink log;
  /// Changes the counters under the client's lock.
  std::function<void(const std::function<void(JobCounters&)>&)> count;
};

class Job {
 public:
  Job(JobServices& services, JobSpec spec, std::shared_ptr<JobObserver> observer);
  Async<void> run();
  // From the client's thread:
  /// At once.
  void cancel_now();
  /// At once, unless the whole create is out: then as soon as the service has answered, because a
  /// task that it accepted would be lost otherwise.
  void cancel();

 private:
  Async<std::shared_ptr<const ByteRope>> steps();
  void leave();
  Async<void> buy();
  Async<std::shared_ptr<const ByteRope>> collect();
  JobFacts facts() const;
  Async<void> publish();
  JobLimits publish_terms();
  // The ledger: what an earlier run has paid for is taken up, what this one does is written down
  JobKey key() const;
  Async<std::shared_ptr<const ByteRope>> take_up();
  std::shared_ptr<const ByteRope> resume(Claim claim);
  [[noreturn]] void raise_doubt(const Claim& claim) const;
  std::optional<std::string> problem_of(const ByteRope& result) const;
  void tell_elsewhere(const Claim& claim);
  void record(const std::string& id);
  void start_hashing();
  void release_reference();
  Async<void> compute_hash();
  Async<std::string> hashed();
  Ending ending() const;
  std::string ways_on() const;
  Async<void> write_end(const Error& error);
  // Create: job-create.cpp
  Async<std::string> create();
  Async<Task> post_once(Attempt& attempt, bool ask_first);
  HttpRequest create_request(BodyStream& body, bool ask_first) const;
  void check_cancelled(const Attempt& attempt);
  Task read_create_reply(const std::string& text, Attempt& attempt);
  Async<void> release_last_chunk(std::shared_ptr<BodyStream> body);
  Async<void> mark_not_taken();
  Error unknown_outcome(const Attempt& attempt) const;
  [[noreturn]] void raise_create(Action action, const Attempt& attempt) const;
  // Poll: job-poll.cpp
  Async<Task> wait_until_done();
  Async<Task> poll();
  Async<std::optional<Task>> poll_once(Attempt& attempt);
  Async<Task> ask_for_url(Task task);
  Async<void> add_artifacts(Task& task);
  // Fetch
  Async<bool> is_reference(std::shared_ptr<const ByteRope> result);
  Async<std::shared_ptr<const ByteRope>> fetch(Task task);
  Async<Download> fetch_from_any(const Task& task);
  Async<Download> fetch_from(std::string url, bool follow_json);

  void update(JobState state, std::optional<double> progress = std::nullopt);
  void log(LogLevel level, const std::string& text) const;
  Error explain(Error error) const;
  void explain_timeout(Error& error) const;
  Micros age() const { return now() - created_at_; }

  JobServices& services_;
  JobSpec spec_;
  std::shared_ptr<JobObserver> observer_;
  const Route& route() const { return services_.dialect.service().routes[route_]; }
  std::string url_of(const char* path) const;
  bool may_go_on(const Error& error) const;
  Async<void> withdraw_uploads(const JobOutcome& outcome);

  std::size_t route_ = 0;  // the entry of the service at which the task is
  std::string name_;       // unique for good: ledger row and Idempotency-Key
  bool in_ledger_ = false;
  const std::uint64_t reference_size_;
  std::string reference_hash_;
  bool hashing_ = false;
  Event hash_done_;
  std::shared_ptr<std::atomic<bool>> hash_cancelled_ = std::make_shared<std::atomic<bool>>(false);
  Cancellation cancellation_;
  Watchdog deadline_;
  bool deadline_hit_ = false;
  std::optional<Error> ledger_failure_;
  std::shared_ptr<BodyStream> body_;  // of the create that is under way
  bool leaving_ = false;              // cancelled, as soon as the service has answered
  std::shared_ptr<Receipt> receipt_;
  bool releasing_ = false;  // the ledger is writing that the last chunk goes
  Event released_;
  bool written_as_sent_ = false;  // in the ledger
  bool in_doubt_ = false;         // a create went out whole, and was not surely refused
  bool over_at_service_ = false;  // it has said so: nothing goes on there
  bool failed_at_service_ = false;
  PollSchedule schedule_;
  JobUploads uploads_;
  Downloader downloader_;
  JobUpdate last_;
  Error refusal_;  // what the last reply that was no success said
  std::optional<Micros> asked_pause_;
  Micros created_at_ = 0;
  std::string unknown_word_;  // so that an unknown status is logged once
};

}  // namespace omni
