// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin with anchor=first: which jobs have a still of which result, what waits for it, and
// what ends the waiting.
#include <json-glib/json-glib.h>

#include <atomic>

#include "service/json.h"
#include "support/bin-harness.h"
#include "support/bin-run.h"
#include "support/echo-service.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

const std::string kFour = "prompt=x segment-duration=4000000000 anchor=first ";
constexpr unsigned kFrames = 100;  // of a segment
constexpr int kSomePolls = 20;

/// `images` of a job's create body.
std::vector<std::string> images_of(const EchoService& service, int job) {
  std::vector<std::string> images;
  for (const SeenRequest& request : service.server.seen()) {
    if (!is_create(request) || request.number != job) continue;
    std::string why;
    const JsonNodePtr body = parse_json(request.body, &why);
    fail_unless(bool(body), "%s", why.c_str());
    JsonObject* object = json_node_get_object(body.get());
    if (!json_object_has_member(object, "images")) return {};
    JsonArray* array = json_object_get_array_member(object, "images");
    for (guint i = 0; i < json_array_get_length(array); ++i)
      images.push_back(json_array_get_string_element(array, i));
    return images;
  }
  ck_abort_msg("job %d was not created", job);
}

/// The number in a still; G_MAXUINT when it is none.
unsigned number_in_still(const std::string& image) {
  static const std::string kStart = "data:image/jpeg;base64,";
  fail_unless(image.starts_with(kStart), "no still: %.60s", image.c_str());
  gsize size = 0;
  guchar* data = g_base64_decode(image.c_str() + kStart.size(), &size);
  const auto jpeg = BufferPtr::adopt(gst_buffer_new_wrapped(data, size));
  GstHarness* decoder = gst_harness_new_parse(
      "jpegparse ! avdec_mjpeg ! videoconvert ! capsfilter caps=video/x-raw,format=I420");
  gst_harness_set_src_caps_str(decoder, "image/jpeg,framerate=1/1");
  gst_harness_push(decoder, BufferPtr(jpeg).release());
  gst_harness_push_event(decoder, gst_event_new_eos());
  const auto picture = BufferPtr::adopt(gst_harness_pull(decoder));
  fail_unless(bool(picture), "the still cannot be decoded");
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(decoder->sinkpad));
  const unsigned number = number_in(picture.get(), caps.get());
  gst_harness_teardown(decoder);
  return number;
}

/// This job has the images of the user, and a still of this number or none.
void expect_images(const EchoService& service, int job, std::size_t own, int still) {
  const auto images = images_of(service, job);
  fail_unless_equals_int(images.size(), own + (still >= 0 ? 1 : 0));
  for (std::size_t i = 0; i < own; ++i)
    expect_equal(images[i], "https://example.com/" + std::to_string(i) + ".png");
  if (still >= 0) fail_unless_equals_int(number_in_still(images.back()), still);
}

std::string images_property(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i)
    list += (i ? "," : "") + ("\"https://example.com/" + std::to_string(i) + ".png\"");
  return count ? " images=<" + list + "> " : "";
}

/// So many segments go in, and the end.
void push_segments(BinRun& run, unsigned count) {
  run.push_counted(0, count * kFrames, 25);
  run.end();
}

/// While a job is polled so many times more, no other one is created.
void expect_no_create_beside(EchoService& service) {
  const int creates = service.creates();
  const int polls = service.server.count("GET", "/v1/videos/");
  fail_unless(service.server.wait_for(polls + kSomePolls, "GET", "/v1/videos/"));
  fail_unless_equals_int(service.creates(), creates);
}

EchoService::Answer fail_job(int job) {
  const std::string id = "video_" + std::to_string(job);
  return [id](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!is_poll(request) || !request.target.ends_with("/" + id)) return std::nullopt;
    return ServerReply{.body =
                           R"({"id":")" + id + R"(","status":"failed","error":{"message":"no"}})"};
  };
}

/// The boxes stay good, the pictures do not.
std::string broken(std::string clip) {
  for (std::size_t i = clip.find("mdat") + 4; i < clip.size(); ++i)
    clip[i] = static_cast<char>(i * 31 + 7);
  return clip;
}

