// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/ledger/ledger-schema.h"

#include <iterator>

#include "service/error.h"

namespace omni {

namespace {

constexpr int kApplication = 0x6f6d6e69;  // "omni"

// The element at index n leads from version n to version n + 1. A new ledger runs all of them, so
// there is only one way to make the tables. A released migration never changes, because users have
// ledgers that it made. A migration only adds to the tables: processes of an older gst-omni that
// have the ledger open keep writing to it.
constexpr const char* kMigrations[] = {
    // 0 to 1: gst-omni 0.1.0
    R"(
CREATE TABLE jobs(
  id TEXT PRIMARY KEY, state TEXT NOT NULL, owner TEXT,
  provider TEXT NOT NULL, base_url TEXT NOT NULL, create_path TEXT, model TEXT, pipeline TEXT,
  label TEXT, seconds INTEGER NOT NULL,
  request_hash TEXT NOT NULL, reference_bytes INTEGER NOT NULL, reference_hash TEXT,
  task_id TEXT,
  created_at INTEGER NOT NULL, sent_at INTEGER, accepted_at INTEGER, fetched_at INTEGER,
  delivered_at INTEGER, changed_at INTEGER NOT NULL,
  result_hash TEXT, result_bytes INTEGER, reason TEXT, message TEXT);
CREATE INDEX jobs_by_request ON jobs(request_hash, reference_bytes);
CREATE INDEX jobs_by_time ON jobs(created_at);
CREATE INDEX jobs_by_owner ON jobs(owner) WHERE owner IS NOT NULL;
CREATE INDEX jobs_by_result ON jobs(result_hash) WHERE result_hash IS NOT NULL;
CREATE TABLE results(
  hash TEXT PRIMARY KEY, bytes INTEGER NOT NULL, stored_at INTEGER NOT NULL);
)",
    // 1 to 2: gst-omni 0.2.0. The user's label that costs are summed by; NULL = none.
    "ALTER TABLE jobs ADD COLUMN project TEXT;",
};
static_assert(std::size(kMigrations) == kLedgerSchema);

std::int64_t version_of(Sqlite& database) {
  Statement query(database, "PRAGMA user_version");
  query.step();
  return query.number(0);
}

void check_version(std::int64_t version) {
  if (version > kLedgerSchema)
    throw Failure(Reason::budget, "it was written by a newer gst-omni (schema " +
                                      std::to_string(version) + ", not " +
                                      std::to_string(kLedgerSchema) + ")");
  if (version < 0) throw SqliteError(SQLITE_CORRUPT, "its schema is " + std::to_string(version));
}

void run_migrations(Sqlite& database, std::int64_t version) {
  for (; version < kLedgerSchema; ++version) database.run(kMigrations[version]);
  database.run(("PRAGMA user_version=" + std::to_string(kLedgerSchema) +
                "; PRAGMA application_id=" + std::to_string(kApplication))
                   .c_str());
}

}  // namespace

void migrate_ledger(Sqlite& database) {
  Transaction transaction(database);
  // Read inside the transaction: another process may have migrated it while this one waited.
  const std::int64_t version = version_of(database);
  check_version(version);
  if (version == kLedgerSchema) return;
  try {
    run_migrations(database, version);
    transaction.commit();
  } catch (const SqliteError& error) {
    if (version == 0) throw;
    throw SqliteError(error.code, "it stays at schema " + std::to_string(version) +
                                      ", because the migration to " +
                                      std::to_string(kLedgerSchema) + " failed: " + error.what());
  }
}

}  // namespace omni
