// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The ledger and the power cut: each step is on disk before it returns, and whatever part of the
// write-ahead log is left afterwards, what stands in the ledger is what stood there at some moment.
// And what processes that died left beside it goes.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "client/ledger/ledger-store.h"
#include "support/fresh-folder.h"
#include "unit/check-main.h"

using namespace omni;
using namespace omni::test;

namespace {

std::atomic<int> log_syncs = 0;  // of write-ahead logs, in this process

void count_sync(int file) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t length = readlink(link.c_str(), path, sizeof path);
  if (length > 0 && std::string(path, static_cast<std::size_t>(length)).ends_with("ledger.db-wal"))
    ++log_syncs;
}

}  // namespace

// SQLite finds these before those of libc.
extern "C" __attribute__((visibility("default"))) int fsync(int file) {
  count_sync(file);
  return static_cast<int>(syscall(SYS_fsync, file));
}
extern "C" __attribute__((visibility("default"))) int fdatasync(int file) {
  count_sync(file);
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

namespace {

const JobFacts kFacts{{"octopusx", "http://x", "hash", 3}, "m", "p", "l", 8};

/// A life of two jobs, one transaction a step.
std::vector<std::function<void(LedgerStore&)>> steps() {
  return {
      [](LedgerStore& store) { store.intent("a", kFacts, {}); },
      [](LedgerStore& store) { store.sent("a", kFacts, "reference-a"); },
      [](LedgerStore& store) { store.accepted("a", kFacts, "task-a", "/v1/videos"); },
      [](LedgerStore& store) { store.fetched("a"); },
      [](LedgerStore& store) { store.delivered("a"); },
      [](LedgerStore& store) { store.intent("b", kFacts, {}); },
      [](LedgerStore& store) { store.sent("b", kFacts, "reference-b"); },
      [](LedgerStore& store) { store.not_taken("b"); },
      [](LedgerStore& store) { store.sent("b", kFacts, "reference-b"); },
      [](LedgerStore& store) { store.accepted("b", kFacts, "task-b", "/v1/videos"); },
  };
}

/// Everything that stands there, as it is on disk. "" where there is no table yet, or nothing in
/// it.
std::string contents(const std::string& folder) {
  Sqlite database(folder + "/ledger.db", SQLITE_OPEN_READWRITE);
  Statement tables(database, "SELECT 1 FROM sqlite_schema WHERE name='jobs'");
  if (!tables.step()) return "";
  std::string text;
  Statement jobs(database,
                 "SELECT id, state, reference_hash, task_id, sent_at IS NOT NULL, accepted_at IS "
                 "NOT NULL, fetched_at IS NOT NULL, delivered_at IS NOT NULL FROM jobs ORDER BY "
                 "id");
  while (jobs.step()) {
    for (int column = 0; column < 8; ++column) text += jobs.text(column) + " ";
    text += "\n";
  }
  return text;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// What a process that was killed leaves behind, and what stood there after each of its steps.
struct Remains {
  FreshFolder folder;
  std::string database, log;
  std::vector<std::string> history;

  Remains();
  /// A folder with that much of the log, and `tail` behind it.
  void restore(const std::string& to, std::size_t length, const std::string& tail) const {
    write_file(to + "/ledger.db", database);
    write_file(to + "/ledger.db-wal", log.substr(0, length) + tail);
  }
};

Remains::Remains() {
  const std::string path = folder.path();
  const pid_t child = fork();
  if (child == 0) {
    LedgerStore store(path);
    std::string seen = contents(path) + "\f";
    for (const auto& step : steps()) {
      store.transaction([&] { step(store); });
      seen += contents(path) + "\f";
    }
    write_file(path + "/history", seen);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status));
  database = read_file(path + "/ledger.db");
  log = read_file(path + "/ledger.db-wal");
  ck_assert_uint_gt(log.size(), 4096);
  const std::string seen = read_file(path + "/history");
  for (std::size_t at = 0; at < seen.size(); at = seen.find('\f', at) + 1)
    history.push_back(seen.substr(at, seen.find('\f', at) - at));
  ck_assert_uint_eq(history.size(), steps().size() + 1);
}

constexpr std::size_t kLogHeader = 32, kFrameHeader = 24, kPage = 4096;

/// Where a log can be torn: at each border, and on either side of it.
std::vector<std::size_t> cuts(std::size_t size) {
  std::vector<std::size_t> at{0, 1, kLogHeader - 1};
  for (std::size_t border = kLogHeader; border <= size; border += kFrameHeader + kPage) {
    for (const std::size_t cut : {border, border + 1, border + kFrameHeader,
                                  border + kFrameHeader + 512, border + kFrameHeader + kPage - 1}) {
      if (cut <= size) at.push_back(cut);
    }
  }
  return at;
}

/// The connection that SQLite opened last in this process.
sqlite3* last_opened = nullptr;

int remember_opened(sqlite3* database, char**, const sqlite3_api_routines*) {
  last_opened = database;
  return SQLITE_OK;
}

}  // namespace

// Results that were written and never written down, the locks of the dead.
START_TEST(remains_are_cleared_away) {
  namespace fs = std::filesystem;
  const FreshFolder folder;
  const auto files_in = [&](const char* name) {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder.path() + "/" + name))
      names.insert(entry.path().filename());
    return names;
  };
  const pid_t child = fork();
  if (child == 0) {
    LedgerStore store(folder.path());
    const KeptResults results(LedgerStore::results_folder(folder.path()));
    const auto keep = [&](const char* text) {
      ByteRope result;
      result.append(BytesPtr::adopt(g_bytes_new(text, strlen(text))));
      return results.keep(result);
    };
    const std::string known = keep("known"), lost = keep("lost");
    store.transaction([&] { store.kept("a", known, 5, 1000); });
    const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(25);
    for (const std::string& hash : {known, lost})
      fs::last_write_time(results.path_of(hash), yesterday);
    keep("young");  // its process may be about to write it down
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status));
  const auto owners = files_in("owners");
  ck_assert_uint_eq(owners.size(), 1);
  ck_assert_uint_eq(files_in("results").size(), 3);
  LedgerStore store(folder.path());
  LedgerStore another(folder.path());  // does not take the first one's lock for left over
  ck_assert_uint_eq(files_in("results").size(), 2);
  ck_assert_uint_eq(files_in("owners").size(), 2);
  ck_assert(!files_in("owners").contains(*owners.begin()));
}
END_TEST