std::atomic<int> anchor_warnings{0};

void count_warnings(GstDebugCategory*, GstDebugLevel level, const gchar*, const gchar*, gint,
                    GObject*, GstDebugMessage* message, gpointer) {
  if (level == GST_LEVEL_WARNING && strstr(gst_debug_message_get(message), "anchor:"))
    ++anchor_warnings;
}

}  // namespace

// The first job runs alone; the others have one image more than the user gave, and run side by
// side.
GST_START_TEST(later_jobs_have_the_still) {
  const WithKey key;
  const std::size_t own = __i__ == 0 ? 0 : 3;
  EchoService service;
  service.hold({1, 2, 3, 4});
  BinRun run(service.server.url(), kFour + images_property(own), kCaps25);
  push_segments(run, 4);
  fail_unless(service.server.wait_for(1, "POST"));
  expect_no_create_beside(service);
  service.let_go(1);
  fail_unless(service.server.wait_for(4, "POST"));  // none of them is done
  service.let_all_go();
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(run.frames().size(), 4 * kFrames);
  expect_images(service, 1, own, -1);
  for (int job = 2; job <= 4; ++job) expect_images(service, job, own, kFrames / 2);
  const std::string still = images_of(service, 2).back();
  fail_unless(images_of(service, 3).back() == still && images_of(service, 4).back() == still);
}
GST_END_TEST

// It is the result's picture, not the reference's.
GST_START_TEST(still_of_the_result) {
  const WithKey key;
  std::string other;
  {
    EchoService service;
    BinRun run(service.server.url(), "prompt=x segment-duration=4000000000", kCaps25);
    run.push_counted(7000, kFrames, 25);
    run.end();
    expect_equal(run.wait_end(), "");
    other = service.reference(1);
  }
  EchoService service(
      nullptr, [&](int job, const std::string& reference) { return job == 1 ? other : reference; });
  BinRun run(service.server.url(), kFour, kCaps25);
  push_segments(run, 2);
  expect_equal(run.wait_end(), "");
  expect_images(service, 2, 0, 7000 + kFrames / 2);
}
GST_END_TEST

// Without it nothing waits, and nothing is added.
GST_START_TEST(none) {
  const WithKey key;
  EchoService service;
  service.hold({1});
  BinRun run(service.server.url(), kFour + "anchor=none", kCaps25);
  push_segments(run, 3);
  fail_unless(service.server.wait_for(3, "POST"));
  service.let_all_go();
  expect_equal(run.wait_end(), "");
  for (int job = 1; job <= 3; ++job) expect_images(service, job, 0, -1);
}
GST_END_TEST

// When the first job fails, the next one is the anchor: a refusal at once, and a failure later on.
GST_START_TEST(next_one_after_a_failure) {
  const WithKey key;
  EchoService service(
      __i__ == 0 ? fail_job(1)
                 : EchoService::Answer(first(is_create, 1, {.status = 400, .body = "{}"})));
  service.hold({2});
  BinRun run(service.server.url(), kFour + "on-failure=source", kCaps25);
  push_segments(run, 4);
  fail_unless(service.server.wait_for(2, "POST"));
  expect_no_create_beside(service);
  service.let_all_go();
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(run.frames().size(), 4 * kFrames);
  fail_unless_equals_int(service.creates(), 4);
  for (int job = 1; job <= 2; ++job) expect_images(service, job, 0, -1);
  for (int job = 3; job <= 4; ++job) expect_images(service, job, 0, kFrames + kFrames / 2);
}
GST_END_TEST

