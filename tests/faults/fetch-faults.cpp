// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Polls and downloads against a server that misbehaves on purpose: a result that is paid for is not
// lost, and nothing that the service says leads anywhere else.
#include "support/client-run.h"

using namespace omni;
using namespace omni::test;

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
      {.status = 202, .body = ""},
      {.status = 204, .body = ""},
      {.status = 403, .body = "<title>Just a moment...</title>", .type = "text/html"},
      {.status = 401, .body = "{\"error\":{\"message\":\"Database error\"}}"},
  };
  FakeService service(kResult, first(is_poll, 1, answers[_i]));
  Run run(service.server.url());
  run.spec.poll_interval = kSecond / 100;
  run.succeeds();
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

// What is not the service's own passes, though it says so six times.
START_TEST(poll_before_a_firewall) {
  const ServerReply page = {.status = 403, .body = "<html/>", .type = "text/html"};
  FakeService service(kResult, first(is_poll, 6 + 2 * _i, page));
  Run run(service.server.url());
  run.spec.first_pause = kSecond / 50;
  if (_i == 0) run.succeeds();
  if (_i == 1) ck_reason(run.fails(), Reason::unreachable);
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
  run.spec.job_timeout = 5 * kSecond;
  const Error error = run.fails();
  ck_reason(error, Reason::timed_out);
  ck_assert_str_eq(error.task_id.c_str(), "video_1");
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
  const ClosedPort closed;
  const std::string links[] = {"",
                               "file:///etc/passwd",
                               "gopher://127.0.0.1/x",
                               "ftp://127.0.0.1/x",
                               closed.url() + "/o.mp4",
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

// A result of some size as base64, in a reply or from /content.
START_TEST(result_as_large_base64) {
  const std::string large = kResult + std::string(9'000'000, 'l');
  const CharPtr base64(
      g_base64_encode(reinterpret_cast<const guchar*>(large.data()), large.size()));
  const std::string uri = std::string("data:video/mp4;base64,") + base64.get();
  FakeService service(large, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    const bool content = request.target.ends_with("/content");
    if (_i == 0 && is_poll(request))
      return ServerReply{.body = task_json("v", "completed", 100, uri)};
    if (is_poll(request)) return ServerReply{.body = task_json("v", "completed", 100)};
    if (_i == 1 && content) return ServerReply{.body = "{\"b64_json\":\"" + uri.substr(22) + "\"}"};
    if (content) return ServerReply{.body = "{\"url\":\"" + uri + "\"}"};
    return std::nullopt;
  });
  Run run(service.server.url());
  run.spec.check_result = [](const ByteRope&) { return std::nullopt; };
  const JobOutcome outcome = run.go();
  ck_assert_msg(succeeded(outcome), "%s", run.log.c_str());
  ck_assert(text_of(*std::get<0>(outcome)) == large);
}
END_TEST

// Compressed, though nobody asked for it: each kind of answer, and a file that broke off.
START_TEST(compressed) {
  const auto gzip = [](const std::string& text) {
    const auto converter =
        ObjectPtr<GZlibCompressor>::adopt(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1));
    std::string out(text.size() + 1024, '\0');
    gsize read = 0, written = 0;
    ck_assert(g_converter_convert(reinterpret_cast<GConverter*>(converter.get()), text.data(),
                                  text.size(), out.data(), out.size(), G_CONVERTER_INPUT_AT_END,
                                  &read, &written, nullptr) == G_CONVERTER_FINISHED);
    out.resize(written);
    return out;
  };
  const auto reply = [&](const std::string& text) {
    return ServerReply{.body = gzip(text), .headers = {"Content-Encoding: gzip"}};
  };
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    ck_assert_str_eq(request.headers.at("accept-encoding").c_str(), "identity");
    if (_i == 0 && is_create(request)) return reply(task_json("video_1", "queued", 0));
    if (_i == 1 && is_poll(request))
      return reply(task_json("video_1", "completed", 100, "/files/o.mp4"));
    if (_i < 2 || !is_file(request)) return std::nullopt;
    ck_assert(request.headers.count("range") == 0);
    ServerReply file = reply(kResult);
    if (_i == 3 && request.number == 1) file.cut_after = file.body.size() / 2;
    return file;
  });
  Run run(service.server.url());
  run.succeeds();
  ck_assert_int_eq(service.creates(), 1);
}
END_TEST

