// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omnivideosrc in a harness: what it sends, what it waits for, what interrupts it. The service is
// in process, so that a test can decide what it answers.
#include <filesystem>
#include <fstream>

#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

class SourceRun : public ElementRun {
 public:
  SourceRun(const std::string& base_url, const std::string& properties)
      : ElementRun(base_url, properties, "omnivideosrc") {}
};

std::string only_body(const FakeService& service) {
  std::string body;
  for (const SeenRequest& request : service.server.seen()) {
    if (!is_create(request)) continue;
    fail_unless(body.empty(), "more than one create");
    body = request.body;
  }
  return body;
}

/// The reason of an element that would not start.
std::string start_reason(const std::string& properties) {
  GError* error = nullptr;
  const ClosedPort closed;
  const std::string line = "omnivideosrc base-url=" + closed.url() + " " + properties;
  GstElement* element = gst_parse_launch(line.c_str(), &error);
  fail_unless(error == nullptr);
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  const GstStateChangeReturn change = gst_element_set_state(element, GST_STATE_PAUSED);
  std::string reason = "started";
  if (change == GST_STATE_CHANGE_FAILURE) {
    const auto message =
        MiniObjectPtr<GstMessage>::adopt(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR));
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(message.get(), &details);
    reason = gst_structure_get_string(details, "reason");
  }
  gst_element_set_state(element, GST_STATE_NULL);
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  gst_object_unref(element);
  return reason;
}

/// The one task goes on waiting until this is true.
FakeService::Answer queued_until(const std::atomic<bool>& may_end) {
  return [&may_end](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_poll(request) && !may_end) return ServerReply{.body = task_json("video_1", "queued", 0)};
    return std::nullopt;
  };
}

bool is_seekable(ElementRun& run) {
  GstPad* pad = gst_element_get_static_pad(run.element(), "src");
  GstQuery* query = gst_query_new_seeking(GST_FORMAT_BYTES);
  gboolean seekable = FALSE;
  if (gst_pad_query(pad, query))
    gst_query_parse_seeking(query, nullptr, &seekable, nullptr, nullptr);
  gst_query_unref(query);
  gst_object_unref(pad);
  return seekable;
}

gboolean seek(ElementRun& run, gint64 start, gint64 stop) {
  return gst_element_seek(run.element(), 1.0, GST_FORMAT_BYTES, GST_SEEK_FLAG_FLUSH,
                          GST_SEEK_TYPE_SET, start, GST_SEEK_TYPE_SET, stop);
}

}  // namespace

GST_START_TEST(happy_path) {
  const WithKey key;
  FakeService service(kResult);
  SourceRun run(service.server.url(), "prompt=sea");
  fail_unless(run.pull_stream() == kResult);
  expect_equal(only_body(service), R"({"model":"omni-fast","prompt":"sea"})");
  const auto states = run.job_states();
  const std::vector<std::string> expected = {"waiting", "submitting",  "pending",
                                             "running", "downloading", "done"};
  fail_unless(states == expected);
  fail_unless_equals_int(run.stat("jobs-paid"), 1);
  fail_unless_equals_int(run.stat("seconds-paid"), 8);
}
GST_END_TEST

