// The client against a server that misbehaves on purpose: what becomes of the job, how many creates
// it took (each may cost money), and what the server got to see.
#include <future>

#include "client/client.h"
#include "support/fake-service.h"
#include "unit/check-main.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr char kKey[] = "sk-test-0123456789";
// Not a real MP4: what makes a result usable is the test's own check here.
const std::string kResult = std::string(
                                "\0\0\0\x10"
                                "ftypisom",
                                12) +
                            std::string(3000000, 'r');

std::shared_ptr<const Bytes> rope(const std::string& text, std::size_t piece) {
  auto bytes = std::make_shared<Bytes>();
  for (std::size_t at = 0; at < text.size(); at += piece)
    bytes->append(
        BytesPtr::adopt(g_bytes_new(text.data() + at, std::min(piece, text.size() - at))));
  return bytes;
}

std::string text_of(const Bytes& bytes) {
  std::string text(bytes.size(), '\0');
  bytes.read(0, text.data(), text.size());
  return text;
}

class Recorder : public JobObserver {
 public:
  void job_updated(const JobUpdate& update) override { updates.push_back(update); }
  void job_finished(JobOutcome outcome) override { done.set_value(std::move(outcome)); }
  std::vector<JobUpdate> updates;
  std::promise<JobOutcome> done;
};

struct Run {
  explicit Run(const std::string& base_url, Micros idle = 2 * kSecond) {
    settings.dialect = &octopusx();
    settings.http.base_url = base_url;
    settings.http.api_key = kKey;
    settings.http.user_agent = "test";
    settings.http.idle_timeout = idle;
    settings.log = [this](LogLevel, const std::string& line) {
      const std::lock_guard lock(log_lock);
      log += line + "\n";
    };
    spec.label = "segment 0";
    spec.reference = rope(reference, 1001);
    spec.seconds = 8;
    spec.body = {"{\"model\":\"m\",\"video\":\"data:video/mp4;base64,", "\",\"seconds\":\"8\"}",
                 true};
    spec.poll_interval = kSecond / 50;
    spec.first_pause = kSecond / 10;  // the real one would make this test wait for minutes
    spec.download_folder = std::string(g_get_tmp_dir()) + "/gst-omni-test-state";
    spec.check_result = [](const Bytes& bytes) -> std::optional<std::string> {
      if (bytes.size() == kResult.size()) return std::nullopt;
      return "wrong size";
    };
  }

  JobOutcome go(std::unique_ptr<Ledger> ledger = nullptr) {
    client = std::make_unique<Client>(settings, std::move(ledger));
    auto future = recorder->done.get_future();
    client->submit(spec, recorder);
    if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready)
      ck_abort_msg("the job hangs; log:\n%s", log.c_str());
    return future.get();
  }
  Error fails() {
    JobOutcome outcome = go();
    if (!std::holds_alternative<Error>(outcome)) ck_abort_msg("the job succeeded");
    return std::get<Error>(outcome);
  }
  void succeeds() {
    const JobOutcome outcome = go();
    if (const auto* error = std::get_if<Error>(&outcome))
      ck_abort_msg("the job failed: %s: %s\n%s", reason_word(error->reason), error->message.c_str(),
                   log.c_str());
    ck_assert(text_of(*std::get<0>(outcome)) == kResult);
  }

  std::string reference = std::string(100000, 'x') + "end";
  ClientSettings settings;
  JobSpec spec;
  std::mutex log_lock;
  std::string log;
  std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
  std::unique_ptr<Client> client;
};

void ck_reason(const Error& error, Reason wanted) {
  ck_assert_msg(error.reason == wanted, "reason is %s, not %s: %s", reason_word(error.reason),
                reason_word(wanted), error.message.c_str());
}

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
class SlowLedger : public Ledger {
 public:
  SlowLedger(Steps& steps, std::string fails) : steps_(steps), fails_(std::move(fails)) {}
  Async<void> intent(std::string) override { return step("intent"); }
  Async<void> sent(std::string) override { return step("sent"); }
  Async<void> accepted(std::string, std::string id) override { return step("accepted " + id); }
  Async<void> delivered(std::string) override { return step("delivered"); }
  Async<void> failed(std::string, Error) override { return step("failed"); }

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
  Run run("http://127.0.0.1:" + std::to_string(closed_port()));
  run.spec.max_attempts = 2;
  const Error error = run.fails();
  ck_reason(error, Reason::unreachable);
  ck_assert(error.message.find("nothing was submitted") != std::string::npos);
}
END_TEST

