// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Where a job writes down what it is about to do and what it did, so that nothing is paid twice and
// nothing paid is lost. The job awaits each step; which store stands behind it is not its business.
//
// The way of a row:
//
//   intent -> sent -> accepted -> fetched -> delivered
//     |        |          |----> failed        the service ended it without a result
//     |        |----> refused                  the service did not take it: it cost nothing
//     |----> refused
//
// A row that stays at `intent` was surely never taken. One that stays at `sent` may have been: it
// is never sent again by itself. One at `accepted` or `fetched` is paid, and still owed to
// somebody: the next job for the same reference and request takes it up.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "client/coroutine.h"
#include "client/ledger/spend-limit.h"
#include "client/wait.h"
#include "service/byte-rope.h"
#include "service/error.h"

namespace omni {

/// Which jobs of earlier runs are taken up instead of buying anew.
enum class Reuse {
  unfinished,  // paid, and never delivered
  all,         // also results that were delivered, as long as they are kept
  none,
};

/// What makes two jobs the same.
struct JobKey {
  std::string provider;
  std::string base_url;
  std::string request_hash;  // of the body without the reference
  std::uint64_t reference_bytes = 0;

  bool operator==(const JobKey&) const = default;
};

/// What stands in a row from its beginning.
struct JobFacts {
  JobKey key;
  std::string model;
  std::string pipeline;  // who buys: program, pipeline and element
  std::string label;
  unsigned seconds = 0;
  std::string project;  // the user's label that costs are summed by; may be empty
};

/// What is there already for a job.
struct Claim {
  enum class Kind {
    nothing,
    task,       // runs, or has run, at the service: poll it
    result,     // is kept here
    doubt,      // may have been taken, nobody knows
    elsewhere,  // as `task`, but at another service than is asked now: not taken
  };
  Kind kind = Kind::nothing;
  std::string id;  // of the row, which now belongs to who asked (task, result)
  std::string base_url;
  std::string create_path;  // at which entry of the service
  std::string task_id;
  std::int64_t accepted_at = 0;  // unix, µs
  std::shared_ptr<const ByteRope> result;
};

/// A request for the hash of a reference. Setting `cancelled` ends it.
struct HashRequest {
  std::shared_ptr<const ByteRope> bytes;  // may be null: none
  std::shared_ptr<const std::atomic<bool>> cancelled;
};

/// How a job ended without a result.
enum class Ending {
  refused,  // it was not taken
  failed,   // the service ended it
  open,     // cancelled, timed out, out of reach, in doubt: the row stays as it is
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Each is on disk when it returns. They throw Failure only where nothing may be bought then; else
  // what could not be written is written as soon as that works again, with the facts that it needs.
  /// Takes over what is there for the same reference and request.
  virtual Async<Claim> claim(JobKey key, Reuse reuse, HashRequest reference) = 0;
  /// Takes over one certain row; Kind::nothing when it is gone, in use, or owes nothing.
  virtual Async<Claim> take(std::string id) = 0;
  /// Before the create is sent; again when a create was surely not taken.
  /// Throws Failure(budget) when `limit` is reached.
  virtual Async<void> intent(std::string id, JobFacts facts, SpendLimit limit) = 0;
  /// Everything but the request's last chunk is out. Only when this returns does that chunk go.
  virtual Async<void> sent(std::string id, JobFacts facts, std::string reference_hash) = 0;
  /// The last create was surely not taken: back to `intent`.
  virtual Async<void> not_taken(std::string id) = 0;
  virtual Async<void> accepted(std::string id, JobFacts facts, std::string task_id,
                               std::string create_path) = 0;
  virtual Async<void> ended(std::string id, Ending ending, Error error) = 0;
  /// The hash that identifies a reference; empty when the request was cancelled.
  virtual Async<std::string> hash(HashRequest reference) = 0;

  // At once, from any thread; written down behind:
  /// The whole result is here. It is kept, as far as there is room.
  virtual void fetched(std::string id, std::shared_ptr<const ByteRope> result) = 0;
  /// It has gone downstream whole.
  virtual void delivered(std::string id) = 0;
  /// Its job works on it no longer, and it was not delivered.
  virtual void release(std::string id) = 0;

  /// From now on nothing waits long for other processes: the run is about to stop. From any thread.
  virtual void prepare_to_stop() = 0;
  /// Writes down what is left and ends. Nothing is recorded afterwards.
  virtual void close() = 0;
  /// Is anything kept? Texts for the user speak of a ledger only then.
  virtual bool records() const = 0;
  /// The command that forgets a row, for the user to type.
  virtual std::string forget_command(const std::string& id) const = 0;
};

/// Keeps nothing.
class NoLedger : public Ledger {
 public:
  Async<Claim> claim(JobKey, Reuse, HashRequest) override { co_return Claim{}; }
  Async<Claim> take(std::string) override { co_return Claim{}; }
  Async<void> intent(std::string, JobFacts, SpendLimit) override { co_return; }
  Async<void> sent(std::string, JobFacts, std::string) override { co_return; }
  Async<void> not_taken(std::string) override { co_return; }
  Async<void> accepted(std::string, JobFacts, std::string, std::string) override { co_return; }
  Async<void> ended(std::string, Ending, Error) override { co_return; }
  Async<std::string> hash(HashRequest) override { co_return std::string(); }
  void fetched(std::string, std::shared_ptr<const ByteRope>) override {}
  void delivered(std::string) override {}
  void release(std::string) override {}
  void prepare_to_stop() override {}
  void close() override {}
  bool records() const override { return false; }
  std::string forget_command(const std::string&) const override { return {}; }
};

/// What a job hands to whoever shows its result. One that goes without a word leaves the result
/// undelivered: it is there for the next job of the same kind.
class Receipt {
 public:
  Receipt(std::shared_ptr<Ledger> ledger, std::string id)
      : ledger_(std::move(ledger)), id_(std::move(id)) {}
  ~Receipt() {
    if (!settled_.exchange(true)) ledger_->release(id_);
  }
  Receipt(const Receipt&) = delete;

  /// The result has gone downstream whole. From any thread, once.
  void confirm() {
    if (!settled_.exchange(true)) ledger_->delivered(id_);
  }
  /// The job ended without a result, and has said so itself: by now the row may be another's.
  void make_void() { settled_ = true; }
  const std::string& id() const { return id_; }

 private:
  std::shared_ptr<Ledger> ledger_;
  const std::string id_;
  std::atomic<bool> settled_ = false;
};

}  // namespace omni