// The last status is told where it is a word that nobody knows.
START_TEST(timeout_names_the_word) {
  const char* const words[] = {"hibernating", "in_progress"};
  FakeService service(kResult, first(is_poll, 99999, {.body = task_json("video_1", words[_i], 5)}));
  Run run(service.server.url());
  run.spec.job_timeout = kSecond;
  const Error error = run.fails();
  ck_reason(error, Reason::timed_out);
  ck_assert((error.message.find("\"hibernating\"") != std::string::npos) == (_i == 0));
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

// Stores and CDNs show a new file late: it is looked for again, at every link, and asked for anew.
START_TEST(result_comes_late) {
  const ServerReply answers[] = {
      {.status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>", .type = "application/xml"},
      {.status = 202, .body = ""},
      {.status = 204, .body = ""},
      {.status = 401, .body = ""},
      {.status = 500, .body = ""},
      {.body = "", .type = "video/mp4"},
      {.body = kResult.substr(0, kResult.size() / 2), .type = "video/mp4"},
      {.body = "{\"error\":{\"message\":\"video is not ready yet\"}}"},
      {.status = 404, .body = "{\"error\":{\"message\":\"video is not ready yet\"}}"},
      {.status = 400, .body = "{\"error\":{\"message\":\"Task is not completed yet\"}}"},
      {.body = "<html>soon</html>", .type = "text/html"},
  };
  int looked = 0;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (request.target.ends_with("/content")) return answers[_i];
    if (is_file(request) && ++looked < 7) return answers[_i];
    return std::nullopt;
  });
  Run run(service.server.url());
  run.spec.first_pause = kSecond / 20;
  run.succeeds();
  ck_assert_int_eq(service.creates(), 1);
  ck_assert_int_eq(looked, 7);
}
END_TEST

// What the service says in the file's place is told, when the file never comes.
START_TEST(result_never_comes) {
  const ServerReply answers[] = {
      {.body = "{\"error\":{\"message\":\"the video was deleted\"}}"},
      {.status = 404, .body = "{\"detail\":\"the video was deleted\"}"},
  };
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_file(request) || request.target.ends_with("/content")) return answers[_i];
    return std::nullopt;
  });
  Run run(service.server.url());
  run.spec.first_pause = kSecond / 50;
  const Error error = run.fails();
  ck_reason(error, Reason::bad_result);
  expect_contains("the service's words", error.message, "\"the video was deleted\"");
  ck_assert_int_eq(service.server.count("GET", "/files/"), 8);
}
END_TEST

// What was wrong with the result says more than that the time is over.
START_TEST(timeout_while_fetching) {
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (request.target.ends_with("/content")) return ServerReply{.status = 404, .body = ""};
    if (!is_file(request)) return std::nullopt;
    if (request.number == 1) return ServerReply{.status = 410, .body = ""};
    return ServerReply{.hang = true};
  });
  Run run(service.server.url());
  run.spec.job_timeout = 2 * kSecond;
  const Error error = run.fails();
  ck_reason(error, Reason::bad_result);
  ck_assert_int_eq(error.http_status, 410);
  ck_assert_str_eq(error.task_id.c_str(), "video_1");
}
END_TEST

// "Done" comes before the link, and before the file is at /content.
START_TEST(link_comes_late) {
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (request.target.ends_with("/content")) return ServerReply{.status = 404, .body = ""};
    if (is_poll(request) && request.number < 6)
      return ServerReply{.body = task_json("video_1", "completed", 100)};
    return std::nullopt;
  });
  Run run(service.server.url());
  run.spec.first_pause = kSecond / 20;
  run.succeeds();
  ck_assert_int_eq(service.server.count("GET", "/files/"), 1);
}
END_TEST

// The create answers with the result; the task is not known any more afterwards, or has no id.
START_TEST(done_at_once) {
  int looked = 0;
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    const char* const with_id = _i == 2 ? "" : "\"id\":\"video_1\",";
    if (is_create(request))
      return ServerReply{.body = std::string("{") + with_id +
                                 "\"status\":\"completed\",\"video_url\":\"/files/o.mp4\"}"};
    // The file may be late all the same.
    if (is_file(request) && ++looked <= 2 * _i) return ServerReply{.status = 404, .body = ""};
    if (is_file(request)) return std::nullopt;
    return ServerReply{.status = 404, .body = "{\"error\":{\"message\":\"Task not found\"}}"};
  });
  Run run(service.server.url());
  run.succeeds();
  ck_assert_int_eq(service.creates(), 1);
  ck_assert_int_eq(looked, 2 * _i + 1);
  if (_i == 0) ck_assert_int_eq(service.server.count("GET"), 1);
}
END_TEST