// Nothing that a poll meets costs the result.
START_TEST(poll_survives) {
  const ServerReply answers[] = {
      {.status = 500, .body = "{}"},
      {.status = 502, .body = "<html/>", .type = "text/html"},
      {.status = 524, .body = ""},
      {.status = 429, .body = "", .headers = {"Retry-After: 0"}},
      {.status = 400,
       .body = "{\"code\":\"task_not_exist\",\"message\":\"task_not_exist\",\"data\":null}"},
      {.status = 404, .body = ""},
      {.reset = true},
      {.body = ""},
      {.body = "<html/>"},
      {.body = "{\"status\":\"in_pro"},
      {.body = "[]"},
      {.body = "null"},
      {.body = "\"a string\""},
      {.body = "{\"id\":7,\"status\":{},\"progress\":[],\"error\":3}"},
      {.body = "{\"code\":\"success\",\"data\":null}"},
      {.body = task_json("video_1", "completed", 100), .cut_after = 9},
      {.body = "[", .repeat = 100000},
      {.body = "{\"a\":", .repeat = 100000},
      {.body = std::string(1000, ' '), .repeat = 100000},
      {.body = "{\"status\":\"rendering_frames\",\"progress\":\"50%\"}"},
      {.body = "{\"status\":\"failed_over\",\"progress\":100}"},
  };
  FakeService service(kResult, first(is_poll, 1, answers[_i]));
  Run run(service.server.url());
  run.spec.poll_interval = kSecond / 100;
  run.succeeds();
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

START_TEST(poll_ends_the_job) {
  const struct {
    ServerReply reply;
    Reason reason;
  } cases[] = {
      {{.status = 401, .body = "{\"error\":{\"message\":\"expired\"}}"}, Reason::unauthorized},
      {{.body = "{\"id\":\"video_1\",\"status\":\"failed\",\"progress\":100,\"error\":{\"message\":"
                "\"upstream broke\",\"code\":\"x\"}}"},
       Reason::service_error},
      {{.body = "{\"id\":\"video_1\",\"status\":\"FAILURE\",\"fail_reason\":\"content policy "
                "violation\"}"},
       Reason::moderated},
      {{.body = "{\"id\":\"video_1\",\"status\":\"cancelled\",\"video_url\":\"http://127.0.0.1:1/"
                "o.mp4\"}"},
       Reason::service_error},
  };
  FakeService service(kResult, first(is_poll, 99, cases[_i].reply));
  Run run(service.server.url());
  const Error error = run.fails();
  ck_reason(error, cases[_i].reason);
  ck_assert_str_eq(error.task_id.c_str(), "video_1");
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

START_TEST(job_timeout) {
  FakeService service(kResult,
                      first(is_poll, 99999, {.body = task_json("video_1", "in_progress", 5)}));
  Run run(service.server.url());
  run.spec.job_timeout = kSecond / 2;
  const Error error = run.fails();
  ck_reason(error, Reason::timed_out);
  ck_assert_str_eq(error.task_id.c_str(), "video_1");
}
END_TEST

// A create that is never answered ends at job-timeout, not at the idle limit, and leaves doubt.
START_TEST(create_never_answered) {
  FakeService service(kResult, first(is_create, 99, {.hang = true}));
  Run run(service.server.url(), kSecond / 10);
  run.spec.job_timeout = kSecond;
  ck_reason(run.fails(), Reason::unknown_outcome);
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

START_TEST(poll_never_answered) {
  FakeService service(kResult, first(is_poll, 1, {.hang = true}));
  Run run(service.server.url(), kSecond / 5);
  run.succeeds();
}
END_TEST

START_TEST(download_survives) {
  const ServerReply answers[] = {
      {.body = kResult, .type = "video/mp4", .headers = {"ETag: \"e1\""}, .cut_after = 1234567},
      {.body = kResult, .type = "application/octet-stream", .cut_after = 100},
      {.body = kResult, .type = "video/mp4", .no_length = true, .cut_after = 2000000},
      {.status = 500, .body = ""},
      {.status = 503, .body = "<html/>"},
      {.reset = true},
      {.status = 403, .body = "<Error>expired</Error>", .type = "application/xml"},
      {.status = 404, .body = ""},
      {.status = 410, .body = ""},
      {.body = "<html>login</html>", .type = "video/mp4"},
      {.body = "", .type = "video/mp4"},
      {.body = std::string(5000, 'z'), .type = "video/mp4"},
      {.status = 302, .body = "", .headers = {"Location: /files/other.mp4"}},
      {.status = 302, .body = "", .headers = {"Location: file:///etc/passwd"}},
      {.status = 302, .body = "", .headers = {"Location: /files/o.mp4"}},
  };
  FakeService service(kResult, first(is_file, 1, answers[_i]));
  Run run(service.server.url());
  run.spec.max_attempts = 2;
  run.succeeds();
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

// What was fetched is not fetched again.
START_TEST(download_resumes) {
  FakeService service(kResult, first(is_file, 1,
                                     {.body = kResult,
                                      .type = "video/mp4",
                                      .headers = {"ETag: \"e1\""},
                                      .cut_after = 2000000}));
  Run run(service.server.url());
  run.succeeds();
  bool resumed = false;
  for (const SeenRequest& request : service.server.seen()) {
    if (!is_file(request) || !request.headers.count("range")) continue;
    resumed = true;
    ck_assert_str_eq(request.headers.at("range").c_str(), "bytes=2000000-");
    ck_assert_str_eq(request.headers.at("if-range").c_str(), "\"e1\"");
  }
  ck_assert(resumed);
}
END_TEST

// Idle links and bodies that stop moving are given up on, and tried again.
START_TEST(download_stalls) {
  FakeService service(kResult, first(is_file, 1, {.hang = true}));
  Run run(service.server.url(), kSecond / 5);
  run.succeeds();
}
END_TEST

// No link, or links that lead nowhere: the service's own proxy has the bytes, for the key.
START_TEST(content_fallback) {
  const std::string links[] = {"",
                               "file:///etc/passwd",
                               "gopher://127.0.0.1/x",
                               "ftp://127.0.0.1/x",
                               "http://127.0.0.1:" + std::to_string(closed_port()) + "/o.mp4",
                               "data:,x"};
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_poll(request))
      return ServerReply{.body = task_json("video_1", "completed", 100, links[_i])};
    return std::nullopt;
  });
  Run run(service.server.url());
  run.spec.max_attempts = 1;
  run.succeeds();
  bool authorized = false;
  for (const SeenRequest& request : service.server.seen())
    if (request.target == "/v1/videos/video_1/content")
      authorized = request.headers.count("authorization");
  ck_assert(authorized);
}
END_TEST

// The key stays at the API's origin, whatever the service says.
START_TEST(key_stays_home) {
  FaultServer elsewhere(
      [](const SeenRequest&) { return ServerReply{.body = kResult, .type = "video/mp4"}; });
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_poll(request) && _i == 0)
      return ServerReply{.body =
                             task_json("video_1", "completed", 100, elsewhere.url() + "/o.mp4")};
    if (is_poll(request)) return ServerReply{.body = task_json("video_1", "completed", 100)};
    if (request.target.ends_with("/content"))
      return ServerReply{
          .status = 302, .body = "", .headers = {"Location: " + elsewhere.url() + "/o.mp4"}};
    return std::nullopt;
  });
  Run run(service.server.url());
  run.settings.http.extra_headers = {{"X-Tenant", "secret"}};
  run.succeeds();
  ck_assert_int_eq(elsewhere.count("GET"), 1);
  ck_assert(elsewhere.seen()[0].headers.count("authorization") == 0);
  ck_assert(elsewhere.seen()[0].headers.count("x-tenant") == 0);
  ck_assert(service.server.seen()[0].headers.at("x-tenant") == "secret");
}
END_TEST

