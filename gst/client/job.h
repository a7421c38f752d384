// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One job, from the reference to its result, as one coroutine that reads from top to bottom: wait
// for a place -> publish -> create -> poll -> download -> deliver. Runs on the client's thread. Two
// steps have source files of their own: job-create.cpp and job-poll.cpp.
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

/// The input of one job. Everything in it is already validated and resolved.
struct JobSpec {
  std::string label;  // for the log: "segment 3"
  std::shared_ptr<const ByteRope> reference;
  unsigned seconds = 0;  // billed length
  std::string model;
  std::string request_hash;  // set by Client::submit
  CreateBody body;
  /// Overrides the body as the request's identity in the ledger. The body may contain content that
  /// differs in each run, and a paid result must not be bought again because of that.
  std::optional<CreateBody> identity;
  std::vector<Upload> uploads;  // fetched by URL; the body holds placeholders
  Micros job_timeout = 1800 * kSecond;
  Micros poll_interval = 0;  // 0 = adaptive
  int max_attempts = 5;
  Micros first_pause = kFirstPause;
  std::string download_folder;
  ResultCheck check_result;  // empty: whatever comes is the result, and is not kept
  // For the ledger:
  std::string project;  // the user's label for summing costs
  Reuse reuse = Reuse::unfinished;
  SpendLimit spend_limit;
  std::string take_up;  // one particular row: fetch its undelivered result, and buy nothing
};

enum class JobState {
  waiting,      // for a place within max-in-flight
  publishing,   // uploading what the service fetches by URL; only for jobs with uploads
  submitting,   // the create request is being sent
  pending,      // accepted by the service, not started
  running,      // the service is processing it
  downloading,  // the result is being downloaded
};

struct JobUpdate {
  JobState state = JobState::waiting;
  std::string task_id;
  std::optional<double> progress;  // 0..100, as reported by the service
  bool reused = false;             // taken over from an earlier run: nothing is paid for it now
};

using JobOutcome = std::variant<std::shared_ptr<const ByteRope>, Error>;

/// Notified about one job, on the client's thread, with no lock held.
class JobObserver {
 public:
  virtual ~JobObserver() = default;
  virtual void job_updated(const JobUpdate& update) = 0;
  /// The job is about to be sent and paid for. Throw Failure(budget) to prevent it.
  virtual void job_buys() {}
  /// Confirm the receipt once the result was pushed downstream completely. Called before
  /// job_finished, if at all.
  virtual void job_recorded(std::shared_ptr<Receipt>) {}
  /// Something that the user should know and that does not change the outcome.
  virtual void job_warned(const Error&) {}
  /// Called exactly once, and last. A cancelled job ends with Reason::cancelled.
  virtual void job_finished(JobOutcome outcome) = 0;
};

/// Counters over the jobs of a client, for `stats`.
struct JobCounters {
  unsigned submitted = 0, completed = 0, failed = 0, reused = 0, retried = 0, in_flight = 0;
  unsigned jobs_paid = 0, seconds_paid = 0;
};

/// Cancelled jobs that wait for the reply to their create request. An identical job waits for them
/// and takes over the result.
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
  unsigned& at_service;  // jobs that the service accepted and has not finished
  CancelledCreates& leaving;
  LogSink log;
  /// Changes the counters, under the client's lock.
  std::function<void(const std::function<void(JobCounters&)>&)> count;
};

class Job {
 public:
  Job(JobServices& services, JobSpec spec, std::shared_ptr<JobObserver> observer);
  Async<void> run();
  // From the client's thread:
  /// Takes effect at once.
  void cancel_now();
  /// Takes effect at once, unless the whole create request was sent. Then the job ends as soon as
  /// the service has replied: a task that it accepted would otherwise be lost.
  void cancel();

 private:
  Async<std::shared_ptr<const ByteRope>> steps();
  void leave();
  Async<void> buy();
  Async<std::shared_ptr<const ByteRope>> collect();
  JobFacts facts() const;
  Async<void> publish();
  JobLimits publish_terms();
  // Ledger: takes over what an earlier run paid for, records what this one does
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
  Async<Task> create();
  Async<Task> post_once(Attempt& attempt, bool ask_first);
  HttpRequest create_request(BodyStream& body, bool ask_first) const;
  void check_cancelled(const Attempt& attempt);
  Task read_create_reply(const std::string& text, Attempt& attempt);
  void refuse_create(const Refusal* refusal, Attempt& attempt);
  Async<void> release_last_chunk(std::shared_ptr<BodyStream> body);
  Async<void> mark_not_taken();
  Error unknown_outcome(const Attempt& attempt) const;
  [[noreturn]] void raise_create(Action action, const Attempt& attempt) const;
  // Poll: job-poll.cpp
  Async<Task> wait_until_done();
  Async<Task> poll();
  Async<std::optional<Task>> poll_once(Attempt& attempt);
  std::optional<Task> read_poll(const std::string& text, Attempt& attempt);
  Async<Task> refresh(Task known);
  [[noreturn]] void raise_failed(const Task& task);
  Async<void> add_artifacts(Task& task);
  // Fetch
  Async<bool> is_reference(std::shared_ptr<const ByteRope> result);
  Async<std::shared_ptr<const ByteRope>> fetch(Task task);
  std::optional<Micros> pause_before_refetch(const Download& download, int tries) const;
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

  std::size_t route_ = 0;  // index of the service's entry that has the task
  std::string name_;       // globally unique: ledger row and Idempotency-Key
  bool in_ledger_ = false;
  const std::uint64_t reference_size_;
  std::string reference_hash_;
  bool hashing_ = false;
  Event hash_done_;
  std::shared_ptr<std::atomic<bool>> hash_cancelled_ = std::make_shared<std::atomic<bool>>(false);
  Cancellation cancellation_;
  Watchdog deadline_;
  Micros ends_at_ = 0;  // when the deadline comes
  bool deadline_hit_ = false;
  std::optional<Error> ledger_failure_;
  std::shared_ptr<BodyStream> body_;  // of the create request in progress
  bool leaving_ = false;              // cancelled; ends as soon as the service has replied
  std::shared_ptr<Receipt> receipt_;
  bool releasing_ = false;  // the ledger is recording that the last chunk is sent
  Event released_;
  bool written_as_sent_ = false;  // in the ledger
  bool in_doubt_ = false;         // sent completely, and not definitely refused
  bool over_at_service_ = false;  // the service reported the end of the task
  bool failed_at_service_ = false;
  PollSchedule schedule_;
  JobUploads uploads_;
  Downloader downloader_;
  JobUpdate last_;
  std::optional<Task> done_at_once_;    // what the create already told of the result
  std::optional<Error> fetch_failure_;  // why the result was not to be had so far
  Error refusal_;                       // what the last reply that was no success said
  std::optional<Micros> asked_pause_;
  Micros created_at_ = 0;
  std::string unknown_word_;  // the last status, if it is not known: logged once
};

}  // namespace omni
