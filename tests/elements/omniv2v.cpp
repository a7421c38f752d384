// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v in a harness: what goes in, what comes out, and what the bus is told. The service is in
// process, so that a test can decide what it answers. Flushes, stops and seeks: omniv2v-flow.cpp.
#include <atomic>
#include <set>
#include <thread>

#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

/// The result link of a numbered service leads to a result that names its job.
FakeService::Answer numbered_results() {
  return [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_poll(request)) {
      const std::string id = request.target.substr(11);
      return ServerReply{.body = task_json(id, "completed", 100, "/files/" + id + ".mp4")};
    }
    if (!is_file(request)) return std::nullopt;
    const unsigned number = std::stoul(request.target.substr(13));
    return ServerReply{.body = clip(100 + number), .type = "video/mp4"};
  };
}

}  // namespace

GST_START_TEST(stream_happy_path) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night");
  run.push_stream(kClip, 100);
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(service.creates(), 1);
  const CharPtr base64(
      g_base64_encode(reinterpret_cast<const guchar*>(kClip.data()), kClip.size()));
  const std::string body = service.server.seen().front().body;
  fail_unless(body.find(std::string("data:video/mp4;base64,") + base64.get() + "\"") !=
              std::string::npos);
  fail_unless(body.find("\"seconds\":\"8\"") != std::string::npos);
  fail_unless(body.find("\"aspect_ratio\":\"16:9\"") != std::string::npos);
  const auto states = run.job_states();
  const std::vector<std::string> expected = {"waiting", "submitting",  "pending",
                                             "running", "downloading", "done"};
  fail_unless(states == expected);
  fail_unless_equals_int(run.stat("jobs-paid"), 1);
  fail_unless_equals_int(run.stat("seconds-paid"), 8);
  fail_unless_equals_int(run.stat("in-flight"), 0);
}
GST_END_TEST

// stream-start, caps, segment, tags, EOS, in the order that sticky events have to keep.
GST_START_TEST(stream_events_in_order) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night");
  gst_harness_push_event(run.harness(),
                         gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "T", nullptr)));
  run.push_stream(kClip);
  run.pull_buffer();
  std::vector<GstEventType> order;
  const GstEventType wanted[] = {GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT,
                                 GST_EVENT_TAG, GST_EVENT_EOS};
  for (const GstEventType type : wanted) {
    const EventPtr event = run.wait_event(type);
    if (type != GST_EVENT_SEGMENT) continue;
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(event.get(), &segment);
    fail_unless_equals_int(segment->format, GST_FORMAT_BYTES);
    fail_unless_equals_uint64(segment->start, 0);
  }
  const CapsPtr caps = CapsPtr::adopt(gst_pad_get_current_caps(run.harness()->sinkpad));
  const CharPtr text(gst_caps_to_string(caps.get()));
  fail_unless_equals_string(text.get(), "video/quicktime, variant=(string)iso");
}
GST_END_TEST

GST_START_TEST(progress_is_paired) {
  const WithKey key;
  FakeService service(
      kResult,
      __i__ == 0 ? FakeService::Answer{}
                 : first(is_poll, 99, {.status = 401, .body = "{\"error\":{\"message\":\"x\"}}"}));
  ElementRun run(service.server.url(), "prompt=night");
  run.push_stream(kClip);
  run.wait_event(GST_EVENT_EOS);
  fail_unless_equals_int(paired_progress(run).size(), __i__ == 0 ? 3 : 2);
}
GST_END_TEST

