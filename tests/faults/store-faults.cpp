// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The transports `put` and `s3` against stores that misbehave on purpose: what they get to see,
// what becomes of the job, and that nothing is submitted when the reference is not where it should
// be.
#include "client/sha256.h"
#include "client/sigv4.h"
#include "support/publish-run.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr char kAccess[] = "AKIDEXAMPLE", kSecret[] = "s3cr3t-s3cr3t", kToken[] = "t0ken+/=";
constexpr char kRegion[] = "eu-test-1";

bool is_put(const SeenRequest& request) {
  return request.method == "PUT";
}

std::string path_of(const SeenRequest& request) {
  return request.target.substr(0, request.target.find('?'));
}

/// Keeps what is put there, and gives it back.
class Store {
 public:
  using Answer = std::function<std::optional<ServerReply>(const SeenRequest&)>;
  explicit Store(Answer special = nullptr)
      : server([this, special](const SeenRequest& request) {
          if (special) {
            if (auto reply = special(request)) return *reply;
          }
          return usual(request);
        }) {}

  std::vector<SeenRequest> seen(const std::string& method) const {
    std::vector<SeenRequest> found;
    for (const SeenRequest& request : server.seen())
      if (request.method == method) found.push_back(request);
    return found;
  }
  std::size_t size() {
    const std::lock_guard lock(lock_);
    return files_.size();
  }

 private:
  ServerReply usual(const SeenRequest& request) {
    const std::lock_guard lock(lock_);
    const std::string path = path_of(request);
    if (request.method == "PUT") {
      files_[path] = {request.body, request.headers.at("content-type")};
      return {.status = 201, .body = ""};
    }
    const auto file = files_.find(path);
    if (file == files_.end()) return {.status = 404, .body = ""};
    const auto [body, type] = file->second;
    if (request.method == "DELETE") files_.erase(file);
    if (request.method == "DELETE") return {.raw = "HTTP/1.1 204 No Content\r\n\r\n"};
    if (!request.headers.count("range")) return {.body = body, .type = type};
    return {.status = 206,
            .body = body.substr(0, 1),
            .type = type,
            .headers = {"Content-Range: bytes 0-0/" + std::to_string(body.size())}};
  }
  std::mutex lock_;
  std::map<std::string, std::pair<std::string, std::string>> files_;

 public:
  FaultServer server;  // last: its threads end before what they use
};

Store::Answer first_of(const std::string& method, int times, ServerReply reply) {
  // Counted by method: every job has a name of its own, so every path is new.
  auto count = std::make_shared<std::atomic<int>>(0);
  return [=](const SeenRequest& request) -> std::optional<ServerReply> {
    if (request.method == method && ++*count <= times) return reply;
    return std::nullopt;
  };
}

struct PutRun : PublishRun {
  PutRun(const std::string& base_url, const std::string& store) : PublishRun(base_url) {
    settings.publish.transport = Transport::put;
    settings.publish.put_url = "http://user:s3cr3t@" + store.substr(7) + "/f/{name}?sig=s3cr3t";
  }
};

struct S3Run : PublishRun {
  S3Run(const std::string& base_url, const std::string& store) : PublishRun(base_url) {
    settings.publish.transport = Transport::s3;
    settings.publish.s3_url = "s3://bucket/clips?endpoint=" + store + "&region=" + kRegion;
    settings.publish.s3 = {kAccess, kSecret, kToken, "", ""};
  }
};

/// The signature as S3 would make it from what came over the wire.
bool is_well_signed(const SeenRequest& request, const std::string& store) {
  const SigV4Key key{kAccess, kSecret, kToken, kRegion};
  const auto header = [&](const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  };
  const std::string mark = "&X-Amz-Signature=";
  if (const std::size_t at = request.target.find(mark); at != std::string::npos) {
    const std::string time = request.target.substr(request.target.find("X-Amz-Date=") + 11, 16);
    const SigV4Request to_sign{
        request.method, store + request.target.substr(0, at), {}, kUnsignedPayload};
    const std::string expected =
        sigv4_signature(string_to_sign(canonical_request(to_sign), key, time), key, time);
    return request.target.substr(at + mark.size()) == expected && header("authorization").empty();
  }
  SigV4Request to_sign{request.method, store + request.target, {}, sha256_hex(request.body)};
  if (header("x-amz-content-sha256") != to_sign.payload_hash) return false;
  if (header("x-amz-security-token") != kToken || "http://" + header("host") != store) return false;
  for (const char* name :
       {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "content-type"})
    if (!header(name).empty()) to_sign.headers.emplace_back(name, header(name));
  return header("authorization") == sigv4_authorization(to_sign, key, header("x-amz-date"));
}

