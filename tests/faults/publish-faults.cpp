// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The transport `serve`, and the checks that all transports share: what the service gets to see
// under a published URL, and that nothing is submitted when it could not fetch it.
#include "support/publish-run.h"

using namespace omni;
using namespace omni::test;

namespace {

struct ServeRun : PublishRun {
  explicit ServeRun(const std::string& base_url) : PublishRun(base_url) {
    settings.publish.transport = Transport::serve;
    settings.publish.serve_address = "127.0.0.1";
  }
};

/// A store of the application's own, at which everything has its URL already.
struct OwnUrlRun : PublishRun {
  OwnUrlRun(const std::string& base_url, const std::string& url) : PublishRun(base_url) {
    spec.uploads[0].url = url;
  }
};

bool starts_with_path(const std::string& url, const std::string& start) {
  return url.starts_with(start);
}

}  // namespace

START_TEST(serve_gives_the_reference) {
  std::string url;
  PlainReply got, head, wrong_path, root, post, long_post;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!is_create(request)) return std::nullopt;
    url = url_in(request);
    got = plain_http(url);
    head = plain_http(url, "HEAD");
    post = plain_http(url, "POST", {}, "x");
    long_post = plain_http(url, "PUT", {}, std::string(3000000, 'x'));
    wrong_path = plain_http(url.substr(0, url.rfind('/')) + "/other.mp4");
    root = plain_http(url.substr(0, url.find('/', 8)) + "/");
    return std::nullopt;
  });
  ServeRun run(service.server.url());
  run.succeeds();
  service.server.stop();  // its threads wrote what is read here
  ck_assert_int_eq(got.status, 200);
  ck_assert(got.body == run.reference);
  ck_assert_str_eq(got.headers["content-type"].c_str(), "video/mp4");
  ck_assert_str_eq(got.headers["accept-ranges"].c_str(), "bytes");
  ck_assert_str_eq(got.headers["cache-control"].c_str(), "no-store");
  ck_assert_str_eq(got.headers["connection"].c_str(), "close");
  ck_assert_str_eq(wrong_path.headers["connection"].c_str(), "close");
  ck_assert_int_eq(head.status, 200);
  ck_assert_uint_eq(std::stoul(head.headers["content-length"]), run.reference.size());
  ck_assert_uint_eq(head.body.size(), 0);
  ck_assert_int_eq(post.status, 405);
  ck_assert_str_eq(post.headers["allow"].c_str(), "GET, HEAD");
  ck_assert(long_post.status == 405 || long_post.status == 0);
  ck_assert_int_eq(wrong_path.status, 404);
  ck_assert_int_eq(root.status, 404);
  // Nobody can guess it: 128 bits in hex.
  const std::string path = url.substr(url.find('/', 8));
  ck_assert_uint_eq(path.size(),
                    std::string("/0123456789abcdef0123456789abcdef/reference.mp4").size());
  ck_assert_uint_eq(path.find_first_not_of("0123456789abcdef", 1), 33);
  run.client.reset();
  ck_assert_int_eq(plain_http(url).status, 0);
  std::vector<JobState> states;
  for (const JobUpdate& update : run.recorder->updates)
    if (states.empty() || states.back() != update.state) states.push_back(update.state);
  ck_assert(states.size() > 3 && states[0] == JobState::waiting &&
            states[1] == JobState::publishing && states[2] == JobState::submitting);
}
END_TEST

START_TEST(serve_ranges) {
  const struct {
    const char* header;
    int status;
    std::size_t from, count;
  } cases[] = {
      {"Range: bytes=0-0", 206, 0, 1},
      {"Range: bytes=1000-1002", 206, 1000, 3},  // across two pieces
      {"Range: bytes=100000-", 206, 100000, 3},
      {"Range: bytes=-5", 206, 99998, 5},
      {"Range: bytes=-900000", 206, 0, 100003},
      {"Range: bytes=5-900000", 206, 5, 99998},
      {"Range: bytes=100003-", 416, 0, 0},
      {"Range: bytes=-0", 416, 0, 0},
      {"Range: bytes=7-3", 200, 0, 100003},
      {"Range: bytes=0-1,5-9", 200, 0, 100003},
      {"Range: lines=0-1", 200, 0, 100003},
      {"Range: bytes=a-b", 200, 0, 100003},
  };
  const auto& row = cases[_i];
  PlainReply got, conditional;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!is_create(request)) return std::nullopt;
    got = plain_http(url_in(request), "GET", {row.header});
    conditional = plain_http(url_in(request), "GET", {row.header, "If-Range: \"e1\""});
    return std::nullopt;
  });
  ServeRun run(service.server.url());
  run.succeeds();
  service.server.stop();  // its threads wrote what is read here
  ck_assert_int_eq(got.status, row.status);
  ck_assert(got.body == run.reference.substr(row.from, row.count));
  const std::string range = got.headers["content-range"];
  if (row.status == 206)
    ck_assert(range == "bytes " + std::to_string(row.from) + "-" +
                           std::to_string(row.from + row.count - 1) + "/100003");
  if (row.status == 416) ck_assert(range == "bytes */100003");
  ck_assert_int_eq(conditional.status, 200);
  ck_assert(conditional.body == run.reference);
}
END_TEST