// Told before anything is sent, once, with the reason word.
GST_START_TEST(refused_locally) {
  const std::string huge(16 * 1024 * 1024, 'x');
  const struct {
    const char* properties;
    std::string data;
    const char* reason;
  } cases[] = {
      {"prompt=x", "", "bad-input"},
      {"prompt=x", "\xff\xd8\xff\xe0 a JPEG", "bad-input"},
      {"prompt=x", kClip.substr(0, kClip.size() / 2), "bad-input"},
      {"prompt=x", huge, "too-large"},
      {"prompt=x", clip(1280, 31000), "bad-input"},
      {"prompt=\"\"", kClip, "invalid-request"},
      {"prompt=x seconds=3", kClip, "invalid-request"},
      {"prompt=x seconds=31", kClip, "invalid-request"},
      {"prompt=x parameters=\"[1]\"", kClip, "invalid-request"},
      {"prompt=x parameters=@/nonexistent.json", kClip, "invalid-request"},
      {"prompt=@/nonexistent.txt", kClip, "invalid-request"},
      {"prompt=x images=<\"a\",\"b\",\"c\",\"d\",\"e\",\"f\">", kClip, "invalid-request"},
      {"prompt=x images=<\"/etc/passwd\">", kClip, "invalid-request"},
      {"prompt=x last-image=http://h/i.png", kClip, "invalid-request"},
      {"prompt=x max-seconds=7", kClip, "budget"},
      {"prompt=x base-url=http://h/?k=v", kClip, "invalid-request"},
      {"prompt=x base-url=http://u:p@h/", kClip, "invalid-request"},
      {"prompt=x base-url=127.0.0.1:8080", kClip, "invalid-request"},
      {"prompt=x user-agent=\"a\r\nX-Evil: 1\"", kClip, "invalid-request"},
      {"prompt=x proxy=nonsense", kClip, "invalid-request"},
      {"prompt=x proxy=ftp://h:1", kClip, "invalid-request"},
      {"prompt=x extra-headers=\"h,Content-Length=(string)5\"", kClip, "invalid-request"},
      {"prompt=x extra-headers=\"h,Authorization=(string)x\"", kClip, "invalid-request"},
      {"prompt=x api-key-file=/dev/zero", kClip, "invalid-request"},
      {"prompt=@/dev/zero", kClip, "invalid-request"},
      {"prompt=x base-url=nonsense", kClip, "invalid-request"},
      {"prompt=x ssl-ca-file=/nonexistent.pem", kClip, "invalid-request"},
  };
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), cases[__i__].properties);
  run.push_stream(cases[__i__].data, 65536);
  expect_equal(run.wait_reason(), cases[__i__].reason);
  run.wait_event(GST_EVENT_EOS);
  fail_unless_equals_int(service.server.count("POST"), 0);
  for (const auto& message : run.messages())
    fail_if(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR);
}
GST_END_TEST

GST_START_TEST(no_key) {
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x");
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_ERROR, &text), "unauthorized");
  fail_unless(text.find("OMNI_API_KEY") != std::string::npos);
}
GST_END_TEST

// Where a key may come from, the most particular place first.
GST_START_TEST(key_sources) {
  const CharPtr path(g_build_filename(g_get_tmp_dir(), "gst-omni-key-test", nullptr));
  fail_unless(g_file_set_contents(path.get(), "from-file\nsecond line\n", -1, nullptr));
  const struct {
    std::string properties, environment, provider_environment, expected;
  } cases[] = {
      {"api-key=from-property", "e", "p", "from-property"},
      {std::string("api-key-file=") + path.get(), "e", "p", "from-file"},
      {"", "from-env", "p", "from-env"},
      {"", "", "from-provider", "from-provider"},
  };
  g_setenv("OMNI_API_KEY", cases[__i__].environment.c_str(), TRUE);
  g_setenv("OCTOPUSX_API_KEY", cases[__i__].provider_environment.c_str(), TRUE);
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x " + cases[__i__].properties);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  expect_equal(service.server.seen()[0].headers.at("authorization"),
               "Bearer " + cases[__i__].expected);
  g_unsetenv("OMNI_API_KEY");
  g_unsetenv("OCTOPUSX_API_KEY");
}
GST_END_TEST

// What stands in for a failed job. A wrong answer of the service is not a reason to stop.
GST_START_TEST(on_failure) {
  const WithKey key;
  FakeService service(
      kResult,
      first(is_create, 9, {.status = 402, .body = "{\"error\":{\"message\":\"no money\"}}"}));
  const char* const policies[] = {"error", "source", "skip", "auto"};
  ElementRun run(service.server.url(), std::string("prompt=x on-failure=") + policies[__i__]);
  run.push_stream(kClip);
  const bool fails = __i__ == 0 || __i__ == 3;
  expect_equal(run.wait_reason(fails ? GST_MESSAGE_ERROR : GST_MESSAGE_WARNING),
               "payment-required");
  fail_unless(run.pull_stream() == (__i__ == 1 ? kClip : ""));
}
GST_END_TEST

// An oversized input with on-failure=source goes through whole.
GST_START_TEST(oversize_passes_as_source) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x on-failure=source");
  const std::string big = clip(1280, 8000, 4000000);
  run.push_stream(big, 65536);
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING), "too-large");
  fail_unless(run.pull_stream() == big);
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

