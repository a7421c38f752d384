// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A ledger that gst-omni 0.1.0 wrote, with rows in all states, is opened by this version: no job is
// lost or bought twice, even if several processes open it at once or one dies while it migrates it.
#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "client/ledger/ledger-schema.h"
#include "support/ledger-run.h"

using namespace omni;
using namespace omni::test;

namespace {

// The statements with which 0.1.0 made a ledger, copied from its source.
constexpr char kSchema1[] = R"(
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
PRAGMA user_version=1; PRAGMA application_id=1869442665;
)";

// One row for each state, as 0.1.0 left it. The jobs are those of a Run whose prompt is the state;
// the hashes are the ones that 0.1.0 computed for them.
constexpr char kRows[] = R"(
INSERT INTO jobs VALUES
('a1e0b0f2-0000-4000-8000-000000000001', 'intent', '@OWNER', 'octopusx', '@URL',
 NULL, 'm', 'gst-launch-1.0/pipeline0/omniv2v0', 'segment 1', 8,
 'a2b20bb704d3abdbe4c5ef543497b3e74af377bd93ae311e9f69cb5c3af8a26c', 100003, NULL, NULL,
 1782892800000001, NULL, NULL, NULL, NULL, 1782892800000001, NULL, NULL, NULL, NULL),
('a1e0b0f2-0000-4000-8000-000000000002', 'sent', '@OWNER', 'octopusx', '@URL',
 NULL, 'm', 'gst-launch-1.0/pipeline0/omniv2v0', 'segment 2', 8,
 '626893654d2615d001b84f777e7c74bd1872dd60a323170b240cd1da9549a7ee', 100003, '@REFERENCE', NULL,
 1782892800000002, 1782892801000002, NULL, NULL, NULL, 1782892801000002, NULL, NULL, NULL, NULL),
('a1e0b0f2-0000-4000-8000-000000000003', 'accepted', '@OWNER', 'octopusx', '@URL',
 '/v1/videos', 'm', 'gst-launch-1.0/pipeline0/omniv2v0', 'segment 3', 8,
 '1a8881b1e277aab2cc2c8aad764bee7f05d46162c907a83b37004ec5244096e4', 100003, '@REFERENCE',
 'video_accepted', 1782892800000003, 1782892801000003, 1782892802000003, NULL, NULL,
 1782892802000003, NULL, NULL, NULL, NULL),
('a1e0b0f2-0000-4000-8000-000000000004', 'fetched', '@OWNER', 'octopusx', '@URL',
 '/v1/videos', 'm', 'gst-launch-1.0/pipeline0/omniv2v0', 'segment 4', 8,
 '9f97884250b8919fdbf4e6586202d40331a10570453985e3280b936f66cb32ae', 100003, '@REFERENCE',
 'video_fetched', 1782892800000004, 1782892801000004, 1782892802000004, 1782892900000004, NULL,
 1782892900000004, '@RESULT', 3000012, NULL, NULL),
('a1e0b0f2-0000-4000-8000-000000000005', 'delivered', NULL, 'octopusx', '@URL',
 '/v1/videos', 'm', 'gst-launch-1.0/pipeline0/omniv2v0', 'segment 5', 8,
 'd6eb07629e74788ed3a21f94c680bba9f3f3e6d393095c13af9418c1af71a31e', 100003, '@REFERENCE',
 'video_delivered', 1782892800000005, 1782892801000005, 1782892802000005, 1782892900000005,
 1782892901000005, 1782892901000005, '@RESULT', 3000012, NULL, NULL),
('a1e0b0f2-0000-4000-8000-000000000006', 'refused', NULL, 'octopusx', '@URL',
 NULL, 'm', 'gst-launch-1.0/pipeline0/omniv2v0', 'segment 6', 8,
 'ed5935c5accab704bb0eebd1bea945ee0cd7b1842e91f15c3b2bf255b5d3c371', 100003, '@REFERENCE', NULL,
 1782892800000006, 1782892801000006, NULL, NULL, NULL, 1782892802000006, NULL, NULL,
 'payment-required', 'OctopusX refused the job'),
('a1e0b0f2-0000-4000-8000-000000000007', 'failed', NULL, 'octopusx', '@URL',
 '/v1/videos', 'm', 'gst-launch-1.0/pipeline0/omniv2v0', 'segment 7', 8,
 '56c33ceec4266ea3c5b92eb9d592a5cd5e06aa378d04daea342e1d932f25b543', 100003, '@REFERENCE',
 'video_failed', 1782892800000007, 1782892801000007, 1782892802000007, NULL, NULL,
 1782892900000007, NULL, NULL, 'moderated', 'The task failed: "no"'),