// Each job gives its own, only while it runs; the door is closed when the last has ended.
START_TEST(serve_two_jobs) {
  std::mutex lock;
  std::string urls[2];
  std::atomic<bool> first_ended{false};
  std::atomic<int> after{-1}, other{-1};
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    const std::lock_guard locked(lock);
    if (is_create(request)) {
      const std::string body = request.body;
      urls[body.find("second") != std::string::npos] = url_in(request);
      return std::nullopt;
    }
    if (!request.target.ends_with("video_2") || !is_poll(request)) return std::nullopt;
    if (!first_ended) return ServerReply{.body = task_json("video_2", "running", 1)};
    after = plain_http(urls[0]).status;
    other = plain_http(urls[1]).status;
    return std::nullopt;
  });
  ServeRun run(service.server.url());
  auto one = run.start();
  ck_assert(service.server.wait_for(1, "POST"));
  run.spec.body.tail = "second";
  auto two = run.another();
  ck_assert(service.server.wait_for(2, "POST"));
  ck_assert(succeeded(one.get()));
  first_ended = true;
  ck_assert(succeeded(two.get()));
  run.client.reset();
  service.server.stop();
  ck_assert(urls[0] != urls[1] && !urls[0].empty());
  ck_assert_int_eq(after, 404);
  ck_assert_int_eq(other, 200);
  ck_assert_int_eq(plain_http(urls[1]).status, 0);
}
END_TEST

// A fixed port is free again for the next job.
START_TEST(serve_again) {
  FakeService service(kResult);
  ServeRun run(service.server.url());
  run.settings.publish.serve_port = static_cast<unsigned>(free_port());
  run.client = std::make_unique<Client>(run.settings);
  for (int i = 0; i < 3; ++i) {
    const JobOutcome outcome = run.another().get();
    ck_assert_msg(succeeded(outcome), "%s", run.log_text().c_str());
    // Closed by the job's end, not by the client's: 404 would come from an open door.
    ck_assert_int_eq(plain_http(created_url(service)).status, 0);
  }
  ck_assert_int_eq(service.creates(), 3);
}
END_TEST

// What leads to this process is asked the way the service will.
START_TEST(serve_public_url) {
  const char* const bases[] = {"/base", "/base/", "/door?to={name}&k=s3cr3t", "/x?k=s3cr3t",
                               "/{name}"};
  const unsigned port = static_cast<unsigned>(free_port());
  // The tunnel: hands on what comes after "/base", or what {name} was replaced with.
  FaultServer tunnel([&](const SeenRequest& request) {
    std::string path = request.target;
    if (path.starts_with("/base")) path = path.substr(5);
    if (const auto to = path.find("to="); to != std::string::npos)
      path = "/" + path.substr(to + 3, path.find('&') - to - 3);
    const PlainReply reply =
        plain_http("http://127.0.0.1:" + std::to_string(port) + path, request.method);
    ServerReply out{.status = reply.status, .body = reply.body, .type = "video/mp4"};
    if (request.method == "HEAD") out.body = std::string(100003, ' ');
    return out;
  });
  FakeService service(kResult);
  ServeRun run(service.server.url());
  run.settings.publish.serve_port = port;
  run.settings.publish.public_url = tunnel.url() + bases[_i];
  run.succeeds();
  ck_assert(starts_with_path(created_url(service), tunnel.url() + "/"));
  ck_assert_int_ge(tunnel.count("HEAD"), 1);
  ck_assert(run.log_text().find("s3cr3t") == std::string::npos);
}
END_TEST

