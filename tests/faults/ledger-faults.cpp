// The ledger on disk: what stands in it at each step, what a later run takes up from it, and that
// work goes on (or does not begin) when it cannot be kept.
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "client/ledger-store.h"
#include "client/sqlite-ledger.h"
#include "support/client-run.h"
#include "support/fresh-folder.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr std::uint64_t kRoom = 100'000'000;

std::shared_ptr<SqliteLedger> ledger_in(const std::string& folder, bool required = false,
                                        std::uint64_t room = kRoom,
                                        std::vector<Error>* warnings = nullptr) {
  LedgerSettings settings;
  settings.state_dir = folder;
  settings.state_size = room;
  settings.required = required;
  settings.log = [](LogLevel, const std::string&) {};
  settings.warn = [warnings](const Error& error) {
    if (warnings) warnings->push_back(error);
  };
  return std::make_shared<SqliteLedger>(settings);
}

std::vector<LedgerRow> rows_in(const std::string& folder) {
  LedgerStore store(folder);
  std::vector<LedgerRow> rows;
  store.transaction([&] { rows = store.rows(); });
  return rows;
}

/// The only row.
LedgerRow row_in(const std::string& folder) {
  const auto rows = rows_in(folder);
  ck_assert_uint_eq(rows.size(), 1);
  return rows.front();
}

struct Done {
  JobOutcome outcome;
  JobCounters counters;
  std::string log;
  std::vector<Error> warnings;
  std::vector<JobUpdate> updates;

  const Error& error() const {
    ck_assert_msg(std::holds_alternative<Error>(outcome), "the job succeeded\n%s", log.c_str());
    return std::get<Error>(outcome);
  }
  void has_result() const {
    if (const auto* error = std::get_if<Error>(&outcome))
      ck_abort_msg("%s: %s\n%s", reason_word(error->reason), error->message.c_str(), log.c_str());
    ck_assert(text_of(*std::get<0>(outcome)) == kResult);
  }
};

/// One run of one job from the client's start to its end.
Done run_job(const std::string& url, std::shared_ptr<Ledger> ledger, bool deliver = true,
             const std::function<void(Run&)>& change = nullptr) {
  Run run(url);
  if (change) change(run);
  Done done;
  done.outcome = run.go(std::move(ledger));
  if (deliver && run.recorder->receipt &&
      std::holds_alternative<std::shared_ptr<const Bytes>>(done.outcome))
    run.recorder->receipt->confirm();
  run.recorder->receipt.reset();
  run.client->stop();
  done.counters = run.client->stats().jobs;
  done.log = run.log;
  done.warnings = run.recorder->warnings;
  done.updates = run.recorder->updates;
  return done;
}

FakeService::Answer failing_polls(const std::atomic<bool>& broken) {
  return [&broken](const SeenRequest& request) -> std::optional<ServerReply> {
    if (broken && is_poll(request)) return ServerReply{.status = 401, .body = "{}"};
    return std::nullopt;
  };
}

}  // namespace

