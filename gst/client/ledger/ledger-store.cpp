// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/ledger/ledger-store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include <algorithm>

#include "client/ledger/ledger-schema.h"

namespace omni {

namespace {

// How long to wait for another process's lock. A write takes milliseconds, so a longer wait means
// that the process hangs.
constexpr Micros kPatience = 5 * kSecond;
constexpr Micros kShortPatience = kSecond / 5;
constexpr Micros kBusyPause = kSecond / 100;
// A larger ledger is not checked each time it is opened.
constexpr std::int64_t kCheckedPages = 4096;

[[noreturn]] void unusable(const std::string& path, const std::string& why) {
  throw Failure(Reason::budget, "The ledger " + path + " cannot be used: " + why + ".");
}

std::string advice(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ". It is damaged: move it away, and look there for what was paid";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ". Another process has locked it for too long";
    case SQLITE_FULL:
      return ". The disk is full";
    case SQLITE_READONLY:
      return ". Its folder and everything in it has to be writable, even to look at it";
    default:
      return "";
  }
}

// The columns that found_in() reads.
const std::string kClaim =
    "SELECT id, state, owner, base_url, create_path, task_id, accepted_at, "
    "(SELECT hash FROM results WHERE hash=result_hash) FROM jobs ";
// The same job, not ended. The last parameter includes delivered jobs.
const std::string kSame =
    "WHERE request_hash=? AND reference_bytes=? AND provider=? "
    "AND (state IN ('sent', 'accepted', 'fetched') OR (? AND state='delivered')) ";

void bind_same(Statement& query, const JobKey& key, Reuse reuse) {
  query.bind(key.request_hash)
      .bind(static_cast<std::int64_t>(key.reference_bytes))
      .bind(key.provider)
      .bind(reuse == Reuse::all);
}

std::int64_t wall_clock() {
  return g_get_real_time();
}

std::int64_t signed_of(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

const std::string kRow =
    "SELECT id, state, owner IS NOT NULL, provider, base_url, model, pipeline, label, seconds, "
    "reference_bytes, request_hash, reference_hash, task_id, create_path, created_at, sent_at, "
    "accepted_at, fetched_at, delivered_at, changed_at, "
    "(SELECT hash FROM results WHERE hash=result_hash), result_bytes, reason, message, project "
    "FROM jobs ";

LedgerRow row_of(const Statement& query) {
  LedgerRow row;
  row.id = query.text(0);
  row.state = query.text(1);
  row.in_use = query.number(2) != 0;
  row.provider = query.text(3);
  row.base_url = query.text(4);
  row.model = query.text(5);
  row.pipeline = query.text(6);
  row.label = query.text(7);
  row.seconds = static_cast<unsigned>(query.number(8));
  row.reference_bytes = static_cast<std::uint64_t>(query.number(9));
  row.request_hash = query.text(10);
  row.reference_hash = query.text(11);
  row.task_id = query.text(12);
  row.create_path = query.text(13);
  row.created_at = query.number(14);
  row.sent_at = query.number(15);
  row.accepted_at = query.number(16);
  row.fetched_at = query.number(17);
  row.delivered_at = query.number(18);
  row.changed_at = query.number(19);
  row.result_hash = query.text(20);
  row.result_bytes = static_cast<std::uint64_t>(query.number(21));
  row.reason = query.text(22);
  row.message = query.text(23);
  row.project = query.text(24);
  return row;
}

const char* group_of(LedgerStore::Group group) {
  switch (group) {
    case LedgerStore::Group::day:
      return "date(created_at / 1000000, 'unixepoch', 'localtime')";
    case LedgerStore::Group::model:
      return "provider || ' ' || model";
    case LedgerStore::Group::pipeline:
      return "pipeline";
    case LedgerStore::Group::project:
      return "project";
  }
  return "";
}

}  // namespace

LedgerStore::LedgerStore(const std::string& state_dir, const std::atomic<bool>* wait_briefly)
    : state_dir_(state_dir), results_(results_folder(state_dir)), wait_briefly_(wait_briefly) {
  const std::string path = state_dir + "/ledger.db";
  try {
    make_folders();
    owner_.emplace(state_dir + "/owners");
    make_file();
    open();
    transaction([this] { reap(); });
    clean();
  } catch (const SqliteError& error) {
    unusable(path, error.what() + advice(error.code));
  } catch (const Failure& failure) {
    unusable(path, failure.what());
  }
}

/// Removes the files of processes that died.
void LedgerStore::clean() {
  LedgerOwner::clean(state_dir_ + "/owners");
  results_.clean([this](const std::string& hash) {
    Statement query(*database_, "SELECT 1 FROM results WHERE hash=?");
    return query.bind(hash).step();
  });
}

void LedgerStore::make_folders() {
  for (const char* folder : {"", "/owners", "/results"}) {
    const std::string path = state_dir_ + folder;
    if (g_mkdir_with_parents(path.c_str(), 0700) != 0)
      throw Failure(Reason::budget, path + " cannot be created: " + g_strerror(errno));
  }
}

/// Readable by the owner only: SQLite would make it readable by all. The file is created under
/// another name, because closing a file releases all locks that this process has on it, and another
/// element may already have it open.
void LedgerStore::make_file() {
  const std::string path = state_dir_ + "/ledger.db";
  if (access(path.c_str(), F_OK) == 0) return;
  const std::string fresh = path + "." + owner_->name();
  const int file = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) throw Failure(Reason::budget, g_strerror(errno));
  close(file);
  const bool linked = link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int problem = errno;
  unlink(fresh.c_str());
  if (!linked) throw Failure(Reason::budget, g_strerror(problem));
}

