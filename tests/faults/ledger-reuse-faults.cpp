// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The ledger on disk: what stands in it at each step, and what a later run takes up from it.
// Trouble with the database, and its limits, are in ledger-faults.cpp.
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>

#include "support/ledger-run.h"

using namespace omni;
using namespace omni::test;

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
  FakeService service(kResult, refuse_polls(broken));
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
  FakeService service(kResult, first(is_create, 1, {.status = 429, .body = "{}"}));
  Run run(service.server.url());
  run.spec.first_pause = 600 * kSecond;
  auto future = run.start(ledger_in(folder.path()));
  // The test's own time limit ends a wait in vain.
  ck_assert(service.server.wait_for(1, "POST"));
  while (row_in(folder.path()).state != "intent") g_usleep(10000);
  ck_assert_int_eq(service.creates(), 1);
  run.client->stop();
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
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
    run.start(ledger_in(folder.path()));
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
  Async<Claim> claim(JobKey, Reuse, HashRequest) override {
    asked.set_value();
    Cancellation never;
    co_await sleep(never, kSecond);
    Claim claim;
    claim.kind = Claim::Kind::task;
    claim.id = "row";
    claim.task_id = "video_1";
    co_return claim;
  }
  void release(std::string id) override { let_go_ += id == "row"; }
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
  auto future = run.start(ledger);
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
  auto future = one.start(ledger_in(folder.path()));
  ck_assert(service.server.wait_for(1, "GET"));
  run_job(service.server.url(), ledger_in(folder.path())).has_result();
  ck_assert_int_eq(service.creates(), 2);
  // Nor in the same client.
  ck_assert(succeeded(one.another().get()));
  ck_assert_int_eq(service.creates(), 3);
  held = false;
  ck_assert(succeeded(future.get()));
}
END_TEST

// A result that was dropped (a flush) is there for the next of its kind in the same client.
START_TEST(let_go_in_the_same_client) {
  const FreshFolder folder;
  FakeService service(kResult);
  Run run(service.server.url());
  run.client = std::make_unique<Client>(run.settings, ledger_in(folder.path()));
  for (int i = 0; i < 2; ++i) ck_assert(succeeded(run.another().get()));
  ck_assert_int_eq(service.creates(), 1);
  ck_assert_uint_eq(run.client->stats().jobs.reused, 1);
}
END_TEST

// Paid at another address: the key does not go there. It is told, and bought here.
START_TEST(paid_elsewhere) {
  const FreshFolder folder;
  std::atomic<bool> broken = true;
  FakeService before(kResult, refuse_polls(broken));
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
  FakeService service(kResult, refuse_polls(broken));
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

int main() {
  return run_tests("ledger-reuse-faults",
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
                       {"orphans_of_a_dead_process", orphans_of_a_dead_process, 1},
                       {"forked_child_is_no_owner", forked_child_is_no_owner, 1},
                       {"same_base_url", same_base_url, 1},
                       {"owed_for_good", owed_for_good, 2},
                   });
}