START_TEST(row_of_a_good_job) {
  const FreshFolder folder;
  FakeService service(kResult);
  const Done done = run_job(service.server.url(), ledger_in(folder.path()));
  done.has_result();
  const LedgerRow row = row_in(folder.path());
  ck_text(row.state, "delivered");
  ck_text(row.task_id, "video_1");
  ck_text(row.provider, "octopusx");
  ck_assert(row.base_url == service.server.url());
  ck_assert_uint_eq(row.seconds, 8);
  ck_assert_uint_eq(row.reference_bytes, 100003);
  ck_assert_uint_eq(row.reference_hash.size(), 64);
  ck_assert_uint_eq(row.request_hash.size(), 64);
  ck_assert(!row.in_use);
  ck_assert(row.created_at <= row.sent_at && row.sent_at <= row.accepted_at);
  ck_assert(row.accepted_at <= row.fetched_at && row.fetched_at <= row.delivered_at);
  // The result is kept, for its owner's eyes only.
  ck_assert_uint_eq(row.result_bytes, kResult.size());
  const std::string kept = folder.path() + "/results/" + row.result_hash + ".mp4";
  for (const auto& [path, mode] :
       std::map<std::string, mode_t>{{kept, 0600},
                                     {folder.path() + "/results", 0700},
                                     {folder.path() + "/owners", 0700},
                                     {folder.path() + "/ledger.db", 0600}}) {
    struct stat status {};
    ck_assert_msg(stat(path.c_str(), &status) == 0, "%s is not there", path.c_str());
    ck_assert_msg((status.st_mode & 0777) == mode, "%s has mode %o", path.c_str(),
                  status.st_mode & 0777);
  }
  std::ifstream database(folder.path() + "/ledger.db", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(database), {}};
  ck_assert(text.find("video_1") != std::string::npos);  // this search does find things
  ck_assert(text.find(kKey) == std::string::npos);
  ck_assert(text.find("s3cr3t") == std::string::npos);
}
END_TEST

// What an earlier run has paid for, and did not deliver, is taken up without a second create.
START_TEST(undelivered_is_taken_up) {
  const FreshFolder folder;
  std::atomic<bool> broken = true;
  FakeService service(kResult, failing_polls(broken));
  const Done first = run_job(service.server.url(), ledger_in(folder.path()));
  ck_reason(first.error(), Reason::unauthorized);
  ck_text(row_in(folder.path()).state, "accepted");
  broken = false;
  const Done second = run_job(service.server.url(), ledger_in(folder.path()));
  second.has_result();
  ck_assert_int_eq(service.creates(), 1);
  ck_assert_uint_eq(second.counters.reused, 1);
  ck_assert_uint_eq(second.counters.jobs_paid, 0);
  ck_assert_uint_eq(second.counters.submitted, 0);
  ck_assert(second.updates.back().reused);
  ck_text(row_in(folder.path()).state, "delivered");
}
END_TEST

// The result had come, and nobody got it: it is there without asking the service.
START_TEST(fetched_is_delivered_from_disk) {
  const FreshFolder folder;
  FakeService service(kResult);
  run_job(service.server.url(), ledger_in(folder.path()), false).has_result();
  ck_text(row_in(folder.path()).state, "fetched");
  const int requests = static_cast<int>(service.server.seen().size());
  const Done again = run_job(service.server.url(), ledger_in(folder.path()));
  again.has_result();
  ck_assert(again.updates.back().reused);
  ck_text(again.updates.back().task_id, "video_1");
  ck_assert_int_eq(static_cast<int>(service.server.seen().size()), requests);
  ck_text(row_in(folder.path()).state, "delivered");
}
END_TEST

