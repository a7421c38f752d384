// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What each step of a job changes in the ledger, and what others want to know of it.
#include "client/ledger/ledger-store.h"

namespace omni {

namespace {

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

void LedgerStore::intent(const std::string& id, const JobFacts& facts, const SpendLimit& limit) {
  if (limit.period > 0 && limit.any()) {
    reap();  // what dead processes never sent cost nothing
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

/// The row, unless it is there. It is not when the ledger could not be written for a while.
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

void LedgerStore::let_go(const std::string& id) {
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

/// The oldest go first; those that nobody has got yet go last.
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