START_TEST(serve_refusals) {
  FaultServer taken([](const SeenRequest&) { return ServerReply{}; });
  FaultServer broken_tunnel([](const SeenRequest&) {
    return ServerReply{.status = 502, .body = "<html/>", .type = "text/html"};
  });
  const ClosedPort closed;
  const unsigned port = static_cast<unsigned>(free_port());
  const struct {
    const char* address;
    unsigned port;
    std::string public_url;
    Reason reason;
    const char* says;
  } cases[] = {
      {"127.0.0.1", static_cast<unsigned>(taken.port()), "", Reason::invalid_request, "serve-port"},
      {"192.0.2.1", 0, "", Reason::invalid_request, "serve-address"},
      {"nonsense", 0, "", Reason::invalid_request, "serve-address"},
      {"127.0.0.1", 70000, "", Reason::invalid_request, "serve-port"},
      {"", 0, "", Reason::invalid_request, "public-url"},
      {"0.0.0.0", 0, "", Reason::invalid_request, "public-url"},
      {"127.0.0.1", 0, "http://127.0.0.1:1", Reason::invalid_request, "set serve-port"},
      {"127.0.0.1", port, "ftp://127.0.0.1/", Reason::invalid_request, "public-url"},
      {"127.0.0.1", port, broken_tunnel.url(), Reason::unreachable, "502"},
      {"127.0.0.1", port, closed.url(), Reason::unreachable, "public-url"},
  };
  const auto& row = cases[_i];
  FakeService service(kResult);
  ServeRun run(service.server.url());
  run.settings.publish.serve_address = row.address;
  run.settings.publish.serve_port = row.port;
  run.settings.publish.public_url = row.public_url;
  const Error error = run.refused(row.reason, service);
  expect_contains("message", error.message, row.says);
}
END_TEST

// {port} makes a free port usable where the name of this machine is known.
START_TEST(serve_port_in_template) {
  FakeService service(kResult);
  ServeRun run(service.server.url());
  run.settings.publish.serve_address = "";
  run.settings.publish.public_url = "http://127.0.0.1:{port}/";
  run.succeeds();
}
END_TEST

// No service out there can fetch from this machine's own network: said before any traffic.
START_TEST(local_address_refused) {
  FaultServer store(
      [](const SeenRequest&) { return ServerReply{.body = "x", .type = "video/mp4"}; });
  FakeService service(kResult);
  ServeRun run("https://api.example.com");
  if (_i == 1) run.spec.uploads[0].url = store.url() + "/o.mp4";
  if (_i == 2) {
    run.settings.publish.transport = Transport::put;
    run.settings.publish.put_url = store.url() + "/{name}";
    run.settings.publish.delete_reference = true;
  }
  const Error error = run.refused(Reason::invalid_request, service);
  expect_contains("message", error.message, "api.example.com");
  run.client.reset();
  ck_assert_uint_eq(store.seen().size(), 0);
}
END_TEST

START_TEST(no_transport) {
  FakeService service(kResult);
  PublishRun run(service.server.url());
  const Error error = run.refused(Reason::invalid_request, service);
  expect_contains("message", error.message, "reference-transport");
}
END_TEST

// The user's own `parameters` may have taken the placeholder's place: then nothing is published.
START_TEST(placeholder_replaced) {
  FakeService service(kResult);
  PublishRun run(service.server.url());
  run.spec.body.head = "{\"video\":\"https://elsewhere.example.com/o.mp4\"}";
  run.succeeds();
  for (const JobUpdate& update : run.recorder->updates)
    ck_assert(update.state != JobState::publishing);
}
END_TEST