// Kept, but damaged since: the service is asked again, and nothing is bought.
START_TEST(damaged_result_is_fetched_again) {
  const FreshFolder folder;
  FakeService service(kResult);
  run_job(service.server.url(), ledger_in(folder.path()), false).has_result();
  const std::string kept = folder.path() + "/results/" + row_in(folder.path()).result_hash + ".mp4";
  if (_i == 0)
    ck_assert_int_eq(truncate(kept.c_str(), 1000), 0);
  else
    ck_assert_int_eq(unlink(kept.c_str()), 0);
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

// What was delivered is bought anew, unless `all` is reused.
START_TEST(delivered_and_reuse) {
  const FreshFolder folder;
  FakeService service(kResult);
  const auto with = [](Reuse reuse) { return [reuse](Run& run) { run.spec.reuse = reuse; }; };
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
  run_job(service.server.url(), ledger_in(folder.path()), true, with(Reuse::all)).has_result();
  ck_assert_int_eq(service.creates(), 1);
  run_job(service.server.url(), ledger_in(folder.path()), true, with(Reuse::unfinished))
      .has_result();
  ck_assert_int_eq(service.creates(), 2);
  // Not the same request, or not the same reference.
  const auto other_prompt = [](Run& run) {
    run.spec.reuse = Reuse::all;
    run.spec.body.tail = "\",\"seconds\":\"8\",\"prompt\":\"other\"}";
  };
  run_job(service.server.url(), ledger_in(folder.path()), true, other_prompt).has_result();
  ck_assert_int_eq(service.creates(), 3);
  const auto other_reference = [](Run& run) {
    run.spec.reuse = Reuse::all;
    run.spec.reference = rope(std::string(100000, 'x') + "END", 777);  // as long as the other
  };
  run_job(service.server.url(), ledger_in(folder.path()), true, other_reference).has_result();
  ck_assert_int_eq(service.creates(), 4);
}
END_TEST

START_TEST(reuse_none_buys_anew) {
  const FreshFolder folder;
  FakeService service(kResult);
  run_job(service.server.url(), ledger_in(folder.path()), false).has_result();
  run_job(service.server.url(), ledger_in(folder.path()), true, [](Run& run) {
    run.spec.reuse = Reuse::none;
  }).has_result();
  ck_assert_int_eq(service.creates(), 2);
}
END_TEST

// Nobody knows whether it was taken: told, with the two ways on, and never sent again by itself.
START_TEST(doubt_is_kept) {
  const FreshFolder folder;
  FakeService service(kResult, first(is_create, 1, {.reset = true}));
  const Done first = run_job(service.server.url(), ledger_in(folder.path()));
  ck_reason(first.error(), Reason::unknown_outcome);
  const LedgerRow row = row_in(folder.path());
  ck_text(row.state, "sent");
  for (int i = 0; i < 2; ++i) {
    const Done again = run_job(service.server.url(), ledger_in(folder.path()));
    ck_reason(again.error(), Reason::unknown_outcome);
    ck_assert(again.error().message.find("omni-ledger forget " + row.id) != std::string::npos);
    ck_assert(again.error().message.find("reuse=none") != std::string::npos);
  }
  ck_assert_int_eq(service.creates(), 1);
  {
    LedgerStore store(folder.path());
    bool forgotten = false;
    store.transaction([&] { forgotten = store.forget(row.id); });
    ck_assert(forgotten);
  }
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
  ck_assert_int_eq(service.creates(), 2);
}
END_TEST

// A definite no cost nothing, and stands in nobody's way.
START_TEST(refused_leaves_nothing_behind) {
  const FreshFolder folder;
  FakeService service(kResult, first(is_create, 1, {.status = 400, .body = "{}"}));
  ck_reason(run_job(service.server.url(), ledger_in(folder.path())).error(),
            Reason::invalid_request);
  ck_text(row_in(folder.path()).state, "refused");
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
}
END_TEST

// Between two tries it is known that the first was not taken; and so it stands in the ledger.
START_TEST(refused_for_now_is_back_at_intent) {
  const FreshFolder folder;
  std::string state;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!is_create(request)) return std::nullopt;
    if (request.number == 1) return ServerReply{.status = 429, .body = "{}"};
    return std::nullopt;
  });
  Run run(service.server.url());
  run.spec.first_pause = 2 * kSecond;
  run.client = std::make_unique<Client>(run.settings, ledger_in(folder.path()));
  auto future = run.recorder->done.get_future();
  run.client->submit(run.spec, run.recorder);
  ck_assert(service.server.wait_for(1, "POST"));
  // The reply is on its way to the client; it has two seconds until the next try.
  for (int i = 0; i < 150 && state != "intent"; ++i) {
    g_usleep(10000);
    const auto rows = rows_in(folder.path());
    if (!rows.empty()) state = rows.front().state;
    ck_assert_int_eq(service.creates(), 1);
  }
  ck_text(state, "intent");
  ck_assert(std::holds_alternative<std::shared_ptr<const Bytes>>(future.get()));
  ck_assert_int_eq(service.creates(), 2);
}
END_TEST