('a1e0b0f2-0000-4000-8000-000000000008', 'forgotten', NULL, 'octopusx', '@URL',
 '/v1/videos', 'm', 'gst-launch-1.0/pipeline0/omniv2v0', 'segment 8', 8,
 'a839016a01778534e20050f2aededa6f1e2dc71d67d8449b3833334d98fa9aa1', 100003, '@REFERENCE',
 'video_forgotten', 1782892800000008, 1782892801000008, 1782892802000008, NULL, NULL,
 1782892900000008, NULL, NULL, NULL, NULL);
INSERT INTO results VALUES('@RESULT', 3000012, 1782892900000004);
)";
constexpr char kReferenceHash[] =
    "12fa75093f23a3263d7d451af640b2d221df914908801e5d5a84867d210a6007";
constexpr char kResultHash[] = "4ce0375a7a962685d0603ca444b6b3226e77b8dcdb11025b6cce7704ac0cd103";
constexpr char kDeadOwner[] = "d0000000-0000-4000-8000-00000000dead";

std::string database_in(const std::string& folder) {
  return folder + "/ledger.db";
}

std::string with(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

/// A state folder as 0.1.0 leaves it when it is killed, or as it is while `owner` runs.
void write_old_ledger(const std::string& folder, const std::string& url = "http://127.0.0.1:1",
                      const std::string& owner = kDeadOwner) {
  for (const char* name : {"", "/owners", "/results"})
    ck_assert_int_eq(g_mkdir_with_parents((folder + name).c_str(), 0700), 0);
  if (owner == kDeadOwner) std::ofstream(folder + "/owners/" + owner + ".lock");
  std::ofstream(folder + "/results/" + kResultHash + ".mp4") << kResult;
  Sqlite database(database_in(folder), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  database.run("PRAGMA journal_mode=WAL");
  database.run(kSchema1);
  std::string rows = with(with(kRows, "@OWNER", owner), "@URL", url);
  rows = with(with(rows, "@REFERENCE", kReferenceHash), "@RESULT", kResultHash);
  database.run(rows.c_str());
}

std::int64_t number(Sqlite& database, const std::string& sql) {
  Statement query(database, sql);
  ck_assert(query.step());
  return query.number(0);
}

std::int64_t version_in(const std::string& folder) {
  Sqlite database(database_in(folder), SQLITE_OPEN_READWRITE);
  return number(database, "PRAGMA user_version");
}

/// All columns are as 0.1.0 wrote them, and no row has a project.
void expect_old_rows(const std::string& folder, const std::string& owner) {
  const FreshFolder old;
  write_old_ledger(old.path(), "http://127.0.0.1:1", owner);
  Sqlite database(database_in(folder), SQLITE_OPEN_READWRITE);
  database.run(("ATTACH '" + database_in(old.path()) + "' AS old").c_str());
  const char* const both[][2] = {{"SELECT * FROM main.jobs", "SELECT *, NULL FROM old.jobs"},
                                 {"SELECT * FROM main.results", "SELECT * FROM old.results"}};
  for (const auto& [now, before] : both) {
    const std::string more = std::string(now) + " EXCEPT " + before;
    const std::string less = std::string(before) + " EXCEPT " + now;
    ck_assert_int_eq(number(database, "SELECT count(*) FROM (" + more + ")"), 0);
    ck_assert_int_eq(number(database, "SELECT count(*) FROM (" + less + ")"), 0);
  }
  ck_assert_int_eq(number(database, "SELECT count(*) FROM main.jobs"), 8);
}

/// The version and the columns are those of 0.1.0.
void expect_not_migrated(const std::string& folder) {
  Sqlite database(database_in(folder), SQLITE_OPEN_READWRITE);
  ck_assert_int_eq(number(database, "PRAGMA user_version"), 1);
  ck_assert_int_eq(number(database, "SELECT count(*) FROM pragma_table_info('jobs')"), 24);
  ck_assert_int_eq(number(database, "SELECT count(*) FROM jobs"), 8);
}

/// The message with which opening the ledger fails.
std::string refusal(const std::string& folder) {
  try {
    LedgerStore store(folder);
  } catch (const Failure& failure) {
    ck_reason(failure.error(), Reason::budget);
    return failure.what();
  }
  ck_abort_msg("it opened");
}

/// Runs `work` in a process of its own, which exits with 0 unless something is thrown.
pid_t in_child(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  try {
    work();
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    _exit(1);
  }
  _exit(0);
}

int status_of(pid_t child) {
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  return status;
}

}  // namespace

// The owner of the rows runs, so opening the ledger does not clean up any of them.
START_TEST(rows_are_kept) {
  const FreshFolder folder;
  g_mkdir((folder.path() + "/owners").c_str(), 0700);
  const LedgerOwner owner(folder.path() + "/owners");
  write_old_ledger(folder.path(), "http://127.0.0.1:1", owner.name());
  ck_assert_int_eq(version_in(folder.path()), 1);
  for (int i = 0; i < 2; ++i) {  // the second time it is migrated already
    LedgerStore store(folder.path());
    ck_assert_int_eq(version_in(folder.path()), 2);
    expect_old_rows(folder.path(), owner.name());
  }
}
END_TEST

// A new ledger and a migrated one have the same tables.
START_TEST(same_as_a_new_one) {
  const FreshFolder migrated, fresh;
  write_old_ledger(migrated.path());
  for (const auto* folder : {&migrated, &fresh}) LedgerStore store(folder->path());
  Sqlite database(database_in(migrated.path()), SQLITE_OPEN_READWRITE);
  database.run(("ATTACH '" + database_in(fresh.path()) + "' AS fresh").c_str());
  ck_assert_int_eq(number(database,
                          "SELECT count(*) FROM (SELECT type, name, sql FROM main.sqlite_master "
                          "EXCEPT SELECT type, name, sql FROM fresh.sqlite_master)"),
                   0);
  ck_assert_int_eq(number(database,
                          "SELECT (SELECT count(*) FROM main.sqlite_master) - "
                          "(SELECT count(*) FROM fresh.sqlite_master)"),
                   0);
  for (const char* name : {"user_version", "application_id"})
    ck_assert_int_eq(number(database, std::string("PRAGMA main.") + name),
                     number(database, std::string("PRAGMA fresh.") + name));
}
END_TEST

// What the next run of the same pipeline does about a job in each state.
START_TEST(jobs_of_all_states) {
  const struct {
    int segment;
    std::string state;
    Reuse reuse;
    int creates;
    bool asks;  // any request reaches the service
    std::string then;
  } cases[] = {
      {1, "intent", Reuse::unfinished, 1, true,
       ""},  // the service cannot have it: the row is deleted
      {2, "sent", Reuse::unfinished, 0, false, "sent"},
      {3, "accepted", Reuse::unfinished, 0, true, "delivered"},
      {4, "fetched", Reuse::unfinished, 0, false, "delivered"},
      {5, "delivered", Reuse::unfinished, 1, true, "delivered"},
      {5, "delivered", Reuse::all, 0, false, "delivered"},
      {6, "refused", Reuse::unfinished, 1, true, "refused"},
      {7, "failed", Reuse::unfinished, 1, true, "failed"},
      {8, "forgotten", Reuse::unfinished, 1, true, "forgotten"},
  };
  const auto& row = cases[_i];
  const FreshFolder folder;
  FakeService service(kResult);
  write_old_ledger(folder.path(), service.server.url());
  const Done done = run_job(service.server.url(), ledger_in(folder.path()), true, [&](Run& run) {
    run.spec.reuse = row.reuse;
    run.spec.body.tail = "\",\"seconds\":\"8\",\"prompt\":\"" + row.state + "\"}";
  });
  if (row.state == "sent")
    ck_reason(done.error(), Reason::unknown_outcome);
  else
    done.has_result();
  ck_assert_int_eq(service.creates(), row.creates);
  ck_assert_int_eq(!service.server.seen().empty(), row.asks);
  if (row.state == "accepted")
    ck_assert(service.server.wait_for(1, "GET", "/v1/videos/video_accepted"));
  const auto rows = rows_in(folder.path());
  ck_assert_int_eq(static_cast<int>(rows.size()), 7 + row.creates);
  const std::string label = "segment " + std::to_string(row.segment);
  const auto now = std::ranges::find(rows, label, &LedgerRow::label);
  ck_text(now == rows.end() ? "" : now->state, row.then);
}
END_TEST

START_TEST(migrated_by_many_processes) {
  const FreshFolder folder;
  write_old_ledger(folder.path());
  int gate[2];
  ck_assert_int_eq(pipe(gate), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i)
    children.push_back(in_child([&] {
      close(gate[1]);
      char none;
      while (read(gate[0], &none, 1) > 0) {
      }
      ck_text(rows_in(folder.path()).at(0).state, "sent");
    }));
  close(gate[0]);
  close(gate[1]);  // lets all of them start
  for (const pid_t child : children) ck_assert_int_eq(status_of(child), 0);
  ck_assert_int_eq(version_in(folder.path()), 2);
  ck_assert_uint_eq(rows_in(folder.path()).size(), 7);
}
END_TEST

START_TEST(migrated_by_many_threads) {
  const FreshFolder folder;
  write_old_ledger(folder.path());
  std::atomic<int> opened = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      try {
        opened += rows_in(folder.path()).size() == 7;
      } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
      }
    });
  for (std::thread& thread : threads) thread.join();
  ck_assert_int_eq(opened, 8);
  ck_assert_int_eq(version_in(folder.path()), 2);
}
END_TEST