START_TEST(content_as_json) {
  const bool inline_bytes = _i == 1;
  const std::string small = kResult;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_poll(request)) return ServerReply{.body = task_json("video_1", "completed", 100)};
    if (!request.target.ends_with("/content")) return std::nullopt;
    if (!inline_bytes) return ServerReply{.body = "{\"url\":\"/files/o.mp4\"}"};
    const CharPtr base64(
        g_base64_encode(reinterpret_cast<const guchar*>(small.data()), small.size()));
    return ServerReply{.body = std::string("{\"base64\":\"") + base64.get() + "\"}"};
  });
  Run run(service.server.url());
  run.succeeds();
}
END_TEST

START_TEST(no_usable_result) {
  const ServerReply answers[] = {
      {.body = "<html/>", .type = "text/html"},
      {.body = ""},
      {.status = 403, .body = ""},
      {.body = kResult.substr(0, 1000), .type = "video/mp4"},
      {.body = "{\"error\":\"gone\"}"},
  };
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_file(request) || request.target.ends_with("/content")) return answers[_i];
    return std::nullopt;
  });
  Run run(service.server.url());
  run.spec.max_attempts = 1;
  const Error error = run.fails();
  ck_reason(error, Reason::bad_result);
  ck_assert_str_eq(error.task_id.c_str(), "video_1");
  ck_assert_int_eq(service.creates(), 1);
  ck_assert(error.message.find("s3cr3t") == std::string::npos);
}
END_TEST

