// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The create and the ledger against a server that misbehaves on purpose: what becomes of the job,
// how many creates it took (each may cost money), and what the server got to see.
#include <map>

#include "support/client-run.h"

using namespace omni;
using namespace omni::test;

namespace {

/// Steps of a ledger, written by the network thread and read by the server's.
class Steps {
 public:
  void add(const std::string& step) {
    const std::lock_guard lock(lock_);
    text_ += step + ";";
  }
  std::string text() const {
    const std::lock_guard lock(lock_);
    return text_;
  }

 private:
  mutable std::mutex lock_;
  std::string text_;
};

/// Writes down the steps, each of which takes its time; one may fail.
class SlowLedger : public NoLedger {
 public:
  SlowLedger(Steps& steps, std::string fails) : steps_(steps), fails_(std::move(fails)) {}
  Async<void> intent(std::string, JobFacts, SpendLimit) override { return step("intent"); }
  Async<void> sent(std::string, JobFacts, std::string) override { return step("sent"); }
  Async<void> accepted(std::string, JobFacts, std::string id, std::string) override {
    return step("accepted " + id);
  }
  Async<void> ended(std::string, Ending ending, Error) override {
    static const char* const kNames[] = {"refused", "failed", "open"};
    return step(kNames[static_cast<int>(ending)]);
  }
  void fetched(std::string, std::shared_ptr<const ByteRope>) override { steps_.add("fetched"); }

 private:
  Async<void> step(std::string name) {
    Cancellation never;
    co_await sleep(never, kSecond / 10);
    if (name == fails_) throw Failure(Reason::service_error, "the disk is full");
    steps_.add(name);
  }
  Steps& steps_;
  const std::string fails_;
};

}  // namespace

START_TEST(happy_path) {
  FakeService service(kResult);
  Run run(service.server.url());
  run.succeeds();
  ck_assert_int_eq(service.creates(), 1);
  const SeenRequest create = service.server.seen().front();
  const CharPtr base64(
      g_base64_encode(reinterpret_cast<const guchar*>(run.reference.data()), run.reference.size()));
  ck_assert(create.body == run.spec.body.head + base64.get() + run.spec.body.tail);
  ck_assert(create.headers.at("authorization") == std::string("Bearer ") + kKey);
  ck_assert_uint_gt(create.headers.at("idempotency-key").size(), 10);
  ck_assert(create.headers.count("expect") == 0);
  // The link has a signature of its own; the key is not its business, even at the same origin.
  for (const SeenRequest& request : service.server.seen())
    if (is_file(request)) ck_assert(request.headers.count("authorization") == 0);
  ck_assert(run.log.find(kKey) == std::string::npos);
  ck_assert(run.log.find("s3cr3t") == std::string::npos);
  ck_assert_uint_eq(run.client->stats().jobs.jobs_paid, 1);
  ck_assert_uint_eq(run.client->stats().jobs.seconds_paid, 8);
}
END_TEST