// The service ended it: nothing to take up.
START_TEST(failed_task_is_over) {
  const FreshFolder folder;
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!is_poll(request) || !request.target.ends_with("video_1")) return std::nullopt;
    return ServerReply{.body = "{\"id\":\"video_1\",\"status\":\"failed\"}"};
  });
  run_job(service.server.url(), ledger_in(folder.path())).error();
  ck_text(row_in(folder.path()).state, "failed");
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
  ck_assert_int_eq(service.creates(), 2);
}
END_TEST

// Stopped in the midst of it; the job is there for the next client, in this process or another.
START_TEST(stopped_while_running) {
  const FreshFolder folder;
  std::atomic<bool> held = true;
  FakeService service(kResult, [&held](const SeenRequest& request) -> std::optional<ServerReply> {
    if (held && is_poll(request))
      return ServerReply{.body = task_json("video_1", "in_progress", 10)};
    return std::nullopt;
  });
  {
    Run run(service.server.url());
    run.client = std::make_unique<Client>(run.settings, ledger_in(folder.path()));
    run.client->submit(run.spec, run.recorder);
    ck_assert(service.server.wait_for(1, "GET"));
    run.client->stop();
  }
  ck_text(row_in(folder.path()).state, "accepted");
  held = false;
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

namespace {

/// Hands out one row, which takes its time, and writes down what becomes of it.
class SlowClaim : public NoLedger {
 public:
  explicit SlowClaim(std::atomic<int>& let_go) : let_go_(let_go) {}
  Async<Claim> claim(JobKey, Reuse, Hashed) override {
    asked.set_value();
    Cancellation never;
    co_await sleep(never, kSecond / 5);
    Claim claim;
    claim.kind = Claim::Kind::task;
    claim.id = "row";
    claim.task_id = "video_1";
    co_return claim;
  }
  void let_go(std::string id) override { let_go_ += id == "row"; }
  std::promise<void> asked;

 private:
  std::atomic<int>& let_go_;
};

}  // namespace

// Called off (a flush) while it is looked up: what was found is there for the same clip that comes
// again, which would be bought otherwise.
START_TEST(called_off_while_claiming) {
  FakeService service(kResult);
  std::atomic<int> let_go = 0;
  auto ledger = std::make_shared<SlowClaim>(let_go);
  Run run(service.server.url());
  run.client = std::make_unique<Client>(run.settings, ledger);
  auto future = run.recorder->done.get_future();
  run.client->submit(run.spec, run.recorder);
  ledger->asked.get_future().wait();
  run.client->cancel_all();
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  ck_assert_int_eq(let_go, 1);
  ck_assert_int_eq(service.creates(), 0);
}
END_TEST

// What somebody else is at, nobody takes; two of the same are two jobs.
START_TEST(running_jobs_are_not_taken) {
  const FreshFolder folder;
  std::atomic<bool> held = true;
  FakeService service(kResult, [&held](const SeenRequest& request) -> std::optional<ServerReply> {
    if (held && is_poll(request) && request.target.ends_with("video_1"))
      return ServerReply{.body = task_json("video_1", "in_progress", 10)};
    return std::nullopt;
  });
  Run one(service.server.url());
  one.client = std::make_unique<Client>(one.settings, ledger_in(folder.path()));
  auto future = one.recorder->done.get_future();
  one.client->submit(one.spec, one.recorder);
  ck_assert(service.server.wait_for(1, "GET"));
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
  ck_assert_int_eq(service.creates(), 2);
  // Nor in the same client.
  auto twin = std::make_shared<Recorder>();
  auto twin_future = twin->done.get_future();
  one.client->submit(one.spec, twin);
  ck_assert(std::holds_alternative<std::shared_ptr<const Bytes>>(twin_future.get()));
  ck_assert_int_eq(service.creates(), 3);
  held = false;
  ck_assert(std::holds_alternative<std::shared_ptr<const Bytes>>(future.get()));
}
END_TEST

// A result that was dropped (a flush) is there for the next of its kind in the same client.
START_TEST(let_go_in_the_same_client) {
  const FreshFolder folder;
  FakeService service(kResult);
  Run run(service.server.url());
  run.client = std::make_unique<Client>(run.settings, ledger_in(folder.path()));
  for (int i = 0; i < 2; ++i) {
    auto recorder = std::make_shared<Recorder>();
    auto future = recorder->done.get_future();
    run.client->submit(run.spec, recorder);
    ck_assert(std::holds_alternative<std::shared_ptr<const Bytes>>(future.get()));
  }
  ck_assert_int_eq(service.creates(), 1);
  ck_assert_uint_eq(run.client->stats().jobs.reused, 1);
}
END_TEST

// Paid at another address: the key does not go there. It is told, and bought here.
START_TEST(paid_elsewhere) {
  const FreshFolder folder;
  std::atomic<bool> broken = true;
  FakeService before(kResult, failing_polls(broken));
  FakeService now(kResult);
  run_job(before.server.url(), ledger_in(folder.path())).error();
  const auto asked = before.server.seen().size();
  const Done done = run_job(now.server.url(), ledger_in(folder.path()));
  done.has_result();
  ck_assert_uint_eq(before.server.seen().size(), asked);
  ck_assert_uint_eq(done.warnings.size(), 1);
  ck_assert(done.warnings[0].message.find(before.server.url()) != std::string::npos);
  ck_assert_int_eq(now.creates(), 1);
}
END_TEST

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

// A process that died leaves its lock file; its rows are free, and what it never sent is gone.
START_TEST(orphans_of_a_dead_process) {
  const FreshFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    LedgerStore store(folder.path());
    const JobFacts facts{{"octopusx", "http://x", "hash", 3}, "m", "p", "l", 8};
    store.transaction([&] {
      store.intent("never-sent", facts, {});
      store.intent("accepted", facts, {});
      store.sent("accepted", facts, "reference");
      store.accepted("accepted", facts, "task", "/v1/videos");
    });
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status));
  LedgerStore store(folder.path());
  LedgerStore::Found found;
  store.transaction([&] {
    found = store.claim({"octopusx", "http://x", "hash", 3}, "reference", Reuse::unfinished);
  });
  ck_assert(found.claim.kind == Claim::Kind::task);
  ck_text(found.claim.id, "accepted");
  const auto rows = rows_in(folder.path());
  ck_assert_uint_eq(rows.size(), 1);
  ck_assert(rows[0].in_use);
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
    auto recorder = std::make_shared<Recorder>();
    auto future = recorder->done.get_future();
    run.spec.body.tail = "\",\"seconds\":\"8\"," + tail + "}";
    run.client->submit(run.spec, recorder);
    return future.get();
  };
  ck_assert(std::holds_alternative<std::shared_ptr<const Bytes>>(one("\"n\":1")));
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
  ck_assert(std::holds_alternative<std::shared_ptr<const Bytes>>(one("\"n\":3")));
  run.client->stop();
  const auto rows = rows_in(folder.path() + "/state");
  ck_text(rows.back().task_id, required ? "video_2" : "video_3");
}
END_TEST

