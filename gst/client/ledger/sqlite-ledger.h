// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The ledger that jobs await. LedgerStore runs on a thread of its own, because another process may
// hold its lock; hashing and results run on a second thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "client/ledger/ledger-store.h"
#include "client/ledger/ledger.h"
#include "client/log.h"
#include "client/worker.h"

namespace omni {

struct LedgerSettings {
  std::string state_dir;
  std::uint64_t state_size = 0;  // for kept results, bytes; 0 = keep none
  bool required = false;         // buy nothing if the ledger cannot be used
  LogSink log;
  /// Called once, from any thread and with no lock held, if jobs are not recorded.
  std::function<void(const Error&)> warn;
};

class SqliteLedger : public Ledger {
 public:
  /// Returns at once: the database is opened by its own thread, with the first job, and again after
  /// a problem.
  explicit SqliteLedger(LedgerSettings settings);
  ~SqliteLedger() override { close(); }

  Async<Claim> claim(JobKey key, Reuse reuse, HashRequest reference) override;
  Async<Claim> take(std::string id) override;
  Async<void> intent(std::string id, JobFacts facts, SpendLimit limit) override;
  Async<void> sent(std::string id, JobFacts facts, std::string reference_hash) override;
  Async<void> not_taken(std::string id) override;
  Async<void> accepted(std::string id, JobFacts facts, std::string task_id,
                       std::string create_path) override;
  Async<void> ended(std::string id, Ending ending, Error error) override;
  Async<std::string> hash(HashRequest reference) override;
  void fetched(std::string id, std::shared_ptr<const ByteRope> result) override;
  void delivered(std::string id) override;
  void release(std::string id) override;
  void prepare_to_stop() override { stopping_ = wait_briefly_ = true; }
  void close() override;
  bool records() const override { return true; }
  std::string forget_command(const std::string& id) const override;

 private:
  /// What to do, besides reporting it, when the database fails a step.
  enum class Step {
    ask,    // throw if the ledger is required
    write,  // the same; otherwise write it later, so the work must own its data
    note,   // write it later
  };
  Async<void> run(Worker::Work work, Step step);
  void post(Worker::Work work);  // a note that is not awaited
  Worker::Outcomes batch(const std::vector<Worker::Work>& works);
  void judge(const Worker::Outcomes& outcomes);
  void write_later(Worker::Work work);
  void trouble(const std::exception& problem);
  void require(const std::string& problem) const;
  void keep(const std::string& id, const ByteRope& result);

  const LedgerSettings settings_;
  const KeptResults results_;
  std::atomic<bool> told_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> wait_briefly_ = false;  // another process is known to hold the lock
  std::unique_ptr<LedgerStore> store_;      // used by the first thread only
  std::mutex unwritten_lock_;               // innermost: nothing is called under it
  std::vector<Worker::Work> unwritten_;
  // The second thread passes work to the first.
  Worker rows_;
  Worker files_;
};

}  // namespace omni
