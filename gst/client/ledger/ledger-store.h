// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The ledger on disk: an SQLite database in the state folder, with the kept results beside it.
// ledger.h says what a row means; this is how rows are stored and found. Blocking, and used by one
// thread at a time.
//
//   STATE-DIR/ledger.db          one row per job (and SQLite's own -wal and -shm)
//   STATE-DIR/owners/ID.lock     locked as long as the process that runs jobs lives
//   STATE-DIR/results/HASH.mp4   kept results
//
// Many processes share one ledger. SQLite's write-ahead log lets them read while one writes. It is
// synced at each commit (synchronous=FULL, not the usual NORMAL), so that it survives a power cut:
// a lost row may be a job paid twice. Not for network file systems.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/ledger/kept-results.h"
#include "client/ledger/ledger-owner.h"
#include "client/ledger/ledger.h"
#include "client/ledger/sqlite.h"
#include "client/worker.h"

namespace omni {

/// One row of the ledger. Times are Unix µs; 0 = not yet.
struct LedgerRow {
  std::string id, state;
  bool in_use = false;  // a living process works on it
  std::string provider, base_url, model, pipeline, label, project;
  unsigned seconds = 0;
  std::uint64_t reference_bytes = 0;
  std::string request_hash, reference_hash, task_id, create_path;
  std::int64_t created_at = 0, sent_at = 0, accepted_at = 0, fetched_at = 0, delivered_at = 0,
               changed_at = 0;
  std::string result_hash;
  std::uint64_t result_bytes = 0;
  std::string reason, message;  // of the last failure
};

/// What jobs cost, per day, model, pipeline or project.
struct LedgerSum {
  std::string name;                // empty: jobs without a project
  unsigned jobs = 0, seconds = 0;  // accepted by a service
  unsigned failed = 0;             // of these: without a result; many services do not bill them
  unsigned undelivered = 0, in_doubt = 0;
};

class LedgerStore {
 public:
  /// Creates missing folders and tables, and migrates an older ledger. While `wait_briefly` (may be
  /// null) is set, it does not wait long for other processes. Throws Failure(budget) with the
  /// cause.
  explicit LedgerStore(const std::string& state_dir,
                       const std::atomic<bool>* wait_briefly = nullptr);

  /// Runs `works` in one transaction. An outcome says why that work failed, or why all did.
  Worker::Outcomes transaction(const std::vector<Worker::Work>& works);
  void transaction(const Worker::Work& work);

  // The steps of a job, inside a transaction:
  bool has_candidates(const JobKey& key, Reuse reuse);
  /// With `result_hash`, the claim is valid only if that result can be loaded.
  struct Found {
    Claim claim;
    std::string result_hash;
  };
  Found claim(const JobKey& key, const std::string& reference_hash, Reuse reuse);
  Found take(const std::string& id);
  void intent(const std::string& id, const JobFacts& facts, const SpendLimit& limit);
  /// By all processes, in the last `period` µs.
  Spent spent(Micros period);
  void sent(const std::string& id, const JobFacts& facts, const std::string& reference_hash);
  void not_taken(const std::string& id);
  void accepted(const std::string& id, const JobFacts& facts, const std::string& task_id,
                const std::string& create_path);
  void fetched(const std::string& id);
  void delivered(const std::string& id);
  void release(const std::string& id);
  void ended(const std::string& id, Ending ending, const Error& error);

  // Kept results, inside a transaction:
  /// A result was stored as `hash`. Evicts old results until they fit into `most` bytes again.
  void kept(const std::string& id, const std::string& hash, std::uint64_t bytes,
            std::uint64_t most);
  /// The result is missing or damaged.
  void lost(const std::string& hash);
  static std::string results_folder(const std::string& state_dir) { return state_dir + "/results"; }

  // For omni-ledger, inside a transaction:
  std::vector<LedgerRow> rows();
  /// By its id or a prefix of it; nullopt if there is none, or more than one.
  std::optional<LedgerRow> row(const std::string& id_or_beginning);
  enum class Group { day, model, pipeline, project };
  std::vector<LedgerSum> sums(Group group);
  /// The job is neither waited for nor reused any more. False while a process works on it.
  bool forget(const std::string& id);
  /// Deletes ended jobs last changed before `before`; with `owed` also paid jobs that were never
  /// delivered. Returns the number of rows.
  int prune(std::int64_t before, bool owed);

 private:
  void clean();
  void make_folders();
  void make_file();
  void open();
  void set_journal();
  void reap();
  void put(const std::string& id, const JobFacts& facts);
  void disown(const std::string& id);
  void own(const std::string& id);
  bool is_free(const std::string& id, const std::string& owner) const;
  Found found_in(Statement& row, const std::string& base_url);
  void evict(std::uint64_t most);
  static int busy(void* self, int count);

  const std::string state_dir_;
  const KeptResults results_;
  std::optional<LedgerOwner> owner_;
  std::optional<Sqlite> database_;
  std::set<std::string> running_;  // rows of this owner that a job works on
  const std::atomic<bool>* wait_briefly_;
  Micros busy_since_ = 0;
};

}  // namespace omni