GST_START_TEST(sends_what_was_set) {
  const WithKey key;
  FakeService service(kResult);
  SourceRun run(service.server.url(),
                "prompt=sea seconds=5 aspect-ratio=9:16 resolution=1080p "
                "images=<\"https://h/1.png\"> first-image=https://h/f.png "
                "parameters=\"{\\\"seed\\\": 7}\"");
  run.pull_stream();
  expect_equal(only_body(service),
               R"({"model":"omni-fast","prompt":"sea","seconds":"5","aspect_ratio":"9:16",)"
               R"("resolution":"1080p","first_image_url":"https://h/f.png",)"
               R"("images":["https://h/1.png"],"seed":7})");
}
GST_END_TEST

GST_START_TEST(local_image_goes_inline) {
  const WithKey key;
  const std::string path =
      std::filesystem::temp_directory_path() / ("omni-image-" + std::to_string(getpid()) + ".png");
  std::ofstream(path) << "\x89PNG\r\n\x1a\nrest";
  FakeService service(kResult);
  {
    SourceRun run(service.server.url(), "prompt=sea images=<\"" + path + "\">");
    run.pull_stream();
  }
  std::filesystem::remove(path);
  fail_unless(only_body(service).find("\"images\":[\"data:image/png;base64,iVBORw0KGgpyZXN0\"]") !=
              std::string::npos);
}
GST_END_TEST

// PROGRESS messages come in pairs, one after another.
GST_START_TEST(progress_is_paired) {
  const WithKey key;
  FakeService service(kResult);
  SourceRun run(service.server.url(), "prompt=sea");
  run.pull_stream();
  std::string seen;
  for (const auto& [code, end] : paired_progress(run)) {
    fail_unless_equals_int(end, GST_PROGRESS_TYPE_COMPLETE);
    seen += code + " ";
  }
  expect_equal(seen, "submit generate download ");
}
GST_END_TEST

GST_START_TEST(seekable_once_there) {
  const WithKey key;
  std::atomic<bool> may_end = false;
  FakeService service(kResult, queued_until(may_end));
  SourceRun run(service.server.url(), "prompt=sea");
  fail_unless(service.server.wait_for(2, "GET", "/v1/videos/"));
  fail_if(is_seekable(run));
  fail_if(seek(run, 100, -1));
  may_end = true;
  fail_unless(run.pull_stream() == kResult);
  fail_unless(is_seekable(run));
  fail_unless(seek(run, 1000, -1));
  fail_unless(run.pull_stream() == kResult.substr(1000));
  fail_unless(seek(run, 70000, 90000));
  fail_unless(run.pull_stream() == kResult.substr(70000, 20000));
  fail_unless(seek(run, 0, -1));
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// A flush interrupts the wait; the next create() waits for the same job.
GST_START_TEST(flush_keeps_the_job) {
  const WithKey key;
  std::atomic<bool> may_end = false;
  FakeService service(kResult, queued_until(may_end));
  SourceRun run(service.server.url(), "prompt=sea");
  fail_unless(service.server.wait_for(2, "GET", "/v1/videos/"));
  for (int i = 0; i < 3; ++i) {
    fail_unless(gst_element_send_event(run.element(), gst_event_new_flush_start()));
    fail_unless(gst_element_send_event(run.element(), gst_event_new_flush_stop(TRUE)));
  }
  may_end = true;
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// As `gst-launch-1.0 -e` does when it is interrupted: nothing is waited for any longer, and the next
// run gets what was paid.
GST_START_TEST(eos_calls_the_job_off) {
  const WithKey key;
  std::atomic<bool> may_end = false;
  FakeService service(kResult, queued_until(may_end));
  SourceRun run(service.server.url(), "prompt=sea");
  fail_unless(service.server.wait_for(2, "GET", "/v1/videos/"));
  fail_unless(gst_element_send_event(run.element(), gst_event_new_eos()));
  expect_equal(run.pull_stream(), "");
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING, &text), "cancelled");
  for (const char* part : {"EOS", "billed", "in the ledger as"})
    fail_unless(text.find(part) != std::string::npos, "%s: %s", part, text.c_str());
  gst_element_set_state(run.element(), GST_STATE_READY);
  may_end = true;
  gst_element_set_state(run.element(), GST_STATE_PLAYING);
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// Whatever the job is at: PLAYING -> NULL needs no answer, and leaves no thread.
GST_START_TEST(stop_in_any_phase) {
  const WithKey key;
  FakeService service(kResult, [__i__](const SeenRequest& request) -> std::optional<ServerReply> {
    const bool hangs = __i__ == 0   ? is_create(request)
                       : __i__ == 1 ? is_poll(request)
                                    : is_file(request);
    if (hangs) return ServerReply{.hang = true};
    return std::nullopt;
  });
  {
    SourceRun run(service.server.url(), "prompt=sea");
    fail_unless(
        service.server.wait_for(1, __i__ == 0 ? "POST" : "GET", __i__ == 2 ? "/files/" : "/"));
    fail_unless_equals_int(gst_element_set_state(run.element(), GST_STATE_NULL),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(threads_named("omni-network"), 0);
    fail_unless_equals_int(run.stat("in-flight"), 0);
  }
  fail_unless_equals_int(threads_named("omni-network"), 0);
}
GST_END_TEST

GST_START_TEST(stop_at_random_moments) {
  const WithKey key;
  FakeService service(kResult);
  for (int i = 0; i < 40; ++i) {
    SourceRun run(service.server.url(), "prompt=sea");
    g_usleep(g_random_int_range(0, 40000));
  }
  fail_unless_equals_int(threads_named("omni-network"), 0);
}
GST_END_TEST

struct StartCase {
  const char* properties;
  const char* reason;
};
const StartCase kStarts[] = {
    {"prompt=x api-key=k", "started"},
    {"prompt=x", "unauthorized"},
    {"api-key=k", "invalid-request"},
    {"prompt=x api-key=k seconds=3", "invalid-request"},
    {"prompt=@/nowhere.txt api-key=k", "invalid-request"},
    {"prompt=x api-key=k images=<\"/nowhere.png\">", "invalid-request"},
    {"prompt=x api-key=k parameters=\"{\"", "invalid-request"},
    {"prompt=x api-key=k proxy=nonsense", "invalid-request"},
    {"prompt=x api-key=k provider=apimart seconds=5", "invalid-request"},
    {"prompt=x api-key=k provider=omnirouters", "invalid-request"},
    {"prompt=x api-key=k dry-run=true", "started"},
    {"prompt=x dry-run=true", "started"},
};

GST_START_TEST(wrong_settings_fail_at_start) {
  const StartCase& row = kStarts[__i__];
  expect_equal(std::string(row.properties) + ": " + start_reason(row.properties),
               std::string(row.properties) + ": " + row.reason);
}
GST_END_TEST

GST_START_TEST(dry_run_sends_nothing) {
  const WithKey key;
  FakeService service(kResult);
  SourceRun run(service.server.url(), "prompt=sea dry-run=true");
  expect_equal(run.pull_stream(), "");
  std::string request;
  for (const auto& message : run.messages()) {
    const GstStructure* structure = gst_message_get_structure(message.get());
    if (!structure || !gst_structure_has_name(structure, "omni/job")) continue;
    expect_equal(gst_structure_get_string(structure, "state"), "planned");
    request = gst_structure_get_string(structure, "request");
  }
  expect_equal(request, R"({"model":"omni-fast","prompt":"sea"})");
  fail_unless(service.server.seen().empty());
}
GST_END_TEST

GST_START_TEST(refused) {
  const WithKey key;
  FakeService service(kResult, first(is_create, 1, {.status = 402, .body = "{}"}));
  SourceRun run(service.server.url(), "prompt=sea");
  expect_equal(run.wait_reason(), "payment-required");
  expect_equal(run.pull_stream(), "");
  // One error, the one that says why.
  for (const auto& message : run.messages())
    fail_unless(GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ERROR);
  fail_unless_equals_int(run.stat("jobs-paid"), 0);
}
GST_END_TEST

GST_START_TEST(refused_and_skipped) {
  const WithKey key;
  FakeService service(kResult, first(is_create, 1, {.status = 402, .body = "{}"}));
  SourceRun run(service.server.url(), "prompt=sea on-failure=skip");
  expect_equal(run.pull_stream(), "");
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING), "payment-required");
}
GST_END_TEST

// The spend guard counts over the element's life, not over one run.
GST_START_TEST(budget_outlives_a_run) {
  const WithKey key;
  FakeService service(kResult);
  SourceRun run(service.server.url(), "prompt=sea max-jobs=1");
  fail_unless(run.pull_stream() == kResult);
  gst_element_set_state(run.element(), GST_STATE_NULL);
  gst_element_set_state(run.element(), GST_STATE_PLAYING);
  expect_equal(run.wait_reason(), "budget");
  fail_unless_equals_int(service.creates(), 1);
  fail_unless_equals_int(run.stat("jobs-paid"), 1);
}
GST_END_TEST

// What cannot be counted is not bought under max-seconds.
GST_START_TEST(uncountable_length) {
  const WithKey key;
  FakeService service(kResult);
  SourceRun run(service.server.url(),
                "prompt=hall provider=omnirouters model=Hunyuan-3d-scene-2.0 max-seconds=60");
  expect_equal(run.wait_reason(), "budget");
  fail_unless(service.server.seen().empty());
}
GST_END_TEST

static Suite* omnivideosrc_suite() {
  Suite* suite = suite_create("omnivideosrc");
  TCase* tests = tcase_create("general");
  suite_add_tcase(suite, tests);
  tcase_set_timeout(tests, 120);
  tcase_add_test(tests, happy_path);
  tcase_add_test(tests, sends_what_was_set);
  tcase_add_test(tests, local_image_goes_inline);
  tcase_add_test(tests, progress_is_paired);
  tcase_add_test(tests, seekable_once_there);
  tcase_add_test(tests, flush_keeps_the_job);
  tcase_add_test(tests, eos_calls_the_job_off);
  tcase_add_loop_test(tests, stop_in_any_phase, 0, 3);
  tcase_add_test(tests, stop_at_random_moments);
  tcase_add_loop_test(tests, wrong_settings_fail_at_start, 0, G_N_ELEMENTS(kStarts));
  tcase_add_test(tests, dry_run_sends_nothing);
  tcase_add_test(tests, refused);
  tcase_add_test(tests, refused_and_skipped);
  tcase_add_test(tests, budget_outlives_a_run);
  tcase_add_test(tests, uncountable_length);
  return suite;
}

GST_CHECK_MAIN(omnivideosrc)
