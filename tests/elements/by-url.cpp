// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v with services that fetch the reference by URL: how it becomes reachable, what is checked
// before anything is paid, who publishes. Servers of others: publish-servers.py.
#include <atomic>

#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr char kServe[] = " reference-transport=serve serve-address=127.0.0.1";

std::string url_in(const std::string& body, const std::string& before) {
  const std::size_t start = body.find(before);
  if (start == std::string::npos) return {};
  const std::size_t from = start + before.size();
  return body.substr(from, body.find('"', from) - from);
}

std::string create_body(const FakeService& service) {
  for (const SeenRequest& request : service.server.seen()) {
    if (is_create(request)) return request.body;
  }
  return {};
}

/// Publishes at the fake service's own address, where `stored` answers.
struct Application {
  std::string url;
  std::string seen;  // the bytes that came with the signal
  int calls = 0;

  static char* publish(GstElement*, GstBuffer* buffer, gpointer data) {
    auto& self = *static_cast<Application*>(data);
    ++self.calls;
    self.seen.resize(gst_buffer_get_size(buffer));
    gst_buffer_extract(buffer, 0, self.seen.data(), self.seen.size());
    return self.url.empty() ? nullptr : g_strdup(self.url.c_str());
  }
};

std::optional<ServerReply> stored(const SeenRequest& request) {
  if (!request.target.starts_with("/store/")) return std::nullopt;
  return ServerReply{.body = kClip, .type = "video/mp4"};
}

}  // namespace

// Every service gets the same clip, each in its own field.
struct ProviderCase {
  const char* properties;
  const char* before;  // what stands before the URL in the body
};
const ProviderCase kProviders[] = {
    {"provider=octopusx", "\"video\":\""},
    {"provider=omnirouters", "\"videos\":[\""},
    {"provider=omnirouters model=doubao-seedance-2-0-260128", "\"video_url\":{\"url\":\""},
    {"provider=apimart", "\"video_urls\":[\""},
};

GST_START_TEST(served) {
  const WithKey key;
  const ProviderCase& row = kProviders[__i__];
  // APIMart has poll routes of its own.
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!request.target.starts_with("/v1/tasks/")) return std::nullopt;
    return ServerReply{.body = task_json("t", "completed", 100, "/files/o.mp4")};
  });
  ElementRun run(service.server.url(), std::string("prompt=night ") + row.properties + kServe);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  const std::string url = url_in(create_body(service), row.before);
  fail_unless(g_str_has_prefix(url.c_str(), "http://127.0.0.1:"), "%s", url.c_str());
  const std::vector<std::string> expected = {"waiting", "publishing",  "submitting", "pending",
                                             "running", "downloading", "done"};
  std::vector<std::string> states = run.job_states();
  if (states.size() < expected.size()) states.insert(states.begin() + 4, "running");
  fail_unless(states == expected);
}
GST_END_TEST

GST_START_TEST(nothing_configured) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night provider=omnirouters");
  run.push_stream(kClip);
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_ERROR, &text), "invalid-request");
  for (const char* way : {"serve", "public-url", "put-url", "s3-url", "publish-reference"})
    fail_unless(text.find(way) != std::string::npos, "\"%s\" lacks %s", text.c_str(), way);
  fail_unless(service.server.seen().empty());
}
GST_END_TEST

GST_START_TEST(inline_where_it_is_not_taken) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night provider=apimart reference-transport=inline");
  run.push_stream(kClip);
  expect_equal(run.wait_reason(), "invalid-request");
  fail_unless(service.server.seen().empty());
}
GST_END_TEST

GST_START_TEST(application_publishes) {
  const WithKey key;
  FakeService service(kResult, stored);
  Application application{service.server.url() + "/store/clip.mp4?sig=s3cr3t", {}};
  ElementRun run(service.server.url(), "prompt=night provider=omnirouters");
  g_signal_connect(run.element(), "publish-reference", G_CALLBACK(Application::publish),
                   &application);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  fail_unless(application.seen == kClip);
  fail_unless_equals_int(application.calls, 1);
  expect_equal(url_in(create_body(service), "\"videos\":[\""), application.url);
  // Looked at before it was paid for, without the key.
  const SeenRequest first = service.server.seen().front();
  expect_equal(first.method + " " + first.target, "HEAD /store/clip.mp4?sig=s3cr3t");
  fail_unless(first.headers.find("authorization") == first.headers.end());
}
GST_END_TEST

GST_START_TEST(application_declines) {
  const WithKey key;
  FakeService service(kResult);
  Application application;
  ElementRun run(service.server.url(),
                 "prompt=night provider=omnirouters serve-address=127.0.0.1 public-url=" +
                     std::string("http://127.0.0.1:{port}"));
  g_signal_connect(run.element(), "publish-reference", G_CALLBACK(Application::publish),
                   &application);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(application.calls, 1);
}
GST_END_TEST

