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

// How long another process may hold the lock: one that writes takes milliseconds, so this one
// hangs.
constexpr Micros kPatience = 5 * kSecond;
constexpr Micros kShortPatience = kSecond / 5;
constexpr Micros kBusyPause = kSecond / 100;
// A larger one is not looked through each time it is opened.
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

}  // namespace

LedgerStore::LedgerStore(const std::string& state_dir, const std::atomic<bool>* impatient)
    : state_dir_(state_dir), results_(results_folder(state_dir)), impatient_(impatient) {
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

/// What processes that died have left in the folders.
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

/// For the owner's eyes only: SQLite would make it readable for all. It comes into being under
/// another name, because closing a file takes away all locks that this process has on it, and
/// another element may have it open by then.
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

/// Where several want the write-ahead log at once, SQLite gives up on all but one without having
/// asked busy().
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
  const bool impatient = self->impatient_ && *self->impatient_;
  if (now() - self->busy_since_ > (impatient ? kShortPatience : kPatience)) return 0;
  g_usleep(kBusyPause);
  return 1;
}

void LedgerStore::transaction(const Worker::Work& work) {
  const Worker::Outcomes outcomes = transaction(std::vector{work});
  if (outcomes.front()) std::rethrow_exception(outcomes.front());
}

Worker::Outcomes LedgerStore::transaction(const std::vector<Worker::Work>& works) {
  try {
    // Without this it would go on in a file that has no name any more, where nobody finds it.
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

/// Rows of processes that are gone have no owner any more; those that were never sent mean nothing.
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

}  // namespace omni