// What is ambiguous is never repeated: the job may be running, and costing, already.
START_TEST(create_unknown_outcome) {
  const ServerReply answers[] = {
      {.reset = true},  // the connection breaks after the body
      {.status = 500, .body = "{\"error\":{\"message\":\"oops\",\"code\":\"x\"}}"},
      {.status = 502, .body = "<html>bad gateway</html>", .type = "text/html"},
      {.status = 503, .body = "<html>unavailable</html>", .type = "text/html"},
      {.status = 504, .body = ""},
      {.status = 524, .body = ""},
      {.status = 408, .body = ""},
      {.body = ""},  // 200 with nothing
      {.body = "<html>welcome</html>", .type = "text/html"},
      {.body = "{\"id\":\"vid"},            // truncated
      {.body = "{\"status\":\"queued\"}"},  // no id
      {.body = task_json("video_1", "queued", 0), .cut_after = 5},
      {.raw = "HTTP/1.1 200 OK\r\n"},
      {.raw = "garbage that is no HTTP\r\n\r\n"},
  };
  FakeService service(kResult, first(is_create, 99, answers[_i]));
  Run run(service.server.url());
  const Error error = run.fails();
  ck_reason(error, Reason::unknown_outcome);
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

START_TEST(create_definite_refusal) {
  const struct {
    ServerReply reply;
    Reason reason;
  } cases[] = {
      {{.status = 401,
        .body = "{\"error\":{\"message\":\"bad token\",\"type\":\"new_api_error\",\"code\":\"\"}}"},
       Reason::unauthorized},
      {{.status = 402, .body = "{\"error\":{\"code\":402,\"message\":\"Insufficient balance\"}}"},
       Reason::payment_required},
      {{.status = 403,
        .body = "{\"code\":\"insufficient_user_quota\",\"message\":\"x\",\"data\":null}"},
       Reason::payment_required},
      {{.status = 403, .body = "{\"error\":{\"message\":\"no\",\"code\":\"access_denied\"}}"},
       Reason::unauthorized},
      {{.status = 400,
        .body = "{\"code\":\"invalid_request\",\"message\":\"bad seconds\",\"data\":null}"},
       Reason::invalid_request},
      {{.status = 404, .body = "<html>no</html>"}, Reason::invalid_request},
      {{.status = 429, .body = "{\"error\":{\"message\":\"x\",\"code\":\"insufficient_quota\"}}"},
       Reason::payment_required},
      {{.status = 429, .body = "{\"code\":1102,\"message\":\"x\",\"request_id\":\"r\"}"},
       Reason::payment_required},
      {{.body = "{\"base_resp\":{\"status_code\":1026,\"status_msg\":\"x\"}}"}, Reason::moderated},
      {{.status = 403, .body = "<html>blocked</html>", .type = "text/html"}, Reason::unreachable},
      {{.status = 407, .body = "<html>who?</html>", .type = "text/html"}, Reason::unreachable},
      {{.status = 413, .body = ""}, Reason::too_large},
      {{.status = 422, .body = "{}"}, Reason::invalid_request},
      {{.body = "{\"code\":402,\"message\":\"no money\"}"}, Reason::payment_required},
      {{.body = "{\"code\":\"fail\",\"message\":\"nope\"}"}, Reason::invalid_request},
      {{.status = 302, .body = "", .headers = {"Location: http://127.0.0.1:1/v1/videos"}},
       Reason::invalid_request},
  };
  FakeService service(kResult, first(is_create, 99, cases[_i].reply));
  Run run(service.server.url());
  const Error error = run.fails();
  ck_reason(error, cases[_i].reason);
  ck_assert_int_eq(service.creates(), 1);
  ck_assert_uint_eq(run.client->stats().jobs.jobs_paid, 0);
}
END_TEST

// Surely not taken: sent again.
START_TEST(create_retried) {
  const ServerReply answers[] = {
      {.status = 429, .body = "", .headers = {"Retry-After: 0"}},
      {.status = 429,
       .body = "{\"error\":{\"message\":\"slow down\"}}",
       .headers = {"Retry-After: Thu, 01 Jan 2015 00:00:00 GMT"}},
      {.status = 503, .body = "<html/>", .headers = {"Retry-After: 0"}},
      {.body = "{\"code\":429,\"message\":\"busy\"}", .headers = {"Retry-After: 0"}},
      {.body = "{\"code\":1303,\"message\":\"x\"}", .headers = {"Retry-After: 0"}},
      {.status = 400,
       .body = "{\"code\":1303,\"message\":\"x\"}",
       .headers = {"retry-after-ms: 1"}},
  };
  FakeService service(kResult, first(is_create, 2, answers[_i]));
  Run run(service.server.url());
  run.succeeds();
  ck_assert_int_eq(service.creates(), 3);
  // The same job under the same key, should the service know such keys after all.
  const auto seen = service.server.seen();
  ck_assert(seen[0].headers.at("idempotency-key") == seen[1].headers.at("idempotency-key"));
  ck_assert_uint_eq(run.client->stats().jobs.jobs_paid, 1);
}
END_TEST

START_TEST(create_rate_limited_for_good) {
  FakeService service(
      kResult, first(is_create, 99, {.status = 429, .body = "", .headers = {"Retry-After: 0"}}));
  Run run(service.server.url());
  run.spec.max_attempts = 3;
  ck_reason(run.fails(), Reason::rate_limited);
  ck_assert_int_eq(service.creates(), 3);
}
END_TEST

// A body that is not complete cannot have been taken, so a break in it is no doubt.
START_TEST(create_broken_in_the_body) {
  std::atomic<int> tries{0};
  FakeService service(
      kResult,
      [&](const SeenRequest& request) -> std::optional<ServerReply> {
        if (is_create(request) && !request.complete) return ServerReply{.reset = true};
        return std::nullopt;
      },
      [&](const SeenRequest& request) -> EarlyDecision {
        if (request.method == "POST" && ++tries == 1) return {.read_most = 1000};
        return {};
      });
  Run run(service.server.url());
  run.reference = std::string(8000000, 'x');
  run.spec.reference = rope(run.reference, 65536);
  run.succeeds();
  ck_assert_int_eq(service.creates(), 2);
  ck_assert_uint_eq(run.client->stats().jobs.jobs_paid, 1);
}
END_TEST

// A server that refuses early and closes: the second try asks first, and learns the reason.
START_TEST(create_refused_early) {
  FakeService service(
      kResult,
      [&](const SeenRequest& request) -> std::optional<ServerReply> {
        if (!is_create(request)) return std::nullopt;
        return ServerReply{.status = 401,
                           .body = "{\"error\":{\"message\":\"bad token\"}}",
                           .headers = {"Connection: close"},
                           .cut_after = 99,
                           .reset = request.headers.count("expect") == 0};
      },
      [&](const SeenRequest& request) -> EarlyDecision {
        return {.read_most = request.headers.count("expect") ? 0u : 1000u, .send_continue = false};
      });
  Run run(service.server.url());
  run.reference = std::string(15000000, 'x');
  run.spec.reference = rope(run.reference, 65536);
  ck_reason(run.fails(), Reason::unauthorized);
  ck_assert_int_le(service.creates(), 2);
}
END_TEST

START_TEST(unreachable) {
  const ClosedPort closed;
  Run run(closed.url());
  run.spec.max_attempts = 2;
  const Error error = run.fails();
  ck_reason(error, Reason::unreachable);
  ck_assert(error.message.find("nothing was submitted") != std::string::npos);
}
END_TEST

// A create that is never answered ends at job-timeout, not at the idle limit, and leaves doubt.
START_TEST(create_never_answered) {
  FakeService service(kResult, first(is_create, 99, {.hang = true}));
  Run run(service.server.url(), 3 * kSecond);
  run.spec.job_timeout = 8 * kSecond;
  ck_reason(run.fails(), Reason::unknown_outcome);
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

START_TEST(stop_while_connecting_and_waiting) {
  const ClosedPort closed;
  Run run(closed.url());
  run.settings.max_in_flight = 1;
  run.spec.max_attempts = 1'000'000;
  auto futures = run.start_many(20);
  run.client.reset();
  for (auto& future : futures) ck_reason(std::get<Error>(future.get()), Reason::cancelled);
}
END_TEST

START_TEST(many_at_once) {
  std::atomic<int> open{0}, most{0};
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_create(request)) {
      const int now_open = ++open;
      for (int seen = most; now_open > seen && !most.compare_exchange_weak(seen, now_open);) {
      }
      const std::string id = "job" + std::to_string(request.number);
      return ServerReply{.body = task_json(id, "queued", 0)};
    }
    if (request.target.starts_with("/v1/videos/"))
      return ServerReply{
          .body = task_json("x", request.number > 2 ? "completed" : "running", 50, "/files/o.mp4")};
    --open;
    return std::nullopt;
  });
  Run run(service.server.url());
  run.settings.max_in_flight = 8;
  for (auto& future : run.start_many(40))
    ck_assert_msg(succeeded(future.get()), "%s", run.log.c_str());
  ck_assert_int_eq(service.creates(), 40);
  ck_assert_int_le(most, 8);
  ck_assert_uint_eq(run.client->stats().jobs.completed, 40);
}
END_TEST

