// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The ledger on disk: an SQLite database in the state folder, with the kept results beside it. What
// a row means is said in ledger.h; here is how it is stored and found again. Blocking: for one
// thread at a time.
//
//   STATE-DIR/ledger.db          one row a job (and SQLite's own -wal and -shm)
//   STATE-DIR/owners/ID.lock     locked as long as the process that runs jobs lives
//   STATE-DIR/results/HASH.mp4   kept results
//
// Many processes share one. SQLite's write-ahead log lets them read while one writes, and is synced
// at each commit (synchronous=FULL, not the usual NORMAL): what stands in it survives a power cut,
// for a lost row may be a job paid twice. Not for network file systems.
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

/// A job as it stands there. Times are unix µs; 0 = not yet.
struct LedgerRow {
  std::string id, state;
  bool in_use = false;  // a living process is at it
  std::string provider, base_url, model, pipeline, label, project;
  unsigned seconds = 0;
  std::uint64_t reference_bytes = 0;
  std::string request_hash, reference_hash, task_id, create_path;
  std::int64_t created_at = 0, sent_at = 0, accepted_at = 0, fetched_at = 0, delivered_at = 0,
               changed_at = 0;
  std::string result_hash;
  std::uint64_t result_bytes = 0;
  std::string reason, message;  // the last trouble
};

/// What jobs cost, for one day, model, pipeline or project.
struct LedgerSum {
  std::string name;                // empty: the jobs without a project
  unsigned jobs = 0, seconds = 0;  // taken by a service
  unsigned failed = 0;             // of them: without a result, which many services do not bill
  unsigned undelivered = 0, in_doubt = 0;
};

class LedgerStore {
 public:
  /// Creates missing folders and tables, and migrates an older ledger. While `wait_briefly` (may be
  /// null) is set, it does not wait long for other processes. Throws Failure(budget), which says
  /// what is wrong.
  explicit LedgerStore(const std::string& state_dir,
                       const std::atomic<bool>* wait_briefly = nullptr);

  /// Does `works` in one transaction. An outcome says why that piece failed, or all of them.
  Worker::Outcomes transaction(const std::vector<Worker::Work>& works);
  void transaction(const Worker::Work& work);

  // The steps of a job, inside a transaction:
  bool has_candidates(const JobKey& key, Reuse reuse);
  /// With `result_hash`, the claim holds only once that result could be loaded.
  struct Found {
    Claim claim;
    std::string result_hash;
  };
  Found claim(const JobKey& key, const std::string& reference_hash, Reuse reuse);
  Found take(const std::string& id);
  void intent(const std::string& id, const JobFacts& facts, const SpendLimit& limit);
  /// By all, in the last so many µs.
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
  /// A result was written down as `hash`. Then takes out the oldest until there is room again.
  void kept(const std::string& id, const std::string& hash, std::uint64_t bytes,
            std::uint64_t most);
  /// It is gone, or damaged.
  void lost(const std::string& hash);
  static std::string results_folder(const std::string& state_dir) { return state_dir + "/results"; }

  // For whoever looks at it, inside a transaction:
  std::vector<LedgerRow> rows();
  /// By its id or the beginning of it; nullopt when there is none, or more than one.
  std::optional<LedgerRow> row(const std::string& id_or_beginning);
  enum class Group { day, model, pipeline, project };
  std::vector<LedgerSum> sums(Group group);
  /// Nothing is waited for any more, and nothing taken up. False while a process is at it.
  bool forget(const std::string& id);
  /// Deletes what is over and older; with `owed` also what was paid and never delivered. Returns
  /// how many rows.
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
  std::set<std::string> running_;  // rows of ours that a job is at
  const std::atomic<bool>* wait_briefly_;
  Micros busy_since_ = 0;
};

}  // namespace omni