// A folder without a ledger, and many processes that want one in the same moment.
START_TEST(many_begin_at_once) {
  constexpr int kProcesses = 12;
  const FreshFolder folder;
  int gate[2];
  ck_assert_int_eq(pipe(gate), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      close(gate[1]);
      char none;
      if (read(gate[0], &none, 1) != 0) _exit(2);  // until the other end is closed everywhere
      try {
        LedgerStore store(folder.path());
        store.transaction([&] { store.intent(std::to_string(i), kFacts, {}); });
        store.transaction([&] { store.sent(std::to_string(i), kFacts, "reference"); });
      } catch (const std::exception& problem) {
        fprintf(stderr, "process %d: %s\n", i, problem.what());
        _exit(1);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  close(gate[0]);
  close(gate[1]);
  int failed = 0;
  for (const pid_t child : children) {
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    failed += status != 0;
  }
  ck_assert_int_eq(failed, 0);
  LedgerStore store(folder.path());
  std::vector<LedgerRow> rows;
  store.transaction([&] { rows = store.rows(); });
  ck_assert_uint_eq(rows.size(), kProcesses);
}
END_TEST

START_TEST(connection_is_synchronous) {
  const FreshFolder folder;
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(remember_opened));
  LedgerStore store(folder.path());
  sqlite3_reset_auto_extension();
  ck_assert_ptr_nonnull(last_opened);
  const auto pragma = [](const char* text) {
    sqlite3_stmt* statement = nullptr;
    ck_assert_int_eq(sqlite3_prepare_v2(last_opened, text, -1, &statement, nullptr), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    const std::string value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return value;
  };
  ck_assert(pragma("PRAGMA journal_mode") == "wal");
  ck_assert(pragma("PRAGMA synchronous") == "2");  // FULL
}
END_TEST

START_TEST(each_step_is_synced) {
  const FreshFolder folder;
  LedgerStore store(folder.path());
  for (const auto& step : steps()) {
    const int before = log_syncs;
    store.transaction([&] { step(store); });
    ck_assert_int_gt(log_syncs, before);
  }
}
END_TEST

// Torn off anywhere, with nothing behind it, or zeros, or the garbage that a disk may have there.
START_TEST(torn_log_holds_a_prefix) {
  const Remains remains;
  const std::string tail = _i == 0   ? ""
                           : _i == 1 ? std::string(3 * (kFrameHeader + kPage), '\0')
                                     : std::string(3 * (kFrameHeader + kPage), '\x5a');
  std::size_t moment = 0;
  std::size_t moments = 1;
  for (const std::size_t cut : cuts(remains.log.size())) {
    const FreshFolder folder;
    remains.restore(folder.path(), cut, tail);
    const std::string found = contents(folder.path());
    // Never less than what a shorter log held, and never anything that did not stand there.
    const std::size_t before = moment;
    while (moment < remains.history.size() && remains.history[moment] != found) ++moment;
    ck_assert_msg(moment < remains.history.size(), "cut at %zu of %zu:\n%s", cut,
                  remains.log.size(), found.c_str());
    moments += moment != before;
  }
  // Whole steps are lost, one after another; each was the last one once.
  ck_assert_uint_eq(moment, remains.history.size() - 1);
  ck_assert_uint_eq(moments, remains.history.size());
}
END_TEST

// What a new run makes of it: never a second POST for what may have been taken.
START_TEST(torn_log_is_taken_up) {
  const Remains remains;
  int seen[5] = {};
  for (const std::size_t cut : cuts(remains.log.size())) {
    const FreshFolder folder;
    remains.restore(folder.path(), cut, "");
    const std::string before = contents(folder.path());
    LedgerStore store(folder.path());
    for (const std::string id : {"a", "b"}) {
      LedgerStore::Found found;
      store.transaction(
          [&] { found = store.claim(kFacts.key, "reference-" + id, Reuse::unfinished); });
      Claim::Kind wanted = Claim::Kind::nothing;
      if (before.find(id + " sent ") != std::string::npos) wanted = Claim::Kind::doubt;
      for (const char* state : {" accepted ", " fetched "})
        if (before.find(id + state) != std::string::npos) wanted = Claim::Kind::task;
      ck_assert_msg(found.claim.kind == wanted, "cut at %zu, job %s: %d in\n%s", cut, id.c_str(),
                    static_cast<int>(found.claim.kind), before.c_str());
      if (wanted == Claim::Kind::task) ck_assert(found.claim.task_id == "task-" + id);
      ++seen[static_cast<int>(wanted)];
    }
  }
  ck_assert_int_gt(seen[static_cast<int>(Claim::Kind::nothing)], 0);
  ck_assert_int_gt(seen[static_cast<int>(Claim::Kind::doubt)], 0);
  ck_assert_int_gt(seen[static_cast<int>(Claim::Kind::task)], 0);
}
END_TEST

int main() {
  return run_tests("power-faults", {
                                       {"connection_is_synchronous", connection_is_synchronous, 1},
                                       {"each_step_is_synced", each_step_is_synced, 1},
                                       {"torn_log_holds_a_prefix", torn_log_holds_a_prefix, 3},
                                       {"torn_log_is_taken_up", torn_log_is_taken_up, 1},
                                       {"remains_are_cleared_away", remains_are_cleared_away, 1},
                                       {"many_begin_at_once", many_begin_at_once, 20},
                                   });
}