void LedgerStore::open() {
  database_.emplace(state_dir_ + "/ledger.db", SQLITE_OPEN_READWRITE);
  sqlite3_busy_handler(database_->get(), busy, this);
  set_journal();
  migrate_ledger(*database_);
  Statement pages(*database_, "PRAGMA page_count");
  pages.step();
  if (pages.number(0) > kCheckedPages) return;
  Statement check(*database_, "PRAGMA quick_check(1)");
  if (check.step() && check.text(0) != "ok") throw SqliteError(SQLITE_CORRUPT, check.text(0));
}

/// If several connections switch to the write-ahead log at once, SQLite fails all but one of them
/// without calling busy().
void LedgerStore::set_journal() {
  for (int count = 0;; ++count) {
    try {
      return database_->run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
    } catch (const SqliteError& error) {
      if ((error.code & 0xff) != SQLITE_BUSY || !busy(this, count)) throw;
    }
  }
}

int LedgerStore::busy(void* data, int count) {
  auto* self = static_cast<LedgerStore*>(data);
  if (count == 0) self->busy_since_ = now();
  const bool wait_briefly = self->wait_briefly_ && *self->wait_briefly_;
  if (now() - self->busy_since_ > (wait_briefly ? kShortPatience : kPatience)) return 0;
  g_usleep(kBusyPause);
  return 1;
}

void LedgerStore::transaction(const Worker::Work& work) {
  const Worker::Outcomes outcomes = transaction(std::vector{work});
  if (outcomes.front()) std::rethrow_exception(outcomes.front());
}

Worker::Outcomes LedgerStore::transaction(const std::vector<Worker::Work>& works) {
  try {
    // Otherwise it would continue in a file without a name, where its data cannot be found.
    int moved = 0;
    sqlite3_file_control(database_->get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved) throw SqliteError(SQLITE_READONLY_DBMOVED, "its file was moved or deleted");
    Transaction transaction(*database_);
    Worker::Outcomes outcomes = Worker::one_by_one(works);
    if (!database_->in_transaction()) throw SqliteError(database_->get());
    transaction.commit();
    return outcomes;
  } catch (const SqliteError&) {
    return Worker::Outcomes(works.size(), std::current_exception());
  }
}