// What the application published itself is looked at, and left alone.
START_TEST(own_url_accepted) {
  const std::string reference = std::string(100000, 'x') + "end";
  const ServerReply heads[] = {
      {.body = reference, .type = "video/mp4"},
      {.body = reference, .type = "Video/MP4; codecs=\"avc1\""},
      {.body = reference, .type = "application/octet-stream"},
      {.body = reference, .type = "binary/octet-stream"},
      {.status = 405, .body = ""},
      {.status = 403, .body = ""},
      {.status = 501, .body = ""},
      {.body = "", .type = "video/mp4", .no_length = true},
  };
  FaultServer store([&](const SeenRequest& request) {
    if (request.method == "HEAD") return heads[_i];
    return ServerReply{.status = 206,
                       .body = "x",
                       .type = "video/mp4",
                       .headers = {"Content-Range: bytes 0-0/100003"}};
  });
  FakeService service(kResult);
  OwnUrlRun run(service.server.url(), store.url() + "/o.mp4?sig=s3cr3t\\u");
  run.spec.uploads[0].url = store.url() + "/o.mp4?sig=s3cr3t";
  run.settings.publish.delete_reference = true;
  run.succeeds();
  run.client.reset();
  ck_assert(created_url(service) == store.url() + "/o.mp4?sig=s3cr3t");
  ck_assert_int_eq(store.count("DELETE"), 0);
  ck_assert_int_eq(store.count("GET"), _i >= 4 && _i <= 6 ? 1 : 0);
  const bool warned = run.log_text().find("octet-stream\" where") != std::string::npos;
  ck_assert(warned == (_i == 2 || _i == 3));
  ck_assert(run.log_text().find("s3cr3t") == std::string::npos);
}
END_TEST

START_TEST(own_url_refused) {
  const std::string reference = std::string(100000, 'x') + "end";
  const struct {
    ServerReply reply;
    Reason reason;
    const char* says;
  } cases[] = {
      {{.status = 404, .body = ""}, Reason::invalid_request, "404"},
      {{.status = 401, .body = ""}, Reason::unauthorized, "401"},
      {{.status = 302, .body = "", .headers = {"Location: /other.mp4?sig=s3cr3t"}},
       Reason::invalid_request,
       "redirect"},
      {{.body = reference, .type = "text/html"}, Reason::bad_input, "text/html"},
      {{.body = reference, .type = "video/webm"}, Reason::bad_input, "video/webm"},
      {{.body = "short", .type = "video/mp4"}, Reason::bad_input, "5 bytes"},
      {{.status = 503, .body = ""}, Reason::unreachable, "503"},
      {{.reset = true}, Reason::unreachable, "did not answer"},
      {{.status = 403, .body = ""}, Reason::unauthorized, "403"},
  };
  FaultServer store([&](const SeenRequest&) { return cases[_i].reply; });
  FakeService service(kResult);
  OwnUrlRun run(service.server.url(), store.url() + "/o.mp4?sig=s3cr3t");
  const Error error = run.refused(cases[_i].reason, service);
  expect_contains("message", error.message, cases[_i].says);
  expect_lacks("message", error.message + run.log_text(), "s3cr3t");
}
END_TEST

// A tunnel that is just coming up, a store that is being restarted: the check is safe to repeat.
START_TEST(check_is_repeated) {
  const std::string reference = std::string(100000, 'x') + "end";
  FaultServer store([&](const SeenRequest& request) {
    if (request.number == 1) return ServerReply{.status = 503, .body = ""};
    if (request.number == 2) return ServerReply{.reset = true};
    return ServerReply{.body = reference, .type = "video/mp4"};
  });
  FakeService service(kResult);
  OwnUrlRun run(service.server.url(), store.url() + "/o.mp4");
  run.succeeds();
  ck_assert_int_eq(store.count("HEAD"), 3);
}
END_TEST

START_TEST(not_a_web_address) {
  const char* const urls[] = {"file:///etc/passwd",     "ftp://example.com/o.mp4", "o.mp4",
                              "http://example.com/a b", "http://example.com/\n",   "http://"};
  FakeService service(kResult);
  OwnUrlRun run(service.server.url(), urls[_i]);
  run.refused(Reason::invalid_request, service);
}
END_TEST

// The key stays at home even where the store has the API's own origin.
START_TEST(key_is_not_for_stores) {
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (request.method != "HEAD") return std::nullopt;
    return ServerReply{.body = std::string(100003, 'x'), .type = "video/mp4"};
  });
  OwnUrlRun run(service.server.url(), service.server.url() + "/store/o.mp4");
  run.settings.http.extra_headers = {{"X-Tenant", "secret"}};
  run.succeeds();
  bool asked = false;
  for (const SeenRequest& request : service.server.seen()) {
    if (request.method != "HEAD") continue;
    asked = true;
    ck_assert(request.headers.count("authorization") == 0);
    ck_assert(request.headers.count("x-tenant") == 0);
  }
  ck_assert(asked);
}
END_TEST