// Results of which no still can be made: one warning, and the next segment is tried.
GST_START_TEST(no_still_to_be_had) {
  const WithKey key;
  EchoService service(nullptr, [](int job, const std::string& reference) {
    return job <= 2 ? broken(reference) : reference;
  });
  anchor_warnings = 0;
  gst_debug_set_active(TRUE);
  gst_debug_set_threshold_for_name("omni", GST_LEVEL_WARNING);
  gst_debug_add_log_function(count_warnings, nullptr, nullptr);
  {
    BinRun run(service.server.url(), kFour + "on-failure=source", kCaps25);
    push_segments(run, 4);
    expect_equal(run.wait_end(), "");
    fail_unless_equals_int(run.frames().size(), 4 * kFrames);
  }
  gst_debug_remove_log_function(count_warnings);
  for (int job = 1; job <= 3; ++job) expect_images(service, job, 0, -1);
  expect_images(service, 4, 0, 2 * kFrames + kFrames / 2);
  fail_unless_equals_int(anchor_warnings, 1);
}
GST_END_TEST

// Where a failure ends the stream, nothing is bought behind the candidate that failed: not even
// while the error is on its way.
GST_START_TEST(nothing_after_the_end) {
  const WithKey key;
  std::atomic<bool> over = false;
  EchoService service([&over, failure = fail_job(1)](const SeenRequest& request) {
    return over ? failure(request) : std::nullopt;
  });
  service.hold({1});
  BinRun run(service.server.url(), kFour, kCaps25);
  const auto bus = BusPtr::adopt(gst_element_get_bus(run.pipeline()));
  const GstBusSyncHandler linger = [](GstBus*, GstMessage* message, gpointer) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) g_usleep(500'000);
    return GST_BUS_PASS;
  };
  gst_bus_set_sync_handler(bus.get(), linger, nullptr, nullptr);
  push_segments(run, 4);
  fail_unless(service.server.wait_for(1, "POST"));
  expect_no_create_beside(service);
  over = true;
  fail_if(run.wait_end().empty());
  gst_element_set_state(run.pipeline(), GST_STATE_NULL);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// Live, nothing waits: segments go without until there is a still.
GST_START_TEST(live_does_not_wait) {
  const WithKey key;
  EchoService service;
  service.hold({1});
  BinRun run(service.server.url(), kFour, kCaps25, true);
  // One after another: a live encoder skips what it cannot do in time.
  int segments = 0;
  const auto push_segment = [&] {
    run.push_counted(segments * kFrames + (segments ? 1 : 0), kFrames + (segments ? 0 : 1), 25);
    ++segments;  // its last frame was the first of the next one, and has cut it
    fail_unless(service.server.wait_for(segments, "POST"));
  };
  for (int i = 0; i < 3; ++i) push_segment();
  for (int job = 1; job <= 3; ++job) expect_images(service, job, 0, -1);
  service.let_go(1);
  while (images_of(service, segments).empty() && segments < 100) push_segment();
  fail_unless_equals_int(images_of(service, segments).size(), 1);
  fail_unless(number_in_still(images_of(service, segments).front()) < kFrames);
}
GST_END_TEST

// A flush ends the waiting; what waited is not bought, and the first segment behind it is the next
// candidate.
GST_START_TEST(flush_while_waiting) {
  const WithKey key;
  EchoService service;
  service.hold({1});
  BinHarness run(service.server.url(), kFour);
  run.push_frames(0, 2 * kFrames + 50);
  fail_unless(service.server.wait_for(1, "POST"));
  expect_no_create_beside(service);
  run.flush();
  run.push_frames(500, 2 * kFrames);
  run.push_eos();
  run.expect_frames(500, 2 * kFrames);
  run.wait_event(GST_EVENT_EOS);
  fail_unless_equals_int(service.creates(), 3);
  expect_images(service, 2, 0, -1);
  expect_images(service, 3, 0, 500 + kFrames / 2);
}
GST_END_TEST

// A still that is there outlives flushes and other caps.
GST_START_TEST(still_outlives_a_flush) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  run.push_frames(0, 2 * kFrames + 50);
  run.expect_frames(0, 2 * kFrames);
  run.flush();
  gst_harness_push_event(
      run.harness(),
      gst_event_new_caps(
          CapsPtr::adopt(
              gst_caps_from_string((std::string(kCountedCaps) + "25/1,chroma-site=dv").c_str()))
              .get()));
  run.push_frames(500, kFrames);
  run.push_eos();
  run.expect_frames(500, kFrames);
  expect_images(service, 3, 0, kFrames / 2);
}
GST_END_TEST