/// Clears the owner of rows whose process is gone. Deletes rows that were never sent: they mean
/// nothing.
void LedgerStore::reap() {
  std::vector<std::string> gone;
  Statement owners(*database_, "SELECT DISTINCT owner FROM jobs WHERE owner IS NOT NULL");
  while (owners.step()) {
    const std::string name = owners.text(0);
    if (name != owner_->name() && LedgerOwner::is_gone(state_dir_ + "/owners", name))
      gone.push_back(name);
  }
  for (const std::string& name : gone)
    Statement(*database_, "UPDATE jobs SET owner=NULL WHERE owner=?").bind(name).finish();
  Statement(*database_, "DELETE FROM jobs WHERE state='intent' AND owner IS NULL").finish();
}

bool LedgerStore::has_candidates(const JobKey& key, Reuse reuse) {
  Statement query(*database_, "SELECT 1 FROM jobs " + kSame + "LIMIT 1");
  bind_same(query, key, reuse);
  return query.step();
}

bool LedgerStore::is_free(const std::string& id, const std::string& owner) const {
  return owner.empty() || (owner == owner_->name() && !running_.contains(id));
}

/// No job works on `row`. Returns what it offers to a job that asks the service at `base_url`.
LedgerStore::Found LedgerStore::found_in(Statement& row, const std::string& base_url) {
  Found found;
  Claim& claim = found.claim;
  claim.id = row.text(0);
  const std::string state = row.text(1);
  claim.base_url = row.text(3);
  claim.create_path = row.text(4);
  claim.task_id = row.text(5);
  claim.accepted_at = row.number(6);
  found.result_hash = row.text(7);
  if (!found.result_hash.empty())
    claim.kind = Claim::Kind::result;
  else if (claim.task_id.empty())
    claim.kind = claim.base_url == base_url ? Claim::Kind::doubt : Claim::Kind::nothing;
  else if (state == "delivered")
    claim.kind = Claim::Kind::nothing;
  else
    claim.kind = claim.base_url == base_url ? Claim::Kind::task : Claim::Kind::elsewhere;
  return found;
}

LedgerStore::Found LedgerStore::claim(const JobKey& key, const std::string& reference_hash,
                                      Reuse reuse) {
  reap();
  Statement query(*database_, kClaim + kSame +
                                  "AND reference_hash=? ORDER BY CASE state WHEN 'fetched' THEN 0 "
                                  "WHEN 'accepted' THEN 1 WHEN 'delivered' THEN 2 ELSE 3 END, "
                                  "created_at");
  bind_same(query, key, reuse);
  query.bind(reference_hash);
  Found elsewhere;
  while (query.step()) {
    const bool delivered = query.text(1) == "delivered";
    const bool free = is_free(query.text(0), query.text(2));
    // Many jobs may use one kept result at once.
    const bool shared = reuse == Reuse::all && !query.is_null(7);
    if (!delivered && !free && !shared) continue;
    Found found = found_in(query, key.base_url);
    if (found.claim.kind == Claim::Kind::nothing) continue;
    if (found.claim.kind == Claim::Kind::elsewhere) {
      elsewhere = std::move(found);
      continue;
    }
    // A job with unknown outcome is owned until the run ends: it blocks one job, not all identical
    // ones.
    if (!delivered && free) own(found.claim.id);
    return found;
  }
  return elsewhere;
}

LedgerStore::Found LedgerStore::take(const std::string& id) {
  reap();
  Statement query(*database_,
                  kClaim + "WHERE id=? AND state IN ('accepted', 'fetched', 'delivered')");
  query.bind(id);
  if (!query.step() || !is_free(id, query.text(2))) return {};
  Found found = found_in(query, query.text(3));
  if (found.claim.kind != Claim::Kind::nothing) own(id);
  return found;
}

void LedgerStore::own(const std::string& id) {
  running_.insert(id);
  Statement(*database_, "UPDATE jobs SET owner=? WHERE id=?")
      .bind(owner_->name())
      .bind(id)
      .finish();
}

void LedgerStore::disown(const std::string& id) {
  running_.erase(id);
  Statement(*database_, "UPDATE jobs SET owner=NULL WHERE id=? AND owner=?")
      .bind(id)
      .bind(owner_->name())
      .finish();
}

