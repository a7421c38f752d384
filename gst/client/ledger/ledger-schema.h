// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The tables of the ledger on disk, and the migrations that bring an older ledger up to date.
#pragma once

#include "client/ledger/sqlite.h"

namespace omni {

/// The version that this code reads and writes; SQLite stores it as `user_version`.
inline constexpr int kLedgerSchema = 2;

/// Brings a ledger of any older version, or an empty database, to kLedgerSchema. All of it happens
/// in one transaction: on failure or after a crash the ledger is what it was before. Does nothing
/// if another process has done it already. Throws SqliteError, or Failure(budget) if a newer
/// gst-omni wrote the ledger.
void migrate_ledger(Sqlite& database);

}  // namespace omni