// All at once, each in its place, also in the tail and more than once.
START_TEST(several_uploads) {
  std::string video, first, again;
  PlainReply image, clip;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!is_create(request)) return std::nullopt;
    video = url_in(request), first = url_in(request, "first"), again = url_in(request, "again");
    image = plain_http(first), clip = plain_http(video);
    return std::nullopt;
  });
  ServeRun run(service.server.url());
  run.spec.body.tail = ",\"first\":\"image-77\",\"again\":\"image-77\"";
  run.spec.uploads.push_back({"image-77", rope("a picture", 2), "image/png", ".png", ""});
  run.succeeds();
  service.server.stop();  // its threads wrote what is read here
  ck_assert(first == again && first != video && first.ends_with(".png"));
  ck_assert_str_eq(image.body.c_str(), "a picture");
  ck_assert_str_eq(image.headers["content-type"].c_str(), "image/png");
  ck_assert(clip.body == run.reference);
}
END_TEST

// One that fails ends the others, and nothing stays open.
START_TEST(one_upload_fails) {
  FaultServer hangs([](const SeenRequest&) { return ServerReply{.hang = true}; });
  FaultServer refuses([](const SeenRequest&) { return ServerReply{.status = 404, .body = ""}; });
  FakeService service(kResult);
  OwnUrlRun run(service.server.url(), hangs.url() + "/o.mp4");
  run.settings.http.idle_timeout = 60 * kSecond;
  run.spec.body.tail = "\"image-77\"";
  run.spec.uploads.push_back(
      {"image-77", nullptr, "image/png", ".png", refuses.url() + "/image.png"});
  const Error error = run.refused(Reason::invalid_request, service);
  expect_contains("message", error.message, "404");
}
END_TEST

START_TEST(job_timeout_while_publishing) {
  FaultServer hangs([](const SeenRequest&) { return ServerReply{.hang = true}; });
  FakeService service(kResult);
  OwnUrlRun run(service.server.url(), hangs.url() + "/o.mp4");
  run.settings.http.idle_timeout = 60 * kSecond;
  run.spec.job_timeout = 3 * kSecond;
  const Error error = run.refused(Reason::timed_out, service);
  expect_contains("message", error.message, "publishing");
}
END_TEST

// Going away at any moment: in the check, in the create, while the service fetches.
START_TEST(stop_at_any_moment) {
  const int moment = _i;
  FaultServer hangs([](const SeenRequest&) { return ServerReply{.hang = true}; });
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (moment == 2 && is_poll(request)) return ServerReply{.hang = true};
    if (!is_create(request) || moment != 1) return std::nullopt;
    return ServerReply{.hang = true};
  });
  ServeRun run(service.server.url());
  run.settings.http.idle_timeout = 60 * kSecond;
  if (moment == 0) run.spec.uploads[0].url = hangs.url() + "/o.mp4";
  auto future = run.start();
  if (moment == 0) ck_assert(hangs.wait_for(1, "HEAD"));
  if (moment == 1) ck_assert(service.server.wait_for(1, "POST"));
  if (moment == 2) ck_assert(service.server.wait_for(1, "GET"));
  run.client.reset();
  ck_assert(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
  if (moment > 0) ck_assert_int_eq(plain_http(created_url(service)).status, 0);
}
END_TEST

int main() {
  return run_tests("publish-faults",
                   {
                       {"serve_gives_the_reference", serve_gives_the_reference, 1},
                       {"serve_ranges", serve_ranges, 12},
                       {"serve_two_jobs", serve_two_jobs, 1},
                       {"serve_again", serve_again, 1},
                       {"serve_public_url", serve_public_url, 5},
                       {"serve_refusals", serve_refusals, 10},
                       {"serve_port_in_template", serve_port_in_template, 1},
                       {"local_address_refused", local_address_refused, 3},
                       {"no_transport", no_transport, 1},
                       {"placeholder_replaced", placeholder_replaced, 1},
                       {"own_url_accepted", own_url_accepted, 8},
                       {"own_url_refused", own_url_refused, 9},
                       {"check_is_repeated", check_is_repeated, 1},
                       {"not_a_web_address", not_a_web_address, 6},
                       {"key_is_not_for_stores", key_is_not_for_stores, 1},
                       {"several_uploads", several_uploads, 1},
                       {"one_upload_fails", one_upload_fails, 1},
                       {"job_timeout_while_publishing", job_timeout_while_publishing, 1},
                       {"stop_at_any_moment", stop_at_any_moment, 3},
                   });
}