void LedgerStore::intent(const std::string& id, const JobFacts& facts, const SpendLimit& limit) {
  if (limit.period > 0 && limit.any()) {
    reap();  // jobs that dead processes never sent cost nothing
    check_spend(limit, spent(limit.period), facts.seconds);
  }
  put(id, facts);
}

Spent LedgerStore::spent(Micros period) {
  Statement query(*database_,
                  "SELECT count(*), coalesce(sum(seconds), 0) FROM jobs "
                  "WHERE created_at > ? AND state != 'refused'");
  query.bind(wall_clock() - period).step();
  return {static_cast<unsigned>(query.number(0)), static_cast<unsigned>(query.number(1))};
}

/// Inserts the row if it is missing, as after a time when the ledger could not be written.
void LedgerStore::put(const std::string& id, const JobFacts& facts) {
  Statement(*database_,
            "INSERT OR IGNORE INTO jobs(id, state, owner, provider, base_url, model, pipeline, "
            "label, project, seconds, request_hash, reference_bytes, created_at, changed_at) "
            "VALUES(?, 'intent', ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?)")
      .bind(id)
      .bind(owner_->name())
      .bind(facts.key.provider)
      .bind(facts.key.base_url)
      .bind(facts.model)
      .bind(facts.pipeline)
      .bind(facts.label)
      .bind(facts.project)
      .bind(facts.seconds)
      .bind(facts.key.request_hash)
      .bind(signed_of(facts.key.reference_bytes))
      .bind(wall_clock())
      .bind(wall_clock())
      .finish();
  running_.insert(id);
}

void LedgerStore::sent(const std::string& id, const JobFacts& facts,
                       const std::string& reference_hash) {
  put(id, facts);
  Statement(*database_,
            "UPDATE jobs SET state='sent', reference_hash=?, sent_at=?, changed_at=? WHERE id=?")
      .bind(reference_hash)
      .bind(wall_clock())
      .bind(wall_clock())
      .bind(id)
      .finish();
}

void LedgerStore::not_taken(const std::string& id) {
  Statement(*database_,
            "UPDATE jobs SET state='intent', sent_at=NULL, changed_at=? WHERE id=? AND "
            "state='sent'")
      .bind(wall_clock())
      .bind(id)
      .finish();
}

void LedgerStore::accepted(const std::string& id, const JobFacts& facts, const std::string& task_id,
                           const std::string& create_path) {
  put(id, facts);
  Statement(*database_,
            "UPDATE jobs SET state='accepted', task_id=?, create_path=?, accepted_at=?, "
            "changed_at=? WHERE id=?")
      .bind(task_id)
      .bind(create_path)
      .bind(wall_clock())
      .bind(wall_clock())
      .bind(id)
      .finish();
}

void LedgerStore::fetched(const std::string& id) {
  Statement(*database_,
            "UPDATE jobs SET state='fetched', fetched_at=?, changed_at=?, reason=NULL, "
            "message=NULL WHERE id=? AND state IN ('sent', 'accepted')")
      .bind(wall_clock())
      .bind(wall_clock())
      .bind(id)
      .finish();
}

void LedgerStore::delivered(const std::string& id) {
  Statement(*database_,
            "UPDATE jobs SET state='delivered', delivered_at=?, changed_at=? WHERE id=? AND "
            "state != 'delivered'")
      .bind(wall_clock())
      .bind(wall_clock())
      .bind(id)
      .finish();
  disown(id);
}

void LedgerStore::release(const std::string& id) {
  if (running_.contains(id)) disown(id);
}

void LedgerStore::ended(const std::string& id, Ending ending, const Error& error) {
  const char* state = ending == Ending::refused ? "refused" : "failed";
  Statement(*database_,
            "UPDATE jobs SET state=CASE WHEN ? THEN state ELSE ? END, reason=?, message=?, "
            "changed_at=? WHERE id=? AND state != 'delivered'")
      .bind(ending == Ending::open)
      .bind(state)
      .bind(reason_word(error.reason))
      .bind(error.message)
      .bind(wall_clock())
      .bind(id)
      .finish();
  disown(id);
}