// A child that was forked does not keep its dead parent's jobs.
START_TEST(forked_child_is_no_owner) {
  const FreshFolder folder;
  int alive[2];
  ck_assert_int_eq(pipe(alive), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    LedgerStore store(folder.path());
    const JobFacts facts{{"octopusx", "http://x", "hash", 3}, "m", "p", "l", 8};
    store.transaction([&] { store.accepted("row", facts, "task", "/v1/videos"); });
    if (fork() == 0) {
      close(alive[0]);
      pause();  // until it is ended below
    }
    kill(getpid(), SIGKILL);
  }
  close(alive[1]);
  int status = 0;
  ck_assert_int_eq(waitpid(parent, &status, 0), parent);
  // The child has the other end of the pipe, so it lives.
  pollfd end{alive[0], POLLIN, 0};
  ck_assert_int_eq(poll(&end, 1, 0), 0);
  ck_assert(!row_in(folder.path()).in_use);
}
END_TEST

// The same address, written otherwise.
START_TEST(same_base_url) {
  const FreshFolder folder;
  std::atomic<bool> broken = true;
  FakeService service(kResult, failing_polls(broken));
  run_job(service.server.url(), ledger_in(folder.path())).error();
  broken = false;
  run_job("HTTP" + service.server.url().substr(4) + "/", ledger_in(folder.path())).has_result();
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

// The service does not know it any more, or has spoilt it: the error says how to get on.
START_TEST(owed_for_good) {
  const FreshFolder folder;
  FakeService service(kResult, [_i](const SeenRequest& request) -> std::optional<ServerReply> {
    if (_i == 0 && is_poll(request)) return ServerReply{.status = 401, .body = "{}"};
    if (_i == 1 && (is_file(request) || request.target.ends_with("/content")))
      return ServerReply{.body = "garbage", .type = "video/mp4"};
    return std::nullopt;
  });
  for (int i = 0; i < 2; ++i) {
    const Error error = run_job(service.server.url(), ledger_in(folder.path())).error();
    const std::string way = "omni-ledger forget " + row_in(folder.path()).id;
    ck_assert_msg(error.message.find(way) != std::string::npos, "%s", error.message.c_str());
  }
  ck_assert_int_eq(service.creates(), 1);
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
    auto recorder = std::make_shared<Recorder>();
    futures.push_back(recorder->done.get_future());
    JobSpec spec = run.spec;
    spec.body.tail = "\",\"seconds\":\"8\",\"n\":" + std::to_string(i) + "}";
    run.client->submit(spec, recorder);
  }
  for (auto& future : futures)
    ck_assert(std::holds_alternative<std::shared_ptr<const Bytes>>(future.get()));
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
  return run_tests("ledger-faults",
                   {
                       {"row_of_a_good_job", row_of_a_good_job, 1},
                       {"undelivered_is_taken_up", undelivered_is_taken_up, 1},
                       {"fetched_is_delivered_from_disk", fetched_is_delivered_from_disk, 1},
                       {"damaged_result_is_fetched_again", damaged_result_is_fetched_again, 2},
                       {"delivered_and_reuse", delivered_and_reuse, 1},
                       {"reuse_none_buys_anew", reuse_none_buys_anew, 1},
                       {"doubt_is_kept", doubt_is_kept, 1},
                       {"refused_leaves_nothing_behind", refused_leaves_nothing_behind, 1},
                       {"refused_for_now_is_back_at_intent", refused_for_now_is_back_at_intent, 1},
                       {"failed_task_is_over", failed_task_is_over, 1},
                       {"stopped_while_running", stopped_while_running, 1},
                       {"called_off_while_claiming", called_off_while_claiming, 1},
                       {"running_jobs_are_not_taken", running_jobs_are_not_taken, 1},
                       {"let_go_in_the_same_client", let_go_in_the_same_client, 1},
                       {"paid_elsewhere", paid_elsewhere, 1},
                       {"results_are_bounded", results_are_bounded, 1},
                       {"budget_in_a_period", budget_in_a_period, 1},
                       {"unusable_ledgers_are_told", unusable_ledgers_are_told, 4},
                       {"ledger_breaks_later", ledger_breaks_later, 2},
                       {"written_later", written_later, 2},
                       {"stop_while_locked", stop_while_locked, 1},
                       {"orphans_of_a_dead_process", orphans_of_a_dead_process, 1},
                       {"taken_away", taken_away, 2},
                       {"forked_child_is_no_owner", forked_child_is_no_owner, 1},
                       {"same_base_url", same_base_url, 1},
                       {"owed_for_good", owed_for_good, 2},
                       {"made_by_many_at_once", made_by_many_at_once, 1},
                       {"folder_behind_a_link", folder_behind_a_link, 1},
                       {"many_share_one", many_share_one, 1},
                   });
}