// To NULL while a segment waits: at once, with nothing left, also while the still is being made.
GST_START_TEST(stop_while_waiting) {
  const WithKey key;
  EchoService service(__i__ == 0 ? nullptr
                                 : EchoService::Answer(first(is_poll, 9999, {.hang = true})));
  for (int round = 0; round < 3; ++round) {
    const int job = service.creates() + 1;
    service.hold({job});
    BinRun run(service.server.url(), kFour, kCaps25);
    push_segments(run, 4);
    fail_unless(service.server.wait_for(job, "POST"));
    if (__i__ == 0) expect_no_create_beside(service);
    if (__i__ == 0 && round == 2) service.let_all_go();
    gst_element_set_state(run.pipeline(), GST_STATE_NULL);
    fail_unless_equals_int(threads_named("omni-network"), 0);
    fail_unless_equals_int(threads_named("omni-submit"), 0);
  }
}
GST_END_TEST

// What is under way when the stream is stopped is taken up again: the same still gives the same
// requests.
GST_START_TEST(taken_up_again) {
  const WithKey key;
  const FreshFolder state;
  const std::string properties = kFour + "state-dir=" + state.path();
  EchoService service;
  service.hold({2, 3});
  {
    BinRun run(service.server.url(), properties, kCaps25);
    push_segments(run, 3);
    fail_unless(service.server.wait_for(3, "POST"));
    // The answers to the creates are in the ledger once their tasks are asked for.
    for (const char* task : {"/v1/videos/video_2", "/v1/videos/video_3"})
      fail_unless(service.server.wait_for(1, "GET", task));
  }
  service.let_all_go();
  BinRun run(service.server.url(), properties, kCaps25);
  push_segments(run, 3);
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(run.frames().size(), 3 * kFrames);
  fail_unless_equals_int(service.creates(), 3);
  fail_unless_equals_int(run.stat("reused"), 3);
  fail_unless_equals_int(run.stat("jobs-paid"), 0);
}
GST_END_TEST

namespace {

// The first segment failed, and did not fail when it was tried again: what was paid for with
// another still, or without one, is taken up all the same. Without an anchor it is another job.
GST_START_TEST(taken_up_with_another_anchor) {
  const WithKey key;
  const FreshFolder state;
  const std::string properties =
      "prompt=x segment-duration=4000000000 on-failure=source reuse=all state-dir=" + state.path();
  std::atomic<bool> fails = true;
  EchoService service([&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (!fails || !is_poll(request) || !request.target.ends_with("video_1")) return {};
    return ServerReply{.body = R"({"id":"video_1","status":"failed","error":{"message":"no"}})"};
  });
  const auto run_with = [&](const std::string& anchor) {
    BinRun run(service.server.url(), properties + " anchor=" + anchor, kCaps25);
    push_segments(run, 3);
    expect_equal(run.wait_end(), "");
    fail_unless_equals_int(run.frames().size(), 3 * kFrames);
    return run.stat("reused");
  };
  fail_unless_equals_int(run_with("first"), 0);
  fail_unless_equals_int(service.creates(), 3);
  fails = false;
  fail_unless_equals_int(run_with("first"), 2);
  fail_unless_equals_int(service.creates(), 4);
  fail_unless_equals_int(run_with("none"), 0);
  fail_unless_equals_int(service.creates(), 7);
}
GST_END_TEST

struct RoomRow {
  const char* provider;
  const char* more;
  std::size_t images;
  const char* refusal;  // what the message says; null: there is room
};

constexpr RoomRow kRoom[] = {
    {"octopusx", "", 4, nullptr},
    {"octopusx", "", 5, "at most 5"},
    {"omnirouters", "", 3, nullptr},
    {"omnirouters", "", 4, "at most 4"},
    {"omnirouters", "model=Vidu-q2-pro", 4, nullptr},
    {"apimart", "", 0, nullptr},
    {"apimart", "", 1, "none, 1 or 3"},
    {"apimart", "", 2, "none, 1 or 3"},
    {"apimart", "", 3, "none, 1 or 3"},
    {"octopusx", "parameters=\"{\\\"images\\\":[]}\"", 0, "`parameters`"},
};

}  // namespace