void LedgerStore::kept(const std::string& id, const std::string& hash, std::uint64_t bytes,
                       std::uint64_t most) {
  Statement(*database_, "INSERT OR REPLACE INTO results(hash, bytes, stored_at) VALUES(?, ?, ?)")
      .bind(hash)
      .bind(signed_of(bytes))
      .bind(wall_clock())
      .finish();
  Statement(*database_, "UPDATE jobs SET result_hash=?, result_bytes=? WHERE id=?")
      .bind(hash)
      .bind(signed_of(bytes))
      .bind(id)
      .finish();
  evict(most);
}

/// Oldest first; undelivered results are evicted last.
void LedgerStore::evict(std::uint64_t most) {
  for (;;) {
    Statement total(*database_, "SELECT coalesce(sum(bytes), 0) FROM results");
    total.step();
    if (total.number(0) <= signed_of(most)) return;
    Statement oldest(*database_,
                     "SELECT hash FROM results ORDER BY EXISTS(SELECT 1 FROM jobs WHERE "
                     "result_hash=hash AND state='fetched'), stored_at LIMIT 1");
    if (!oldest.step()) return;
    lost(oldest.text(0));
  }
}

void LedgerStore::lost(const std::string& hash) {
  Statement(*database_, "DELETE FROM results WHERE hash=?").bind(hash).finish();
  results_.remove(hash);
}

std::vector<LedgerRow> LedgerStore::rows() {
  reap();
  std::vector<LedgerRow> rows;
  Statement query(*database_, kRow + "ORDER BY created_at");
  while (query.step()) rows.push_back(row_of(query));
  return rows;
}

std::optional<LedgerRow> LedgerStore::row(const std::string& beginning) {
  reap();
  Statement query(*database_, kRow + "WHERE substr(id, 1, length(?)) = ? LIMIT 2");
  query.bind(beginning).bind(beginning);
  if (beginning.empty() || !query.step()) return std::nullopt;
  LedgerRow row = row_of(query);
  if (row.id != beginning && query.step()) return std::nullopt;
  return row;
}

std::vector<LedgerSum> LedgerStore::sums(Group group) {
  reap();
  std::vector<LedgerSum> sums;
  Statement query(
      *database_,
      std::string("SELECT ") + group_of(group) +
          " AS name, count(task_id), coalesce(sum(CASE WHEN task_id IS NOT NULL THEN "
          "seconds END), 0), sum(state='failed'), sum(state IN ('accepted', 'fetched')), "
          "sum(state='sent' AND owner IS NULL) "
          "FROM jobs WHERE state NOT IN ('intent', 'refused') GROUP BY name ORDER BY "
          "name");
  while (query.step())
    sums.push_back({query.text(0), static_cast<unsigned>(query.number(1)),
                    static_cast<unsigned>(query.number(2)), static_cast<unsigned>(query.number(3)),
                    static_cast<unsigned>(query.number(4)),
                    static_cast<unsigned>(query.number(5))});
  return sums;
}

bool LedgerStore::forget(const std::string& id) {
  reap();
  Statement update(*database_,
                   "UPDATE jobs SET state='forgotten', changed_at=? WHERE id=? AND owner IS NULL");
  return update.bind(wall_clock()).bind(id).finish() > 0;
}

int LedgerStore::prune(std::int64_t before, bool owed) {
  reap();
  std::vector<std::string> unused;
  const int deleted = Statement(*database_,
                                "DELETE FROM jobs WHERE changed_at < ? AND owner IS NULL AND "
                                "(state IN ('delivered', 'refused', 'failed', 'forgotten') OR "
                                "(? AND state IN ('accepted', 'fetched')))")
                          .bind(before)
                          .bind(owed)
                          .finish();
  Statement query(*database_,
                  "SELECT hash FROM results WHERE NOT EXISTS(SELECT 1 FROM jobs WHERE "
                  "result_hash=hash)");
  while (query.step()) unused.push_back(query.text(0));
  for (const std::string& hash : unused) lost(hash);
  return deleted;
}

}  // namespace omni