// A link whose file never gets longer than before is given up on after retry-attempts.
START_TEST(download_without_progress) {
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_file(request))
      return ServerReply{.body = kResult, .type = "video/mp4", .cut_after = 2000000};
    if (request.target.ends_with("/content")) return ServerReply{.status = 404, .body = ""};
    return std::nullopt;
  });
  Run run(service.server.url());
  run.spec.max_attempts = 3;
  run.fails();
  ck_assert_int_le(service.server.count("GET", "/files/"), 12);
}
END_TEST

// 1xx answers without end are read in one turn of the loop; they must not keep everything waiting.
START_TEST(informational_flood) {
  std::string flood;
  for (int i = 0; i < 200000; ++i) flood += "HTTP/1.1 100 Continue\r\n\r\n";
  FakeService service(kResult, first(is_poll, 1, {.raw = flood}));
  Run run(service.server.url());
  run.succeeds();
}
END_TEST

// "Ask again in 0 s" is not to be taken at its word.
START_TEST(no_flood_of_polls) {
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!is_poll(request) || request.number > 99) return std::nullopt;
    return ServerReply{.body = task_json("video_1", "running", 5), .headers = {"Retry-After: 0"}};
  });
  Run run(service.server.url());
  run.spec.job_timeout = 2 * kSecond;
  ck_reason(run.fails(), Reason::timed_out);
  ck_assert_int_le(service.server.count("GET"), 6);
}
END_TEST

// Ids are data: they are escaped, and never leave their path segment.
START_TEST(odd_ids) {
  const char* const ids[] = {"sora-2:task_1", "../../admin", "a b?c#d", "100%", "é"};
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_create(request)) return ServerReply{.body = task_json(ids[_i], "queued", 0)};
    const CharPtr escaped(g_uri_escape_string(ids[_i], nullptr, FALSE));
    if (request.target == std::string("/v1/videos/") + escaped.get())
      return ServerReply{.body = task_json("another", "completed", 100, "/files/o.mp4")};
    if (is_file(request)) return std::nullopt;
    return ServerReply{.status = 404, .body = ""};
  });
  Run run(service.server.url());
  run.succeeds();
}
END_TEST

// The service hands the clip back: told, since it was paid for.
START_TEST(result_is_the_reference) {
  FakeService service(kResult);
  Run run(service.server.url());
  if (_i == 0) run.reference = kResult;
  run.spec.reference = rope(run.reference, 1001);
  run.succeeds();
  run.client.reset();
  const bool told = run.log.find("byte for byte") != std::string::npos;
  ck_assert(told == (_i == 0));
}
END_TEST

// Going away never waits for the network, whatever hangs.
START_TEST(stop_with_hung_sockets) {
  const int hang = _i;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    const bool here = hang == 0   ? is_create(request)
                      : hang == 1 ? is_poll(request)
                                  : is_file(request);
    if (here) return ServerReply{.hang = true};
    return std::nullopt;
  });
  Run run(service.server.url(), 60 * kSecond);
  run.client = std::make_unique<Client>(run.settings);
  auto future = run.recorder->done.get_future();
  run.client->submit(run.spec, run.recorder);
  ck_assert(service.server.wait_for(1, hang == 0 ? "POST" : "GET", hang == 2 ? "/files/" : "/"));
  run.client.reset();
  ck_assert(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
}
END_TEST