/// A store that lets nobody in without a good signature.
class SignedStore : public Store {
 public:
  explicit SignedStore(Answer special = nullptr)
      : Store([this, special](const SeenRequest& request) -> std::optional<ServerReply> {
          if (!is_well_signed(request, server.url()))
            return ServerReply{.status = 403,
                               .body =
                                   "<Error><Code>SignatureDoesNotMatch</Code><Message>no"
                                   "</Message></Error>",
                               .type = "application/xml"};
          return special ? special(request) : std::nullopt;
        }) {}
};

}  // namespace

START_TEST(put_stores_the_reference) {
  Store store;
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.settings.http.extra_headers = {{"X-Tenant", "secret"}};
  run.settings.publish.delete_reference = _i == 1;
  run.succeeds();
  const auto puts = store.seen("PUT");
  ck_assert_uint_eq(puts.size(), 1);
  const SeenRequest& put = puts[0];
  ck_assert(put.body == run.reference);
  ck_assert_str_eq(put.headers.at("content-type").c_str(), "video/mp4");
  ck_assert_str_eq(put.headers.at("content-length").c_str(), "100003");
  ck_assert_str_eq(put.headers.at("authorization").c_str(), "Basic dXNlcjpzM2NyM3Q=");
  ck_assert(put.target.starts_with("/f/") && put.target.ends_with(".mp4?sig=s3cr3t"));
  ck_assert_uint_eq(path_of(put).size(), 3 + 32 + 4);
  // The service gets the bare address, and its check goes without credentials.
  ck_assert(created_url(service) == store.server.url() + path_of(put));
  for (const SeenRequest& request : store.seen("HEAD")) {
    ck_assert(request.target == path_of(put));
    ck_assert(request.headers.count("authorization") == 0);
  }
  if (_i == 1) ck_assert(store.server.wait_for(1, "DELETE"));
  run.client.reset();
  const auto deletes = store.seen("DELETE");
  ck_assert_int_eq(static_cast<int>(deletes.size()), _i);
  if (_i == 1)
    ck_assert(deletes[0].target == put.target && deletes[0].headers.count("authorization"));
  for (const SeenRequest& request : store.server.seen()) {
    ck_assert(request.headers.count("x-tenant") == 0);
    ck_assert(request.headers.count("idempotency-key") == 0);
  }
  expect_lacks("log", run.log_text(), "s3cr3t");
}
END_TEST

START_TEST(put_public_url) {
  Store store;
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.settings.publish.public_url = store.server.url() + "/f/{name}?cdn=1";
  run.succeeds();
  ck_assert(created_url(service).ends_with(".mp4?cdn=1"));
}
END_TEST

