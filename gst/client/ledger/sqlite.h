// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// SQLite with owners and exceptions: a database and a prepared statement. Knows no tables.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "service/glib-ptr.h"

namespace omni {

class SqliteError : public std::exception {
 public:
  explicit SqliteError(sqlite3* database);
  SqliteError(int code, std::string text) : code(code), text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  int code;

 private:
  std::string text_;
};

/// One connection, used by one thread at a time.
class Sqlite {
 public:
  /// `flags` as for sqlite3_open_v2. Throws SqliteError.
  Sqlite(const std::string& path, int flags);

  /// Runs one or more statements without parameters; rows are ignored.
  void run(const char* sql);
  /// False once SQLite itself has rolled a transaction back.
  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
  sqlite3* get() const { return database_.get(); }

 private:
  std::unique_ptr<sqlite3, FreeWith<&sqlite3_close_v2>> database_;
};

/// A write transaction. Rolled back unless committed.
class Transaction {
 public:
  explicit Transaction(Sqlite& database) : database_(database) { database.run("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;

  void commit() { database_.run("COMMIT"); }

 private:
  Sqlite& database_;
};

/// One statement, from binding its parameters to its last row.
class Statement {
 public:
  Statement(Sqlite& database, const std::string& sql);

  // In the order of the question marks:
  Statement& bind(const std::string& text);
  Statement& bind(std::int64_t number);
  Statement& bind_null();

  /// Steps to the next row; false if there is none.
  bool step();
  /// For statements without rows. Returns the number of changed rows.
  int finish();

  std::string text(int column) const;  // empty for NULL
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  bool is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }

 private:
  void check(int code);
  Sqlite& database_;
  std::unique_ptr<sqlite3_stmt, FreeWith<&sqlite3_finalize>> statement_;
  int bound_ = 0;
};

}  // namespace omni