// Declined: the reference goes as it would without the application, here inline.
GST_START_TEST(application_declines_what_goes_inline) {
  const WithKey key;
  FakeService service(kResult);
  Application application;
  ElementRun run(service.server.url(), "prompt=night");
  g_signal_connect(run.element(), "publish-reference", G_CALLBACK(Application::publish),
                   &application);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(application.calls, 1);
  fail_unless(create_body(service).find("data:video/mp4;base64,") != std::string::npos);
}
GST_END_TEST

GST_START_TEST(address_alone_is_enough) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night provider=omnirouters serve-address=127.0.0.1");
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
}
GST_END_TEST

GST_START_TEST(application_gives_what_is_not_there) {
  const WithKey key;
  FakeService service(kResult);
  Application application{service.server.url() + "/nowhere", {}};
  ElementRun run(service.server.url(), "prompt=night provider=omnirouters retry-attempts=1");
  g_signal_connect(run.element(), "publish-reference", G_CALLBACK(Application::publish),
                   &application);
  run.push_stream(kClip);
  std::string text;
  run.wait_reason(GST_MESSAGE_ERROR, &text);
  fail_unless(text.find("404") != std::string::npos, "%s", text.c_str());
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

GST_START_TEST(dry_run_publishes_nothing) {
  const WithKey key;
  FakeService service(kResult);
  Application application;
  ElementRun run(service.server.url(),
                 "prompt=night provider=omnirouters dry-run=true" + std::string(kServe));
  g_signal_connect(run.element(), "publish-reference", G_CALLBACK(Application::publish),
                   &application);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kClip);
  fail_unless_equals_int(application.calls, 0);
  fail_unless(service.server.seen().empty());
}
GST_END_TEST

GST_START_TEST(unknown_route_is_tried_elsewhere) {
  const WithKey key;
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_create(request) && request.target == "/v1/videos")
      return ServerReply{.status = 404, .body = R"({"error":{"message":"Invalid URL"}})"};
    if (request.target.starts_with("/v1/video/generations/"))
      return ServerReply{.body = task_json("t", "completed", 100, "/files/o.mp4")};
    return std::nullopt;
  });
  ElementRun run(service.server.url(), std::string("prompt=night provider=omnirouters") + kServe);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(service.server.count("POST", "/v1/video/generations"), 1);
  fail_unless_equals_int(run.stat("jobs-paid"), 1);
}
GST_END_TEST

GST_START_TEST(result_in_a_list) {
  const WithKey key;
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (request.target.ends_with("/artifacts"))
      return ServerReply{.body = R"({"artifacts":[{"content_url":"/files/o.mp4"}]})"};
    if (is_poll(request))
      return ServerReply{.body = R"({"task_id":"t","status":"SUCCESS","progress":"100%"})"};
    return std::nullopt;
  });
  ElementRun run(service.server.url(), std::string("prompt=night provider=omnirouters") + kServe);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(service.server.count("GET", "/v1/tasks/"), 1);
}
GST_END_TEST

// Reading a property back must not show what it takes to write to a store.
GST_START_TEST(secrets_read_back_left_out) {
  GstElement* element = gst_element_factory_make("omniv2v", nullptr);
  g_object_set(element, "put-url", "https://u:pass1@h/{name}?sig=pass2", "public-url",
               "https://h/{name}?t=pass3", "s3-url", "s3://b/p?endpoint=pass4", nullptr);
  for (const char* name : {"put-url", "public-url", "s3-url"}) {
    char* shown = nullptr;
    g_object_get(element, name, &shown, nullptr);
    fail_unless(strstr(shown, "pass") == nullptr, "%s reads back as %s", name, shown);
    fail_unless(strstr(shown, "(redacted)") != nullptr);
    g_free(shown);
  }
  gst_object_unref(element);
}
GST_END_TEST

static Suite* by_url_suite() {
  Suite* suite = suite_create("by-url");
  TCase* tests = tcase_create("general");
  suite_add_tcase(suite, tests);
  tcase_set_timeout(tests, 120);
  tcase_add_loop_test(tests, served, 0, G_N_ELEMENTS(kProviders));
  tcase_add_test(tests, nothing_configured);
  tcase_add_test(tests, inline_where_it_is_not_taken);
  tcase_add_test(tests, application_publishes);
  tcase_add_test(tests, application_declines);
  tcase_add_test(tests, application_declines_what_goes_inline);
  tcase_add_test(tests, address_alone_is_enough);
  tcase_add_test(tests, application_gives_what_is_not_there);
  tcase_add_test(tests, dry_run_publishes_nothing);
  tcase_add_test(tests, unknown_route_is_tried_elsewhere);
  tcase_add_test(tests, result_in_a_list);
  tcase_add_test(tests, secrets_read_back_left_out);
  return suite;
}

GST_CHECK_MAIN(by_url)