START_TEST(put_repeated) {
  const ServerReply answers[] = {
      {.status = 503, .body = "", .headers = {"Retry-After: 0"}},
      {.status = 429, .body = "", .headers = {"Retry-After: 0"}},
      {.status = 502, .body = "<html/>", .type = "text/html"},
      {.status = 408, .body = ""},
      {.reset = true},
  };
  Store store(first_of("PUT", 1, answers[_i]));
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.succeeds();
  const auto puts = store.seen("PUT");
  ck_assert_uint_eq(puts.size(), 2);
  ck_assert(puts[0].target == puts[1].target && puts[1].body == run.reference);
  // Only a break asks first: what had the store to say?
  ck_assert_uint_eq(puts[1].headers.count("expect"), _i == 4);
  ck_assert_uint_ge(run.client->stats().jobs.retried, 1);
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

START_TEST(put_refused) {
  const struct {
    ServerReply reply;
    Reason reason;
    const char* says;
    int puts;
  } cases[] = {
      {{.status = 401, .body = "", .headers = {"WWW-Authenticate: Basic realm=\"x\""}},
       Reason::unauthorized,
       "put-url",
       1},
      {{.status = 403, .body = ""}, Reason::unauthorized, "permission to write", 1},
      {{.status = 404, .body = ""}, Reason::invalid_request, "Check put-url", 1},
      {{.status = 405, .body = ""}, Reason::invalid_request, "WebDAV", 1},
      {{.status = 409, .body = ""}, Reason::invalid_request, "folder does not exist", 1},
      {{.status = 413, .body = ""}, Reason::too_large, "limit", 1},
      {{.status = 507, .body = ""}, Reason::unreachable, "full", 1},
      {{.status = 302, .body = "", .headers = {"Location: /elsewhere?sig=s3cr3t"}},
       Reason::invalid_request,
       "redirect",
       1},
      {{.status = 307, .body = "", .headers = {"Location: /elsewhere"}},
       Reason::invalid_request,
       "redirect",
       1},
      {{.status = 503, .body = "", .headers = {"Retry-After: 0"}}, Reason::unreachable, "503", 3},
      {{.reset = true}, Reason::unreachable, "did not answer", 3},
      {{.raw = "garbage\r\n\r\n"}, Reason::unreachable, "did not answer", 3},
  };
  const auto& row = cases[_i];
  Store store(first_of("PUT", 99, row.reply));
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.settings.publish.delete_reference = true;
  const Error error = run.refused(row.reason, service);
  expect_contains("message", error.message, row.says);
  run.client.reset();
  expect_lacks("message", error.message + run.log_text(), "s3cr3t");
  // After a definite no there is nothing to take back.
  const bool definite = error.http_status >= 300 && error.http_status < 500;
  if (definite) expect_lacks("log", run.log_text(), "may still be stored");
  if (definite) ck_assert_uint_eq(store.seen("DELETE").size(), 0);
  ck_assert_uint_eq(store.seen("PUT").size(), static_cast<unsigned>(row.puts));
}
END_TEST

// Refused before a byte is sent.
START_TEST(put_settings_refused) {
  const char* const templates[] = {"", "/f/reference.mp4", "ftp", "/f?x={name}"};
  Store store;
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  const std::string text = templates[_i];
  run.settings.publish.put_url = text.starts_with("/") ? store.server.url() + text : text;
  run.settings.publish.delete_reference = true;
  const Error error = run.refused(Reason::invalid_request, service);
  expect_contains("message", error.message, "put-url");
  run.client.reset();
  ck_assert_uint_eq(store.server.seen().size(), 0);
}
END_TEST

// What is found there afterwards must be what was put there.
START_TEST(put_check_fails) {
  const struct {
    ServerReply reply;
    Reason reason;
  } cases[] = {
      {{.body = std::string(100003, 'x'), .type = "text/html"}, Reason::bad_input},
      {{.body = "login", .type = "video/mp4"}, Reason::bad_input},
      {{.status = 401, .body = ""}, Reason::unauthorized},
      {{.status = 404, .body = ""}, Reason::invalid_request},
      {{.status = 301, .body = "", .headers = {"Location: https://x"}}, Reason::invalid_request},
  };
  Store store(first_of("HEAD", 99, cases[_i].reply));
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.settings.publish.delete_reference = true;
  run.refused(cases[_i].reason, service);
  // It is of no use to anybody: not left behind.
  ck_assert(store.server.wait_for(1, "DELETE"));
}
END_TEST

// Deleted however the job ended; what is gone already is fine, what stays is told.
START_TEST(put_deleted_after_failure) {
  const ServerReply answers[] = {
      {.status = 404, .body = ""}, {.status = 410, .body = ""}, {.status = 403, .body = ""}};
  Store store(first_of("DELETE", 99, answers[_i]));
  FakeService service(kResult, first(is_create, 99, {.status = 402, .body = "{\"error\":\"x\"}"}));
  PutRun run(service.server.url(), store.server.url());
  run.settings.publish.delete_reference = true;
  std::promise<void> told;
  run.settings.log = [&, keep = run.settings.log](LogLevel level, const std::string& line) {
    keep(level, line);
    if (line.find("HTTP 403") != std::string::npos && level == LogLevel::warning) told.set_value();
  };
  ck_reason(run.fails(), Reason::payment_required);
  ck_assert(store.server.wait_for(1, "DELETE"));
  if (_i == 2) {
    ck_assert(told.get_future().wait_for(std::chrono::seconds(300)) == std::future_status::ready);
  } else {
    // A job that comes after it has many answers of its own to wait for.
    run.another().get();
  }
  const bool left = run.log_text().find(path_of(store.seen("PUT")[0]) + " may still be stored") !=
                    std::string::npos;
  ck_assert(left == (_i == 2));
  run.client.reset();
  expect_lacks("log", run.log_text(), "s3cr3t");
}
END_TEST

// A DELETE that hangs holds the result up for a moment only, and stopping ends it at once.
START_TEST(stop_while_deleting) {
  Store store(first_of("DELETE", 99, {.hang = true}));
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.settings.http.idle_timeout = 60 * kSecond;
  run.settings.publish.delete_reference = true;
  run.succeeds();
  ck_assert(store.server.wait_for(1, "DELETE"));
  run.client.reset();
  expect_contains("log", run.log_text(), "may still be stored");
  ck_assert_uint_eq(run.recorder->warnings.size(), 1);
  expect_contains("warning", run.recorder->warnings[0].message, "did not confirm in time");
  expect_contains("log", run.log_text(), path_of(store.seen("PUT")[0]));
  expect_lacks("log", run.log_text(), "s3cr3t");
}
END_TEST

// Going away while the store hangs: in the PUT, in the check.
START_TEST(stop_while_storing) {
  const char* const methods[] = {"PUT", "HEAD"};
  Store store(first_of(methods[_i], 99, {.hang = true}));
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.settings.http.idle_timeout = 60 * kSecond;
  run.settings.publish.delete_reference = true;
  auto future = run.start();
  ck_assert(store.server.wait_for(1, methods[_i]));
  run.client.reset();
  ck_assert(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  ck_assert_int_eq(service.creates(), 0);
  expect_contains("log", run.log_text(), "may still be stored");
}
END_TEST

// One job called off: the client goes on, and takes back what the job had put there.
START_TEST(cancel_while_storing) {
  Store store(first_of("HEAD", 1, {.hang = true}));
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.settings.http.idle_timeout = 60 * kSecond;
  run.settings.publish.delete_reference = true;
  run.client = std::make_unique<Client>(run.settings);
  auto future = run.recorder->done.get_future();
  const auto id = run.client->submit(run.spec, run.recorder);
  ck_assert(store.server.wait_for(1, "HEAD"));
  run.client->cancel(id);
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  ck_assert(store.server.wait_for(1, "DELETE"));
  ck_assert_int_eq(service.creates(), 0);
}
END_TEST

// A job called off while the service has it: it goes on there, and may only now fetch its
// reference.
START_TEST(kept_while_the_service_may_need_it) {
  Store store;
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!is_poll(request)) return std::nullopt;
    return ServerReply{.body = task_json("video_1", "queued", 0)};
  });
  PutRun run(service.server.url(), store.server.url());
  run.settings.publish.delete_reference = true;
  run.client = std::make_unique<Client>(run.settings);
  auto future = run.recorder->done.get_future();
  const auto id = run.client->submit(run.spec, run.recorder);
  ck_assert(service.server.wait_for(1, "GET", "/v1/videos/"));
  run.client->cancel(id);
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  run.client.reset();
  ck_assert_uint_eq(store.seen("DELETE").size(), 0);
  ck_assert_uint_eq(run.recorder->warnings.size(), 1);
  expect_contains("warning", run.recorder->warnings[0].message, "Delete it yourself later");
  expect_contains("warning", run.recorder->warnings[0].message, path_of(store.seen("PUT")[0]));
}
END_TEST