// A service that runs two at once, and says 429 to more: the others wait for room, however often
// they have to ask, and none is lost.
START_TEST(more_than_the_service_runs) {
  std::mutex lock;
  std::map<std::string, Micros> running;
  std::size_t most = 0, refused = 0;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    const std::lock_guard guard(lock);
    std::erase_if(running, [](const auto& task) { return task.second <= now(); });
    if (is_create(request)) {
      if (running.size() == 2) {
        ++refused;
        return ServerReply{.status = 429, .body = "{}"};
      }
      const std::string id = "job" + std::to_string(request.number);
      running[id] = now() + kSecond;
      most = std::max(most, running.size());
      return ServerReply{.body = task_json(id, "queued", 0)};
    }
    if (!is_poll(request)) return std::nullopt;
    const std::string id = request.target.substr(11);
    return ServerReply{
        .body = task_json(id, running.contains(id) ? "running" : "completed", 50, "/files/o.mp4")};
  });
  Run run(service.server.url());
  run.spec.max_attempts = 2;
  run.spec.first_pause = kSecond / 20;
  for (auto& future : run.start_many(10))
    ck_assert_msg(succeeded(future.get()), "%s", run.log.c_str());
  const std::lock_guard guard(lock);
  ck_assert_uint_eq(most, 2);
  ck_assert_uint_gt(refused, 10);
  ck_assert_uint_eq(service.creates() - refused, 10);
  ck_assert_uint_eq(run.client->stats().jobs.jobs_paid, 10);
}
END_TEST