namespace {

/// What goes wrong in a migration, after the new column was added.
struct Fault {
  bool at_commit, killed;
};
Fault fault;

int happen() {
  if (fault.killed) raise(SIGKILL);
  return SQLITE_DENY;
}

int on_statement(void*, int action, const char* name, const char* value, const char*, const char*) {
  const bool sets_version =
      action == SQLITE_PRAGMA && name == std::string("user_version") && value != nullptr;
  return sets_version ? happen() : SQLITE_OK;
}

int on_commit(void*) {
  return happen();
}

int on_open(sqlite3* database, char**, const sqlite3_api_routines*) {
  if (fault.at_commit)
    sqlite3_commit_hook(database, on_commit, nullptr);
  else
    sqlite3_set_authorizer(database, on_statement, nullptr);
  return SQLITE_OK;
}

}  // namespace

// If a statement fails or the process is killed, the ledger stays as it was. The next process to
// open it migrates it.
START_TEST(fault_while_migrating) {
  fault = {.at_commit = _i >= 2, .killed = _i % 2 == 1};
  const FreshFolder folder;
  g_mkdir((folder.path() + "/owners").c_str(), 0700);
  const LedgerOwner owner(folder.path() + "/owners");
  write_old_ledger(folder.path(), "http://127.0.0.1:1", owner.name());
  const auto hook = reinterpret_cast<void (*)()>(on_open);
  if (fault.killed) {
    const int status = status_of(in_child([&] {
      sqlite3_auto_extension(hook);
      LedgerStore store(folder.path());
    }));
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
  } else {
    sqlite3_auto_extension(hook);
    const std::string why = refusal(folder.path());
    sqlite3_cancel_auto_extension(hook);
    expect_contains("message", why, "ledger.db cannot be used: it stays at schema 1");
  }
  expect_not_migrated(folder.path());
  LedgerStore store(folder.path());
  ck_assert_int_eq(version_in(folder.path()), 2);
  expect_old_rows(folder.path(), owner.name());
}
END_TEST