// A plain 500 is what nginx says of a folder that is not there: one more try, and then the word.
START_TEST(put_500_is_soon_told) {
  Store store(first_of("PUT", 99, {.status = 500, .body = ""}));
  FakeService service(kResult);
  PutRun run(service.server.url(), store.server.url());
  run.spec.max_attempts = 5;
  run.refused(Reason::unreachable, service);
  ck_assert_uint_eq(store.seen("PUT").size(), 2);
}
END_TEST

// A store that refuses early and closes: the second try lets it say why.
START_TEST(put_refused_early) {
  FaultServer store(
      [](const SeenRequest& request) {
        return ServerReply{.status = 413,
                           .body = "",
                           .headers = {"Connection: close"},
                           .cut_after = 99,
                           .reset = request.headers.count("expect") == 0};
      },
      [](const SeenRequest& request) -> EarlyDecision {
        return {.read_most = request.headers.count("expect") ? 0u : 1000u, .send_continue = false};
      });
  FakeService service(kResult);
  PutRun run(service.server.url(), store.url());
  run.spec.reference = rope(std::string(15000000, 'x'), 65536);
  run.spec.uploads[0].bytes = run.spec.reference;
  run.refused(Reason::too_large, service);
  ck_assert_int_le(store.count("PUT"), 2);
}
END_TEST