// Where an image more has no room, that is told before anything is sent. A dry run tells it too,
// and shows that there is room where there is.
GST_START_TEST(room_for_the_still) {
  const WithKey key;
  const RoomRow& row = kRoom[__i__];
  EchoService service;
  const std::string properties = "provider=" + std::string(row.provider) + " " + row.more +
                                 images_property(row.images) +
                                 " reference-transport=put put-url=http://127.0.0.1:9/{name} ";
  if (!row.refusal) {
    BinRun run(service.server.url(), kFour + properties + "dry-run=true", kCaps25);
    push_segments(run, 2);
    return expect_equal(run.wait_end(), "");
  }
  BinHarness run(service.server.url(), kFour + properties);
  run.push_frames(0, 1);
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_ERROR, &text), "invalid-request");
  fail_unless(text.find(row.refusal) != std::string::npos, "%s", text.c_str());
  fail_unless_equals_int(service.server.connections(), 0);
}
GST_END_TEST

// A plan's still is one of the source: what is bought begins without.
GST_START_TEST(dry_run_that_ends) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kFour + "dry-run=true", kCaps25);
  run.push_counted(0, kFrames + 1, 25);
  run.wait_frames(kFrames);
  g_object_set(run.bin(), "dry-run", FALSE, nullptr);
  run.push_counted(kFrames + 1, 3 * kFrames - 1, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(service.creates(), 2);  // the second segment had begun as a plan
  expect_images(service, 1, 0, -1);
  fail_unless_equals_int(images_of(service, 2).size(), 1);
}
GST_END_TEST

// The plan shows requests of the right form, and no megabytes.
GST_START_TEST(dry_run) {
  const WithKey key;
  EchoService service;
  std::vector<std::string> requests;
  {
    BinHarness run(service.server.url(), kFour + "dry-run=true");
    run.push_frames(0, 3 * kFrames);
    run.push_eos();
    run.expect_frames(0, 3 * kFrames);
    run.wait_event(GST_EVENT_EOS);
    for (const auto& message : run.messages()) {
      const GstStructure* job = gst_message_get_structure(message.get());
      const char* request = job ? gst_structure_get_string(job, "request") : nullptr;
      if (request) requests.push_back(request);
    }
  }
  fail_unless_equals_int(requests.size(), 3);
  fail_unless(requests[0].find("images") == std::string::npos, "%s", requests[0].c_str());
  for (const std::string& request : {requests[1], requests[2]}) {
    fail_unless(request.size() < 500, "%zu bytes", request.size());
    fail_unless(g_regex_match_simple("\"images\":\\[\"\\([0-9]{4,6} bytes, image/jpeg\\)\"\\]",
                                     request.c_str(), G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT),
                "%s", request.c_str());
    fail_unless(g_regex_match_simple("data:video/mp4;base64,\\([0-9]+ bytes\\)", request.c_str(),
                                     G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT),
                "%s", request.c_str());
  }
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

static Suite* omniv2vbin_anchor_suite() {
  Suite* suite = suite_create("omniv2vbin-anchor");
  TCase* tcase = tcase_create("anchor");
  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, later_jobs_have_the_still, 0, 2);
  tcase_add_test(tcase, still_of_the_result);
  tcase_add_test(tcase, none);
  tcase_add_loop_test(tcase, next_one_after_a_failure, 0, 2);
  tcase_add_test(tcase, no_still_to_be_had);
  tcase_add_test(tcase, nothing_after_the_end);
  tcase_add_test(tcase, live_does_not_wait);
  tcase_add_test(tcase, flush_while_waiting);
  tcase_add_test(tcase, still_outlives_a_flush);
  tcase_add_loop_test(tcase, stop_while_waiting, 0, 2);
  tcase_add_test(tcase, taken_up_again);
  tcase_add_test(tcase, taken_up_with_another_anchor);
  tcase_add_loop_test(tcase, room_for_the_still, 0, std::size(kRoom));
  tcase_add_test(tcase, dry_run);
  tcase_add_test(tcase, dry_run_that_ends);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_anchor)