namespace {

/// Root may write to read-only files, so tests of them run as another user while this exists.
class Nobody {
 public:
  explicit Nobody(const std::string& folder) {
    if (was_ != 0) return;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      ck_assert_int_eq(chown(entry.path().c_str(), kNobody, kNobody), 0);
    ck_assert_int_eq(chown(folder.c_str(), kNobody, kNobody), 0);
    ck_assert_int_eq(seteuid(kNobody), 0);
  }
  ~Nobody() {
    if (was_ == 0) ck_assert_int_eq(seteuid(0), 0);
  }
  Nobody(const Nobody&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  const uid_t was_ = geteuid();
};

}  // namespace

// The whole folder is read-only, or only the database. The message says what to change.
START_TEST(read_only) {
  const FreshFolder folder;
  write_old_ledger(folder.path());
  const Nobody nobody(folder.path());
  const std::string owners = folder.path() + "/owners";
  chmod(database_in(folder.path()).c_str(), 0400);
  if (_i == 0) chmod(owners.c_str(), 0500), chmod(folder.path().c_str(), 0500);
  expect_contains("message", refusal(folder.path()), "ledger.db cannot be used");
  expect_contains("message", refusal(folder.path()),
                  _i == 0 ? "owners: Permission denied" : "has to be writable");
  chmod(folder.path().c_str(), 0700);
  chmod(owners.c_str(), 0700);
  // SQLite gives the files that it keeps beside the database the same mode.
  for (const char* suffix : {"", "-wal", "-shm"})
    chmod((database_in(folder.path()) + suffix).c_str(), 0600);
  expect_not_migrated(folder.path());
  ck_assert_uint_eq(rows_in(folder.path()).size(), 7);
  ck_assert_int_eq(version_in(folder.path()), 2);
}
END_TEST

START_TEST(unknown_versions) {
  const struct {
    int version;
    const char* says;
  } cases[] = {{kLedgerSchema + 1, "it was written by a newer gst-omni (schema 3, not 2)"},
               {-1, "its schema is -1. It is damaged"}};
  const FreshFolder folder;
  write_old_ledger(folder.path());
  const std::string set = "PRAGMA user_version=" + std::to_string(cases[_i].version);
  Sqlite(database_in(folder.path()), SQLITE_OPEN_READWRITE).run(set.c_str());
  expect_contains("message", refusal(folder.path()), cases[_i].says);
  ck_assert_int_eq(version_in(folder.path()), cases[_i].version);
}
END_TEST

// A process of 0.1.0 that has the ledger open keeps working. One that opens it now refuses it: its
// check is `if (version > kSchema)` with kSchema = 1.
START_TEST(beside_the_old_version) {
  const FreshFolder folder;
  write_old_ledger(folder.path());
  Sqlite old(database_in(folder.path()), SQLITE_OPEN_READWRITE);
  Statement intent(
      old,
      "INSERT OR IGNORE INTO jobs(id, state, owner, provider, base_url, model, pipeline, "
      "label, seconds, request_hash, reference_bytes, created_at, changed_at) "
      "VALUES('new', 'intent', NULL, 'octopusx', 'http://127.0.0.1:1', 'm', 'p', 'l', 8, 'h', 1, "
      "1782893000000000, 1782893000000000)");
  LedgerStore store(folder.path());
  intent.finish();
  Statement(old,
            "UPDATE jobs SET state='accepted', task_id=?, create_path=?, accepted_at=?, "
            "changed_at=? WHERE id=?")
      .bind("video_new")
      .bind("/v1/videos")
      .bind(1782893001000000)
      .bind(1782893001000000)
      .bind("new")
      .finish();
  std::optional<LedgerRow> row;
  store.transaction([&] { row = store.row("new"); });
  ck_assert(row.has_value());
  ck_text(row->state, "accepted");
  ck_text(row->project, "");
  ck_assert_int_gt(number(old, "PRAGMA user_version"), 1);
}
END_TEST

// Jobs that 0.1.0 bought have no project.
START_TEST(sums_by_project) {
  const FreshFolder folder;
  FakeService service(kResult);
  write_old_ledger(folder.path(), service.server.url());
  run_job(service.server.url(), ledger_in(folder.path()), true, [](Run& run) {
    run.spec.project = "The film";
  }).has_result();
  LedgerStore store(folder.path());
  std::vector<LedgerSum> sums;
  store.transaction([&] { sums = store.sums(LedgerStore::Group::project); });
  ck_assert_uint_eq(sums.size(), 2);
  ck_text(sums[0].name, "");
  ck_assert_uint_eq(sums[0].jobs, 5);
  ck_assert_uint_eq(sums[0].undelivered, 2);
  ck_text(sums[1].name, "The film");
  ck_assert_uint_eq(sums[1].jobs, 1);
  ck_assert_uint_eq(sums[1].seconds, 8);
}
END_TEST

int main() {
  return run_tests("migrate-faults",
                   {
                       {"rows_are_kept", rows_are_kept, 1},
                       {"same_as_a_new_one", same_as_a_new_one, 1},
                       {"jobs_of_all_states", jobs_of_all_states, 9},
                       {"migrated_by_many_processes", migrated_by_many_processes, 1},
                       {"migrated_by_many_threads", migrated_by_many_threads, 1},
                       {"fault_while_migrating", fault_while_migrating, 4},
                       {"read_only", read_only, 2},
                       {"unknown_versions", unknown_versions, 2},
                       {"beside_the_old_version", beside_the_old_version, 1},
                       {"sums_by_project", sums_by_project, 1},
                   });
}