START_TEST(s3_stores_the_reference) {
  SignedStore store;
  FakeService service(kResult);
  S3Run run(service.server.url(), store.server.url());
  run.settings.publish.delete_reference = _i == 1;
  // As a real one has it: larger than a step of the hash, in pieces that do not fit the steps.
  run.reference = std::string(2500000, 'x') + "end";
  run.spec.reference = run.spec.uploads[0].bytes = rope(run.reference, 300001);
  run.succeeds();
  const auto puts = store.seen("PUT");
  ck_assert_uint_eq(puts.size(), 1);
  ck_assert(puts[0].body == run.reference && puts[0].target.starts_with("/bucket/clips/"));
  const std::string url = created_url(service);
  ck_assert(url.starts_with(store.server.url() + puts[0].target + "?X-Amz-Algorithm="));
  expect_contains("url", url, "&X-Amz-Expires=5400&");
  const PlainReply got = plain_http(url), bare = plain_http(store.server.url() + puts[0].target);
  if (_i == 0) ck_assert(got.status == 200 && got.body == run.reference);
  ck_assert_int_eq(bare.status, 403);
  // A URL that is signed for GET is not asked with HEAD.
  ck_assert_uint_eq(store.seen("HEAD").size(), 0);
  if (_i == 1) ck_assert(store.server.wait_for(1, "DELETE"));
  run.client.reset();
  ck_assert_uint_eq(store.seen("DELETE").size(), static_cast<unsigned>(_i));
  ck_assert_uint_eq(store.size(), _i == 1 ? 0 : 1);
  for (const char* secret : {kSecret, kToken, "X-Amz-Signature"})
    expect_lacks("log", run.log_text(), secret);
}
END_TEST

START_TEST(s3_longest_link) {
  SignedStore store;
  FakeService service(kResult);
  S3Run run(service.server.url(), store.server.url());
  run.spec.job_timeout = 30 * 24 * 3600 * kSecond;
  run.succeeds();
  expect_contains("url", created_url(service), "&X-Amz-Expires=604800&");
}
END_TEST

START_TEST(s3_repeated) {
  const ServerReply answers[] = {
      {.status = 503,
       .body = "<Error><Code>SlowDown</Code></Error>",
       .headers = {"Retry-After: 0"}},
      {.status = 400, .body = "<Error><Code>RequestTimeout</Code></Error>"},
      {.reset = true},
  };
  SignedStore store(first_of("PUT", 1, answers[_i]));
  FakeService service(kResult);
  S3Run run(service.server.url(), store.server.url());
  run.succeeds();
  ck_assert_uint_eq(store.seen("PUT").size(), 2);
}
END_TEST

