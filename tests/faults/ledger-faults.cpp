// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// When the ledger on disk cannot be kept, or not for a while: work goes on, or does not begin. And
// its limits: the room for results, the budget, how many may write at once. What is taken up from
// it is in ledger-reuse-faults.cpp.
#include <glib/gstdio.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "support/ledger-run.h"

using namespace omni;
using namespace omni::test;

// The oldest results go first, and those that nobody has got go last.
START_TEST(results_are_bounded) {
  const FreshFolder folder;
  const std::uint64_t room = 2 * kResult.size() + 10;
  std::vector<std::string> made;
  for (int i = 0; i < 4; ++i) {
    std::string result = kResult;
    result[100] = static_cast<char>('0' + i);
    FakeService service(result);
    const bool deliver = i != 0;  // the first one is still owed
    run_job(service.server.url(), ledger_in(folder.path(), false, room), deliver,
            [](Run& run) { run.spec.reuse = Reuse::none; });
  }
  const auto rows = rows_in(folder.path());
  ck_assert_uint_eq(rows.size(), 4);
  ck_assert(!rows[0].result_hash.empty());
  ck_assert(rows[1].result_hash.empty() && rows[2].result_hash.empty());
  ck_assert(!rows[3].result_hash.empty());
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() + "/results"))
    files += entry.is_regular_file();
  ck_assert_int_eq(files, 2);
}
END_TEST

// A service may take an hour, or never come to an end: what it has is not kept here as well. That a
// result is the reference itself is seen all the same.
START_TEST(references_are_let_go) {
  const FreshFolder folder;
  std::atomic<bool> hold = true;
  FakeService service(kResult, [&hold](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!hold || !is_poll(request)) return std::nullopt;
    return ServerReply{.body = task_json("video_1", "in_progress", 10)};
  });
  Run run(service.server.url());
  run.spec.reference = rope(kResult, 1'000'000);
  const std::weak_ptr<const ByteRope> reference = run.spec.reference;
  auto future = run.start(ledger_in(folder.path()));
  run.spec.reference = nullptr;
  ck_assert(service.server.wait_for(2, "GET"));
  ck_assert(reference.expired());
  hold = false;
  ck_assert(succeeded(future.get()));
  run.client->stop();
  ck_assert_msg(run.log.find("is the reference itself") != std::string::npos, "%s",
                run.log.c_str());
}
END_TEST

// Counted over all that write into the same ledger.
START_TEST(budget_in_a_period) {
  const FreshFolder folder;
  FakeService service(kResult);
  const auto limited = [](Run& run) {
    run.spec.spend_limit = {2, 0, 3600 * kSecond};
    run.spec.reuse = Reuse::none;
  };
  for (int i = 0; i < 2; ++i)
    run_job(service.server.url(), ledger_in(folder.path()), true, limited).has_result();
  const Done third = run_job(service.server.url(), ledger_in(folder.path()), true, limited);
  ck_reason(third.error(), Reason::budget);
  ck_assert(third.error().message.find("budget-period") != std::string::npos);
  const auto seconds = [](Run& run) {
    run.spec.spend_limit = {0, 23, 3600 * kSecond};  // 16 are spent
    run.spec.reuse = Reuse::none;
  };
  ck_reason(run_job(service.server.url(), ledger_in(folder.path()), true, seconds).error(),
            Reason::budget);
  // What is taken up costs nothing.
  const auto reusing = [](Run& run) {
    run.spec.spend_limit = {2, 0, 3600 * kSecond};
    run.spec.reuse = Reuse::all;
  };
  run_job(service.server.url(), ledger_in(folder.path()), true, reusing).has_result();
  ck_assert_int_eq(service.creates(), 2);
}
END_TEST

namespace {

/// Breaks the ledger in a folder, one way or the other.
void spoil(const std::string& folder, int way) {
  const std::string path = folder + "/ledger.db";
  if (way == 0) {
    std::ofstream(path) << std::string(10000, 'x');  // no database at all
  } else if (way == 1) {
    { LedgerStore store(folder); }
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(20000, '\x5a');  // its pages are garbage
  } else if (way == 2) {
    { LedgerStore store(folder); }
    Sqlite database(path, SQLITE_OPEN_READWRITE);
    database.run("PRAGMA user_version=99");  // of a later version
  } else {
    ck_assert_int_eq(g_mkdir(path.c_str(), 0700), 0);  // no file
  }
}

}  // namespace

