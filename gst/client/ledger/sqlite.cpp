// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/ledger/sqlite.h"

namespace omni {

SqliteError::SqliteError(sqlite3* database)
    : code(database ? sqlite3_extended_errcode(database) : SQLITE_NOMEM),
      text_(database ? sqlite3_errmsg(database) : "out of memory") {
}

Sqlite::Sqlite(const std::string& path, int flags) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  database_.reset(opened);  // set even on failure
  if (code != SQLITE_OK) throw SqliteError(opened);
  sqlite3_extended_result_codes(opened, 1);
}

void Sqlite::run(const char* sql) {
  if (sqlite3_exec(get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw SqliteError(get());
}

Transaction::~Transaction() {
  if (database_.in_transaction())
    sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Statement::Statement(Sqlite& database, const std::string& sql) : database_(database) {
  sqlite3_stmt* prepared = nullptr;
  check(sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &prepared, nullptr));
  statement_.reset(prepared);
}

void Statement::check(int code) {
  if (code != SQLITE_OK) throw SqliteError(database_.get());
}

Statement& Statement::bind(const std::string& text) {
  check(sqlite3_bind_text(statement_.get(), ++bound_, text.data(), static_cast<int>(text.size()),
                          SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  check(sqlite3_bind_int64(statement_.get(), ++bound_, number));
  return *this;
}

Statement& Statement::bind_null() {
  check(sqlite3_bind_null(statement_.get(), ++bound_));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) throw SqliteError(database_.get());
  return code == SQLITE_ROW;
}

int Statement::finish() {
  while (step()) {
  }
  return sqlite3_changes(database_.get());
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return text ? std::string(reinterpret_cast<const char*>(text), size) : std::string();
}

}  // namespace omni