GST_START_TEST(dry_run) {
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=\"a b\" dry-run=true");
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kClip);
  fail_unless_equals_int(service.server.count("POST"), 0);
  bool planned = false;
  for (const auto& message : run.messages()) {
    const GstStructure* job = gst_message_get_structure(message.get());
    if (!job || !gst_structure_has_name(job, "omni/job")) continue;
    planned = true;
    fail_unless_equals_string(gst_structure_get_string(job, "state"), "planned");
    const std::string request = gst_structure_get_string(job, "request");
    fail_unless(request.find("\"prompt\":\"a b\"") != std::string::npos);
    fail_unless(request.size() < 1000);
  }
  fail_unless(planned);
}
GST_END_TEST

GST_START_TEST(buffers_leave_in_order) {
  const WithKey key;
  const auto results = numbered_results();
  // Later jobs end first: the first task needs the most polls.
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_poll(request)) {
      const int job = std::stoi(request.target.substr(17));
      if (request.number < 12 - job) return ServerReply{.body = task_json("x", "running", 50)};
    }
    return results(request);
  });
  ElementRun run(service.server.url(), "prompt=x input-mode=buffer max-in-flight=4");
  for (int i = 0; i < 10; ++i)
    fail_unless_equals_int(run.push(clip(1280, 8000, 1000 + i), i * GST_SECOND, GST_SECOND),
                           GST_FLOW_OK);
  run.push_eos();
  std::multiset<std::string> expected, got;
  for (int i = 0; i < 10; ++i) {
    GstClockTime pts = 0;
    got.insert(run.pull_buffer(&pts));
    fail_unless_equals_uint64(pts, i * GST_SECOND);
    expected.insert(clip(101 + i));
  }
  fail_unless(got == expected);
  run.wait_event(GST_EVENT_EOS);
  fail_unless_equals_int(service.creates(), 10);
}
GST_END_TEST

// Which result belongs to which input: with one job at a time the numbers must agree.
GST_START_TEST(buffers_keep_their_results) {
  const WithKey key;
  FakeService service(kResult, numbered_results());
  ElementRun run(service.server.url(), "prompt=x input-mode=buffer max-in-flight=1");
  for (int i = 0; i < 5; ++i) run.push(kClip, i * GST_SECOND, GST_SECOND);
  run.push_eos();
  for (int i = 0; i < 5; ++i) fail_unless(run.pull_buffer() == clip(101 + i));
}
GST_END_TEST

GST_START_TEST(buffer_failures) {
  const WithKey key;
  const auto results = numbered_results();
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_create(request) && request.number == 2)
      return ServerReply{.status = 400,
                         .body = "{\"code\":\"invalid_request\",\"message\":\"no\"}"};
    return results(request);
  });
  const char* const policies[] = {"error", "source", "skip"};
  ElementRun run(
      service.server.url(),
      std::string("prompt=x input-mode=buffer max-in-flight=1 on-failure=") + policies[__i__]);
  for (int i = 0; i < 3; ++i) run.push(kClip, i * GST_SECOND, GST_SECOND);
  run.push_eos();
  // What was ready before the failure goes out in any case.
  fail_unless(run.pull_buffer() == clip(101));
  if (__i__ == 1) fail_unless(run.pull_buffer() == kClip);
  if (__i__ == 2) {
    const EventPtr gap = run.wait_event(GST_EVENT_GAP);
    GstClockTime start, duration;
    gst_event_parse_gap(gap.get(), &start, &duration);
    fail_unless_equals_uint64(start, GST_SECOND);
    fail_unless_equals_uint64(duration, GST_SECOND);
  }
  if (__i__ != 0) fail_unless(run.pull_buffer() == clip(103));
  run.wait_event(GST_EVENT_EOS);
  expect_equal(run.wait_reason(__i__ == 0 ? GST_MESSAGE_ERROR : GST_MESSAGE_WARNING),
               "invalid-request");
  if (__i__ == 0) fail_unless_equals_int(run.push(kClip), GST_FLOW_EOS);
}
GST_END_TEST

