// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The journal of a job: it records what it is about to do and what it did, so that nothing is paid
// twice and no paid result is lost. The job awaits each step and does not know how it is stored.
//
// The states of a row:
//
//   intent -> sent -> accepted -> fetched -> delivered
//     |        |          |----> failed        the service ended it without a result
//     |        |----> refused                  the service did not accept it: it cost nothing
//     |----> refused
//
// A row at `intent` was certainly never accepted. A row at `sent` may have been accepted: it is
// never sent again automatically. A row at `accepted` or `fetched` is paid and undelivered: the
// next job for the same reference and request takes it over.
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

/// Which jobs of earlier runs are reused instead of buying again.
enum class Reuse {
  unfinished,  // paid and never delivered
  all,         // also delivered results, as long as they are kept
  none,
};

/// What identifies a job.
struct JobKey {
  std::string provider;
  std::string base_url;
  std::string request_hash;  // of the body, without the reference
  std::uint64_t reference_bytes = 0;

  bool operator==(const JobKey&) const = default;
};

/// What a row holds from the start.
struct JobFacts {
  JobKey key;
  std::string model;
  std::string pipeline;  // the buyer: program, pipeline and element
  std::string label;
  unsigned seconds = 0;
  std::string project;  // the user's label for summing costs; may be empty
};

/// What the ledger already has for a job.
struct Claim {
  enum class Kind {
    nothing,
    task,       // exists at the service: poll it
    result,     // kept on disk
    doubt,      // may have been accepted; the outcome is unknown
    elsewhere,  // a task at another service address: not taken over
  };
  Kind kind = Kind::nothing;
  std::string id;  // of the row, which the caller now owns (task, result)
  std::string base_url;
  std::string create_path;  // the service's entry that was used
  std::string task_id;
  std::int64_t accepted_at = 0;  // Unix time, µs
  std::shared_ptr<const ByteRope> result;
};

/// A request for the hash of a reference. Set `cancelled` to end it.
struct HashRequest {
  std::shared_ptr<const ByteRope> bytes;  // may be null: none
  std::shared_ptr<const std::atomic<bool>> cancelled;
};

/// Why a job ended without a result.
enum class Ending {
  refused,  // the service did not accept it
  failed,   // the service ended it
  open,     // cancelled, timed out, unreachable, in doubt: the row keeps its state
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Each call is durable when it returns. It throws Failure only if nothing may be bought without
  // the ledger. Otherwise a failed write is repeated as soon as writing works again, with the facts
  // that it needs.
  /// Takes over what the ledger has for the same reference and request.
  virtual Async<Claim> claim(JobKey key, Reuse reuse, HashRequest reference) = 0;
  /// Takes over one particular row; Kind::nothing if it is missing, in use, or has nothing to
  /// deliver.
  virtual Async<Claim> take(std::string id) = 0;
  /// Call before the create request is sent, and again after one was certainly not accepted.
  /// Throws Failure(budget) if `limit` is reached.
  virtual Async<void> intent(std::string id, JobFacts facts, SpendLimit limit) = 0;
  /// Everything but the request's last chunk was sent. That chunk is released only when this
  /// returns.
  virtual Async<void> sent(std::string id, JobFacts facts, std::string reference_hash) = 0;
  /// The last create request was certainly not accepted: back to `intent`.
  virtual Async<void> not_taken(std::string id) = 0;
  virtual Async<void> accepted(std::string id, JobFacts facts, std::string task_id,
                               std::string create_path) = 0;
  virtual Async<void> ended(std::string id, Ending ending, Error error) = 0;
  /// The hash that identifies a reference; empty if the request was cancelled.
  virtual Async<std::string> hash(HashRequest reference) = 0;

  // These return at once, may be called from any thread, and are written later:
  /// The whole result is here. It is kept if there is room.
  virtual void fetched(std::string id, std::shared_ptr<const ByteRope> result) = 0;
  /// The result was pushed downstream completely.
  virtual void delivered(std::string id) = 0;
  /// The job no longer works on the row, and its result was not delivered.
  virtual void release(std::string id) = 0;

  /// The run is about to stop: from now on nothing waits long for other processes. May be called
  /// from any thread.
  virtual void prepare_to_stop() = 0;
  /// Writes what is left and ends. Nothing is recorded afterwards.
  virtual void close() = 0;
  /// True if anything is stored. Otherwise texts for the user do not mention a ledger.
  virtual bool records() const = 0;
  /// The omni-ledger command that forgets a row, for the user to run.
  virtual std::string forget_command(const std::string& id) const = 0;
};

/// Stores nothing.
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

/// A job gives this to the consumer of its result. If it is destroyed unconfirmed, the result stays
/// undelivered, and the next identical job reuses it.
class Receipt {
 public:
  Receipt(std::shared_ptr<Ledger> ledger, std::string id)
      : ledger_(std::move(ledger)), id_(std::move(id)) {}
  ~Receipt() {
    if (!settled_.exchange(true)) ledger_->release(id_);
  }
  Receipt(const Receipt&) = delete;

  /// The result was pushed downstream completely. May be called from any thread, once.
  void confirm() {
    if (!settled_.exchange(true)) ledger_->delivered(id_);
  }
  /// The job ended without a result and recorded that itself: the row may already belong to another
  /// job.
  void make_void() { settled_ = true; }
  const std::string& id() const { return id_; }

 private:
  std::shared_ptr<Ledger> ledger_;
  const std::string id_;
  std::atomic<bool> settled_ = false;
};

}  // namespace omni