// One link says to wait: the other one is asked at once.
START_TEST(another_link_first) {
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_file(request))
      return ServerReply{.status = 503, .body = "", .headers = {"Retry-After: 120"}};
    return std::nullopt;
  });
  Run run(service.server.url());
  run.succeeds();
  ck_assert_int_eq(service.server.count("GET", "/files/"), 1);
}
END_TEST

// Ten GiB are not read when their length says so, nor when they do not even begin as an MP4; where
// they do, up to the bound of 1 GiB.
START_TEST(result_is_a_bomb) {
  const std::string piece(1024 * 1024, '\0');
  const std::string begins_well = kResult.substr(0, piece.size());
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (request.target.ends_with("/content")) return ServerReply{.status = 404, .body = ""};
    if (!is_file(request)) return std::nullopt;
    if (_i == 0) return ServerReply{.body = kResult.substr(0, 1 << 20), .repeat = 10240};
    const std::string& chunk = _i == 1 ? piece : begins_well;
    return ServerReply{.body = "100000\r\n" + chunk + "\r\n",
                       .headers = {"Transfer-Encoding: chunked"},
                       .no_length = true,
                       .repeat = 10240};
  });
  Run run(service.server.url());
  ck_reason(run.fails(), Reason::bad_result);
  ck_assert_uint_lt(run.client->stats().bytes_down, _i == 2 ? 1100u << 20 : 16u << 20);
}
END_TEST

// A link whose file never gets longer than before is given up on after retry-attempts, each time
// that the result is looked for.
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
  ck_assert_int_eq(service.server.count("GET", "/files/"), 8 * 3);
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
  run.spec.job_timeout = 5 * kSecond;
  ck_reason(run.fails(), Reason::timed_out);
  ck_assert_int_le(service.server.count("GET"), 12);
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
  auto future = run.start();
  ck_assert(service.server.wait_for(1, hang == 0 ? "POST" : "GET", hang == 2 ? "/files/" : "/"));
  run.client.reset();
  ck_assert(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  ck_reason(std::get<Error>(future.get()), Reason::cancelled);
}
END_TEST

int main() {
  return run_tests("fetch-faults", {
                                       {"poll_survives", poll_survives, 25},
                                       {"poll_before_a_firewall", poll_before_a_firewall, 2},
                                       {"poll_ends_the_job", poll_ends_the_job, 4},
                                       {"job_timeout", job_timeout, 1},
                                       {"poll_never_answered", poll_never_answered, 1},
                                       {"download_survives", download_survives, 15},
                                       {"download_resumes", download_resumes, 1},
                                       {"download_stalls", download_stalls, 1},
                                       {"content_fallback", content_fallback, 6},
                                       {"key_stays_home", key_stays_home, 2},
                                       {"content_as_json", content_as_json, 2},
                                       {"result_as_large_base64", result_as_large_base64, 3},
                                       {"compressed", compressed, 4},
                                       {"timeout_names_the_word", timeout_names_the_word, 2},
                                       {"no_usable_result", no_usable_result, 5},
                                       {"result_comes_late", result_comes_late, 11},
                                       {"result_never_comes", result_never_comes, 2},
                                       {"timeout_while_fetching", timeout_while_fetching, 1},
                                       {"link_comes_late", link_comes_late, 1},
                                       {"done_at_once", done_at_once, 3},
                                       {"another_link_first", another_link_first, 1},
                                       {"result_is_a_bomb", result_is_a_bomb, 3},
                                       {"download_without_progress", download_without_progress, 1},
                                       {"informational_flood", informational_flood, 1},
                                       {"no_flood_of_polls", no_flood_of_polls, 1},
                                       {"odd_ids", odd_ids, 5},
                                       {"result_is_the_reference", result_is_the_reference, 2},
                                       {"stop_with_hung_sockets", stop_with_hung_sockets, 3},
                                   });
}