GST_START_TEST(spend_guard) {
  const WithKey key;
  FakeService service(kResult, numbered_results());
  ElementRun run(
      service.server.url(),
      __i__ == 0 ? "prompt=x input-mode=buffer max-in-flight=1 max-jobs=2 on-failure=source"
                 : "prompt=x input-mode=buffer max-in-flight=1 max-seconds=16 on-failure=source");
  for (int i = 0; i < 4; ++i) run.push(kClip, i * GST_SECOND, GST_SECOND);
  run.push_eos();
  for (int i = 0; i < 2; ++i) fail_unless(run.pull_buffer() == clip(101 + i));
  for (int i = 0; i < 2; ++i) fail_unless(run.pull_buffer() == kClip);
  run.wait_event(GST_EVENT_EOS);
  fail_unless(gst_harness_try_pull(run.harness()) == nullptr);
  fail_unless_equals_int(service.creates(), 2);
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING), "budget");
}
GST_END_TEST

// A job that cost nothing does not use up the guard.
GST_START_TEST(spend_guard_gives_back) {
  const WithKey key;
  const auto results = numbered_results();
  FakeService service(kResult, [&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_create(request) && request.number == 1)
      return ServerReply{.status = 400,
                         .body = "{\"code\":\"invalid_request\",\"message\":\"no\"}"};
    return results(request);
  });
  ElementRun run(service.server.url(),
                 "prompt=x input-mode=buffer max-in-flight=1 max-jobs=1 on-failure=source");
  run.push(kClip, 0, GST_SECOND);
  fail_unless(run.pull_buffer() == kClip);
  run.push(kClip, GST_SECOND, GST_SECOND);
  fail_unless(run.pull_buffer() == clip(102));
}
GST_END_TEST

// The prompt of a buffer is the one that holds when it comes in.
GST_START_TEST(prompt_changes) {
  const WithKey key;
  FakeService service(kResult, numbered_results());
  ElementRun run(service.server.url(), "prompt=first input-mode=buffer");
  run.push(kClip, 0, GST_SECOND);
  fail_unless(service.server.wait_for(1, "POST"));
  g_object_set(run.element(), "prompt", "second \xF0\x9F\x8C\x83 \"quoted\"", nullptr);
  run.push(kClip, GST_SECOND, GST_SECOND);
  run.pull_buffer();
  run.pull_buffer();
  std::vector<std::string> bodies;
  for (const SeenRequest& request : service.server.seen())
    if (is_create(request)) bodies.push_back(request.body);
  fail_unless(bodies[0].find("\"prompt\":\"first\"") != std::string::npos);
  fail_unless(bodies[1].find("\"prompt\":\"second \xF0\x9F\x8C\x83 \\\"quoted\\\"\"") !=
              std::string::npos);
}
GST_END_TEST

GST_START_TEST(long_prompt) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "");
  const std::string prompt(20000, 'p');
  g_object_set(run.element(), "prompt", prompt.c_str(), nullptr);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  fail_unless(service.server.seen()[0].body.find(prompt) != std::string::npos);
}
GST_END_TEST

// What may hold a secret does not read back.
GST_START_TEST(secrets_do_not_read_back) {
  GstElement* element = gst_element_factory_make("omniv2v", nullptr);
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), "api-key");
  fail_unless_equals_int(spec->flags & G_PARAM_READABLE, 0);
  gst_util_set_object_arg(G_OBJECT(element), "extra-headers", "headers, X-Secret=(string)s3cr3t");
  g_object_set(element, "proxy", "http://me:s3cr3t@proxy.example:3128", nullptr);
  GstStructure* headers = nullptr;
  gchar* proxy = nullptr;
  g_object_get(element, "extra-headers", &headers, "proxy", &proxy, nullptr);
  fail_unless_equals_string(gst_structure_get_string(headers, "X-Secret"), "(redacted)");
  fail_unless_equals_string(proxy, "http://(redacted)@proxy.example:3128");
  gst_structure_free(headers);
  g_free(proxy);
  gst_object_unref(element);
}
GST_END_TEST

// Every clip is planned with one set of properties, however fast they change.
GST_START_TEST(dry_run_toggles) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x input-mode=buffer");
  std::atomic<bool> done{false};
  std::thread toggler([&] {
    for (bool dry = true; !done; dry = !dry)
      g_object_set(run.element(), "dry-run", gboolean{dry}, nullptr);
  });
  for (int i = 0; i < 30; ++i) {
    fail_unless_equals_int(run.push(kClip, i * GST_SECOND, GST_SECOND), GST_FLOW_OK);
    const std::string out = run.pull_buffer();
    fail_unless(out == kClip || out == kResult);
  }
  done = true;
  toggler.join();
}
GST_END_TEST