START_TEST(s3_refused) {
  const auto xml = [](const char* code) {
    return std::string("<?xml version=\"1.0\"?><Error><Code>") + code +
           "</Code><Message>said &lt;so&gt;</Message></Error>";
  };
  const struct {
    ServerReply reply;
    Reason reason;
    const char* says;
  } cases[] = {
      {{.status = 403, .body = xml("AccessDenied")}, Reason::unauthorized, "s3:PutObject"},
      {{.status = 403, .body = xml("InvalidAccessKeyId")},
       Reason::unauthorized,
       "AWS_ACCESS_KEY_ID"},
      {{.status = 403, .body = xml("RequestTimeTooSkewed")}, Reason::invalid_request, "clock"},
      {{.status = 404, .body = xml("NoSuchBucket")}, Reason::invalid_request, "bucket"},
      {{.status = 301,
        .body = xml("PermanentRedirect"),
        .headers = {"x-amz-bucket-region: eu-west-9"}},
       Reason::invalid_request,
       "eu-west-9"},
      {{.status = 400,
        .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>said &lt;so&gt;</Message>"
                "<Region>eu-west-8</Region></Error>"},
       Reason::invalid_request,
       "eu-west-8"},
  };
  const auto& row = cases[_i];
  SignedStore store(first_of("PUT", 99, row.reply));
  FakeService service(kResult);
  S3Run run(service.server.url(), store.server.url());
  const Error error = run.refused(row.reason, service);
  expect_contains("message", error.message, row.says);
  expect_contains("message", error.message, "said <so>");
  ck_assert_uint_eq(store.seen("PUT").size(), 1);
}
END_TEST

// A wrong secret is found out by the store, and the message says where to look.
START_TEST(s3_wrong_secret) {
  SignedStore store;
  FakeService service(kResult);
  S3Run run(service.server.url(), store.server.url());
  run.settings.publish.s3.secret_key += "x";
  const Error error = run.refused(Reason::unauthorized, service);
  expect_contains("message", error.message, "AWS_SECRET_ACCESS_KEY");
  expect_lacks("message", error.message, kSecret);
}
END_TEST

START_TEST(s3_not_readable) {
  SignedStore store([](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_put(request)) return std::nullopt;
    return ServerReply{.status = 403, .body = "<Error><Code>AccessDenied</Code></Error>"};
  });
  FakeService service(kResult);
  S3Run run(service.server.url(), store.server.url());
  const Error error = run.refused(Reason::unauthorized, service);
  expect_contains("message", error.message, "s3:GetObject");
  expect_contains("message", error.message, "AccessDenied");
  expect_lacks("message", error.message, "Signature=");
}
END_TEST

START_TEST(s3_without_credentials) {
  SignedStore store;
  FakeService service(kResult);
  S3Run run(service.server.url(), store.server.url());
  run.settings.publish.s3.secret_key.clear();
  const Error error = run.refused(Reason::unauthorized, service);
  expect_contains("message", error.message, "AWS_SECRET_ACCESS_KEY");
  ck_assert_uint_eq(store.server.seen().size(), 0);
}
END_TEST

int main() {
  return run_tests("store-faults", {
                                       {"put_stores_the_reference", put_stores_the_reference, 2},
                                       {"put_public_url", put_public_url, 1},
                                       {"put_repeated", put_repeated, 5},
                                       {"put_refused", put_refused, 12},
                                       {"put_settings_refused", put_settings_refused, 4},
                                       {"put_check_fails", put_check_fails, 5},
                                       {"put_deleted_after_failure", put_deleted_after_failure, 3},
                                       {"stop_while_deleting", stop_while_deleting, 1},
                                       {"stop_while_storing", stop_while_storing, 2},
                                       {"cancel_while_storing", cancel_while_storing, 1},
                                       {"kept while the service may need it",
                                        kept_while_the_service_may_need_it, 1},
                                       {"put_500_is_soon_told", put_500_is_soon_told, 1},
                                       {"put_refused_early", put_refused_early, 1},
                                       {"s3_stores_the_reference", s3_stores_the_reference, 2},
                                       {"s3_longest_link", s3_longest_link, 1},
                                       {"s3_repeated", s3_repeated, 3},
                                       {"s3_refused", s3_refused, 6},
                                       {"s3_wrong_secret", s3_wrong_secret, 1},
                                       {"s3_not_readable", s3_not_readable, 1},
                                       {"s3_without_credentials", s3_without_credentials, 1},
                                   });
}