// The service never has the whole request before the ledger says so, and every step is on record
// before the next one is taken.
START_TEST(ledger_comes_first) {
  Steps steps;
  std::string at_create, at_poll;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_create(request)) at_create = steps.text();
    if (is_poll(request)) at_poll = steps.text();
    return std::nullopt;
  });
  Run run(service.server.url());
  const JobOutcome outcome = run.go(std::make_unique<SlowLedger>(steps, ""));
  ck_assert(succeeded(outcome));
  service.server.stop();
  ck_text(at_create, "intent;sent;");
  ck_text(at_poll, "intent;sent;accepted video_1;");
  ck_assert(steps.text() == "intent;sent;accepted video_1;fetched;");
}
END_TEST

// A ledger that can't write means that nothing is sent.
START_TEST(ledger_fails) {
  const char* const fails[] = {"intent", "sent"};
  Steps steps;
  FakeService service(kResult);
  Run run(service.server.url());
  const JobOutcome outcome = run.go(std::make_unique<SlowLedger>(steps, fails[_i]));
  ck_assert(std::holds_alternative<Error>(outcome));
  ck_assert(std::get<Error>(outcome).message.find("the disk is full") != std::string::npos);
  run.client.reset();
  for (const SeenRequest& request : service.server.seen()) ck_assert(!request.complete);
  // Without a row there is nothing whose end could be told.
  const std::string written[] = {"", "intent;refused;"};
  ck_text(steps.text(), written[_i]);
}
END_TEST

START_TEST(stop_while_the_ledger_writes) {
  Steps steps;
  FakeService service(kResult);
  Run run(service.server.url());
  auto future = run.start(std::make_unique<SlowLedger>(steps, ""));
  run.client.reset();
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  ck_assert_int_eq(service.creates(), 0);
}
END_TEST

int main() {
  return run_tests("create-faults",
                   {
                       {"happy_path", happy_path, 1},
                       {"create_unknown_outcome", create_unknown_outcome, 14},
                       {"create_definite_refusal", create_definite_refusal, 16},
                       {"create_retried", create_retried, 6},
                       {"create_rate_limited_for_good", create_rate_limited_for_good, 1},
                       {"create_broken_in_the_body", create_broken_in_the_body, 1},
                       {"create_refused_early", create_refused_early, 1},
                       {"unreachable", unreachable, 1},
                       {"create_never_answered", create_never_answered, 1},
                       {"stop_while_connecting_and_waiting", stop_while_connecting_and_waiting, 1},
                       {"many_at_once", many_at_once, 1},
                       {"more_than_the_service_runs", more_than_the_service_runs, 1},
                       {"ledger_comes_first", ledger_comes_first, 1},
                       {"ledger_fails", ledger_fails, 2},
                       {"stop_while_the_ledger_writes", stop_while_the_ledger_writes, 1},
                   });
}