START_TEST(unusable_ledgers_are_told) {
  const FreshFolder folder;
  spoil(folder.path(), _i);
  try {
    LedgerStore store(folder.path());
    ck_abort_msg("it opened");
  } catch (const Failure& failure) {
    ck_reason(failure.error(), Reason::budget);
    ck_assert(failure.error().message.find("ledger.db") != std::string::npos);
  }
  FakeService service(kResult);
  std::vector<Error> warnings;
  run_job(service.server.url(), ledger_in(folder.path(), false, kRoom, &warnings)).has_result();
  ck_assert_uint_eq(warnings.size(), 1);
  ck_assert(warnings[0].message.find("ledger.db") != std::string::npos);
  ck_reason(run_job(service.server.url(), ledger_in(folder.path(), true)).error(), Reason::budget);
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

// It breaks while jobs run: they go on with one warning, or nothing is bought.
START_TEST(ledger_breaks_later) {
  const bool required = _i == 1;
  const FreshFolder folder;
  FakeService service(kResult);
  std::vector<Error> warnings;
  auto ledger = ledger_in(folder.path(), required, kRoom, &warnings);
  { LedgerStore made(folder.path()); }
  Sqlite(folder.path() + "/ledger.db", SQLITE_OPEN_READWRITE).run("DROP TABLE jobs");
  const Done done = run_job(service.server.url(), std::move(ledger));
  ck_assert_uint_eq(warnings.size(), 1);
  if (required) {
    ck_reason(done.error(), Reason::budget);
    ck_assert_int_eq(service.creates(), 0);
  } else {
    done.has_result();
  }
}
END_TEST

// For a while nothing can be written: what was missed is written as soon as it can be.
START_TEST(written_later) {
  const FreshFolder folder;
  std::unique_ptr<Sqlite> other;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_create(request)) {
      // Neither the task id nor anything else can be written until the result is fetched.
      other = std::make_unique<Sqlite>(folder.path() + "/ledger.db", SQLITE_OPEN_READWRITE);
      other->run("ALTER TABLE jobs RENAME TO away");
    } else if (is_file(request)) {
      other->run("ALTER TABLE away RENAME TO jobs");
      if (_i == 1) other->run("DELETE FROM jobs");
    }
    return std::nullopt;
  });
  std::vector<Error> warnings;
  auto ledger = ledger_in(folder.path(), false, kRoom, &warnings);
  run_job(service.server.url(), ledger).has_result();
  ck_assert_uint_eq(warnings.size(), 1);
  const LedgerRow row = row_in(folder.path());
  ck_text(row.state, "delivered");
  ck_text(row.task_id, "video_1");
  ck_text(row.provider, "octopusx");
}
END_TEST

// Another process hangs with the lock in its hands: stopping does not wait for it for long.
START_TEST(stop_while_locked) {
  const FreshFolder folder;
  FakeService service(kResult);
  Run run(service.server.url());
  run.client = std::make_unique<Client>(run.settings, ledger_in(folder.path()));
  { LedgerStore made(folder.path()); }
  Sqlite other(folder.path() + "/ledger.db", SQLITE_OPEN_READWRITE);
  other.run("BEGIN IMMEDIATE");
  auto future = run.recorder->done.get_future();
  run.client->submit(run.spec, run.recorder);
  run.client->stop();
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  ck_assert_int_eq(service.creates(), 0);
}
END_TEST