START_TEST(stop_while_connecting_and_waiting) {
  Run run("http://127.0.0.1:" + std::to_string(closed_port()));
  run.settings.max_in_flight = 1;
  run.client = std::make_unique<Client>(run.settings);
  std::vector<std::shared_ptr<Recorder>> recorders;
  for (int i = 0; i < 20; ++i) {
    recorders.push_back(std::make_shared<Recorder>());
    run.client->submit(run.spec, recorders.back());
  }
  run.client.reset();
  for (const auto& recorder : recorders)
    ck_reason(std::get<Error>(recorder->done.get_future().get()), Reason::cancelled);
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
  run.client = std::make_unique<Client>(run.settings);
  std::vector<std::shared_ptr<Recorder>> recorders;
  for (int i = 0; i < 40; ++i) {
    recorders.push_back(std::make_shared<Recorder>());
    run.client->submit(run.spec, recorders.back());
  }
  for (const auto& recorder : recorders)
    ck_assert_msg(
        std::holds_alternative<std::shared_ptr<const Bytes>>(recorder->done.get_future().get()),
        "%s", run.log.c_str());
  ck_assert_int_eq(service.creates(), 40);
  ck_assert_int_le(most, 8);
  ck_assert_uint_eq(run.client->stats().jobs.completed, 40);
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
  ck_assert(std::holds_alternative<std::shared_ptr<const Bytes>>(outcome));
  service.server.stop();
  ck_assert_str_eq(at_create.c_str(), "intent;sent;");
  ck_assert_str_eq(at_poll.c_str(), "intent;sent;accepted video_1;");
  ck_assert(steps.text() == "intent;sent;accepted video_1;delivered;");
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
  ck_assert(steps.text().ends_with("failed;"));
}
END_TEST

START_TEST(stop_while_the_ledger_writes) {
  Steps steps;
  FakeService service(kResult);
  Run run(service.server.url());
  run.client = std::make_unique<Client>(run.settings, std::make_unique<SlowLedger>(steps, ""));
  auto future = run.recorder->done.get_future();
  run.client->submit(run.spec, run.recorder);
  run.client.reset();
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  ck_assert_int_eq(service.creates(), 0);
}
END_TEST

int main() {
  return run_tests("client-faults",
                   {
                       {"happy_path", happy_path, 1},
                       {"create_unknown_outcome", create_unknown_outcome, 14},
                       {"create_definite_refusal", create_definite_refusal, 11},
                       {"create_retried", create_retried, 4},
                       {"create_rate_limited_for_good", create_rate_limited_for_good, 1},
                       {"create_broken_in_the_body", create_broken_in_the_body, 1},
                       {"create_refused_early", create_refused_early, 1},
                       {"unreachable", unreachable, 1},
                       {"poll_survives", poll_survives, 21},
                       {"poll_ends_the_job", poll_ends_the_job, 4},
                       {"job_timeout", job_timeout, 1},
                       {"create_never_answered", create_never_answered, 1},
                       {"poll_never_answered", poll_never_answered, 1},
                       {"download_survives", download_survives, 15},
                       {"download_resumes", download_resumes, 1},
                       {"download_stalls", download_stalls, 1},
                       {"content_fallback", content_fallback, 6},
                       {"key_stays_home", key_stays_home, 2},
                       {"content_as_json", content_as_json, 2},
                       {"no_usable_result", no_usable_result, 5},
                       {"odd_ids", odd_ids, 5},
                       {"download_without_progress", download_without_progress, 1},
                       {"informational_flood", informational_flood, 1},
                       {"no_flood_of_polls", no_flood_of_polls, 1},
                       {"stop_with_hung_sockets", stop_with_hung_sockets, 3},
                       {"stop_while_connecting_and_waiting", stop_while_connecting_and_waiting, 1},
                       {"result_is_the_reference", result_is_the_reference, 2},
                       {"many_at_once", many_at_once, 1},
                       {"ledger_comes_first", ledger_comes_first, 1},
                       {"ledger_fails", ledger_fails, 2},
                       {"stop_while_the_ledger_writes", stop_while_the_ledger_writes, 1},
                   });
}