// What comes after EOS has no place to go, so it is not paid for.
GST_START_TEST(nothing_is_bought_after_eos) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x");
  run.push_stream(kClip);
  fail_unless_equals_int(run.push(kClip), GST_FLOW_EOS);
  run.push_eos();
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// A folder that cannot be written to costs memory, not the result.
GST_START_TEST(state_dir_is_not_vital) {
  const WithKey key;
  const std::string large = clip(640, 8000, 2000000);
  FakeService service(large);
  ElementRun run(service.server.url(), "prompt=x state-dir=/proc/nope");
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == large);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// The key is in no log line of any category at the highest level.
GST_START_TEST(key_is_never_logged) {
  static std::string* log;
  static GMutex lock;
  log = new std::string;
  const GstLogFunction keep = [](GstDebugCategory*, GstDebugLevel, const gchar*, const gchar*, gint,
                                 GObject*, GstDebugMessage* message, gpointer) {
    // Before the lock: printing an object may log something itself.
    const std::string text = gst_debug_message_get(message);
    g_mutex_lock(&lock);
    *log += text;
    g_mutex_unlock(&lock);
  };
  const WithKey key;
  gst_debug_remove_log_function(nullptr);  // the one that prints
  gst_debug_add_log_function(keep, nullptr, nullptr);
  gst_debug_set_default_threshold(GST_LEVEL_MEMDUMP);
  {
    FakeService service(kResult, first(is_create, 1,
                                       {.status = 429,
                                        .body = "{\"error\":{\"message\":\"key Bearer " +
                                                std::string(kKey) + " used too often\"}}",
                                        .headers = {"Retry-After: 0"}}));
    ElementRun run(service.server.url(), "prompt=x");
    run.push_stream(kClip);
    run.wait_event(GST_EVENT_EOS);
  }
  gst_debug_set_default_threshold(GST_LEVEL_NONE);
  gst_debug_remove_log_function(keep);
  g_mutex_lock(&lock);
  fail_unless(log->find("accepted as task video_2") != std::string::npos);
  fail_unless(log->find(kKey) == std::string::npos);
  fail_unless(log->find("s3cr3t") == std::string::npos);
  g_mutex_unlock(&lock);
}
GST_END_TEST

GST_START_TEST(presets_load) {
  GstElement* element = gst_element_factory_make("omniv2v", nullptr);
  fail_unless(gst_preset_load_preset(GST_PRESET(element), "film-noir"));
  gchar* prompt = nullptr;
  g_object_get(element, "prompt", &prompt, nullptr);
  fail_unless(strstr(prompt, "film noir") != nullptr);
  g_free(prompt);
  gst_object_unref(element);
}
GST_END_TEST

static Suite* omniv2v_suite() {
  Suite* suite = suite_create("omniv2v");
  TCase* tests = tcase_create("element");
  tcase_set_timeout(tests, 60);
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, stream_happy_path);
  tcase_add_test(tests, stream_events_in_order);
  tcase_add_loop_test(tests, progress_is_paired, 0, 2);
  tcase_add_loop_test(tests, refused_locally, 0, 27);
  tcase_add_test(tests, no_key);
  tcase_add_loop_test(tests, key_sources, 0, 4);
  tcase_add_loop_test(tests, on_failure, 0, 4);
  tcase_add_test(tests, oversize_passes_as_source);
  tcase_add_test(tests, dry_run);
  tcase_add_test(tests, buffers_leave_in_order);
  tcase_add_test(tests, buffers_keep_their_results);
  tcase_add_loop_test(tests, buffer_failures, 0, 3);
  tcase_add_loop_test(tests, spend_guard, 0, 2);
  tcase_add_test(tests, spend_guard_gives_back);
  tcase_add_test(tests, prompt_changes);
  tcase_add_test(tests, long_prompt);
  tcase_add_test(tests, secrets_do_not_read_back);
  tcase_add_test(tests, dry_run_toggles);
  tcase_add_test(tests, nothing_is_bought_after_eos);
  tcase_add_test(tests, state_dir_is_not_vital);
  tcase_add_test(tests, key_is_never_logged);
  tcase_add_test(tests, presets_load);
  return suite;
}

GST_CHECK_MAIN(omniv2v)