// Taken away while it is in use: told, and what comes then stands in a new one.
START_TEST(taken_away) {
  const bool required = _i == 1;
  const FreshFolder folder;
  FakeService service(kResult);
  std::vector<Error> warnings;
  Run run(service.server.url());
  run.client = std::make_unique<Client>(
      run.settings, ledger_in(folder.path() + "/state", required, kRoom, &warnings));
  const auto one = [&run](const std::string& tail) {
    run.spec.body.tail = "\",\"seconds\":\"8\"," + tail + "}";
    return run.another().get();
  };
  ck_assert(succeeded(one("\"n\":1")));
  // All of the first one has to be written, or what is left of it finds out first.
  const auto is_settled = [&folder] {
    const LedgerRow row = row_in(folder.path() + "/state");
    return !row.in_use && !row.result_hash.empty();
  };
  for (int i = 0; i < 2000 && !is_settled(); ++i) g_usleep(10000);
  ck_assert(is_settled());
  std::filesystem::remove_all(folder.path() + "/state");
  const JobOutcome second = one("\"n\":2");
  ck_assert(std::holds_alternative<Error>(second) == required);
  ck_assert_uint_eq(warnings.size(), 1);
  ck_assert(succeeded(one("\"n\":3")));
  run.client->stop();
  const auto rows = rows_in(folder.path() + "/state");
  ck_text(rows.back().task_id, required ? "video_2" : "video_3");
}
END_TEST

// Many open it in the moment in which it comes into being.
START_TEST(made_by_many_at_once) {
  for (int round = 0; round < 5; ++round) {
    const FreshFolder folder;
    std::atomic<int> opened = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        try {
          LedgerStore store(folder.path());
          store.transaction([&] { store.rows(); });
          ++opened;
        } catch (const std::exception& problem) {
          std::fprintf(stderr, "%s\n", problem.what());
        }
      });
    for (std::thread& thread : threads) thread.join();
    ck_assert_int_eq(opened, 8);
  }
}
END_TEST

// A home that is reached through a link is a home like any other.
START_TEST(folder_behind_a_link) {
  const FreshFolder folder;
  const std::string real = folder.path() + "/real", link = folder.path() + "/link";
  ck_assert_int_eq(g_mkdir(real.c_str(), 0700), 0);
  ck_assert_int_eq(symlink(real.c_str(), link.c_str()), 0);
  FakeService service(kResult);
  run_job(service.server.url(), ledger_in(link + "/state", true)).has_result();
  ck_text(row_in(real + "/state").state, "delivered");
}
END_TEST

// Many clients write into one ledger at the same time; no row is lost.
START_TEST(many_share_one) {
  const FreshFolder folder;
  FakeService service(kResult);
  std::vector<std::unique_ptr<Run>> runs;
  std::vector<std::future<JobOutcome>> futures;
  for (int i = 0; i < 4; ++i) {
    runs.push_back(std::make_unique<Run>(service.server.url()));
    runs.back()->client =
        std::make_unique<Client>(runs.back()->settings, ledger_in(folder.path(), true));
  }
  for (int i = 0; i < 40; ++i) {
    Run& run = *runs[i % 4];
    run.spec.body.tail = "\",\"seconds\":\"8\",\"n\":" + std::to_string(i) + "}";
    futures.push_back(run.another());
  }
  for (auto& future : futures) ck_assert(succeeded(future.get()));
  runs.clear();
  const auto rows = rows_in(folder.path());
  ck_assert_uint_eq(rows.size(), 40);
  std::set<std::string> tasks;
  for (const LedgerRow& row : rows) {
    ck_text(row.state, "fetched");
    tasks.insert(row.task_id);
  }
  ck_assert_uint_eq(tasks.size(), 40);
}
END_TEST

int main() {
  return run_tests("ledger-faults", {
                                        {"results_are_bounded", results_are_bounded, 1},
                                        {"references_are_let_go", references_are_let_go, 1},
                                        {"budget_in_a_period", budget_in_a_period, 1},
                                        {"unusable_ledgers_are_told", unusable_ledgers_are_told, 4},
                                        {"ledger_breaks_later", ledger_breaks_later, 2},
                                        {"written_later", written_later, 2},
                                        {"stop_while_locked", stop_while_locked, 1},
                                        {"taken_away", taken_away, 2},
                                        {"made_by_many_at_once", made_by_many_at_once, 1},
                                        {"folder_behind_a_link", folder_behind_a_link, 1},
                                        {"many_share_one", many_share_one, 1},
                                    });
}
