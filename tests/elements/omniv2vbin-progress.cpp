// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// How omniv2vbin says how far it is: PROGRESS up to its first output, omni/progress all the way.
#include "support/bin-harness.h"
#include "support/echo-service.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr char kFour[] = "prompt=x segment-duration=4000000000";

struct Progress {
  guint done = 0, running = 0, total = 0;
  guint64 position = 0;
};

/// What the bus says of progress, in order.
struct Story {
  std::vector<GstProgressType> phases;
  std::vector<Progress> counts;

  void hear(GstMessage* message) {
    const GstStructure* structure = gst_message_get_structure(message);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS) {
      GstProgressType type;
      gchar* code = nullptr;
      gst_message_parse_progress(message, &type, &code, nullptr);
      expect_equal(CharPtr(code).get(), "generate");
      phases.push_back(type);
    } else if (structure && gst_structure_has_name(structure, "omni/progress")) {
      Progress progress;
      fail_unless(gst_structure_get(structure, "segments-done", G_TYPE_UINT, &progress.done,
                                    "segments-running", G_TYPE_UINT, &progress.running,
                                    "segments-total", G_TYPE_UINT, &progress.total, "position",
                                    G_TYPE_UINT64, &progress.position, nullptr));
      counts.push_back(progress);
    }
  }
};

Story story_of(BinHarness& run) {
  Story story;
  for (const auto& message : run.messages()) story.hear(message.get());
  return story;
}

}  // namespace

// PROGRESS is open while nothing can be seen, and closed before the first frame goes out.
GST_START_TEST(open_until_the_first_frame) {
  const WithKey key;
  EchoService service;
  service.hold({1, 2, 3});
  BinHarness run(service.server.url(), kFour);
  run.push_frames(0, 300);
  run.push_eos();
  const auto start = run.wait_message(GST_MESSAGE_PROGRESS);
  Story story;
  story.hear(start.get());
  fail_unless(service.server.wait_for(3, "POST"));
  const Story held = story_of(run);
  fail_unless(held.phases.empty(), "nothing has come out yet");
  service.let_all_go();
  run.expect_frames(0, 1);
  Story after = story_of(run);
  fail_unless_equals_int(after.phases.size(), 1);
  fail_unless_equals_int(after.phases[0], GST_PROGRESS_TYPE_COMPLETE);
  run.expect_frames(1, 299);
  run.wait_event(GST_EVENT_EOS);
  const Story rest = story_of(run);
  fail_unless(rest.phases.empty());
  after.counts.insert(after.counts.end(), rest.counts.begin(), rest.counts.end());
  const Progress& last = after.counts.back();
  fail_unless_equals_int(last.done, 3);
  fail_unless_equals_int(last.running, 0);
  fail_unless_equals_int(last.total, 3);
  fail_unless_equals_uint64(last.position, 12 * GST_SECOND);
  fail_unless_equals_int(story.phases.at(0), GST_PROGRESS_TYPE_START);
}
GST_END_TEST

// It is closed as well where no frame ever comes: by an error, a flush, a stop.
GST_START_TEST(closed_without_a_frame) {
  static const GstProgressType kClosed[] = {GST_PROGRESS_TYPE_ERROR, GST_PROGRESS_TYPE_CANCELED,
                                            GST_PROGRESS_TYPE_CANCELED};
  const WithKey key;
  EchoService service([&](const SeenRequest& request) -> std::optional<ServerReply> {
    if (__i__ != 0 || !is_poll(request)) return std::nullopt;
    return ServerReply{.body = task_json("video_1", "failed", 0)};
  });
  service.hold({1, 2, 3});
  BinHarness run(service.server.url(), kFour);
  run.push_frames(0, 120);
  Story story;
  story.hear(run.wait_message(GST_MESSAGE_PROGRESS).get());
  fail_unless_equals_int(story.phases.at(0), GST_PROGRESS_TYPE_START);
  if (__i__ == 1) run.flush();
  if (__i__ == 2) gst_element_set_state(run.element(), GST_STATE_NULL);
  story.hear(run.wait_message(GST_MESSAGE_PROGRESS).get());
  fail_unless_equals_int(story.phases.at(1), kClosed[__i__]);
}
GST_END_TEST

// After a flush the wait begins again, and so does the count.
GST_START_TEST(again_after_a_flush) {
  const WithKey key;
  EchoService service;
  service.hold({1});
  BinHarness run(service.server.url(), kFour);
  run.push_frames(0, 120);
  Story before;
  before.hear(run.wait_message(GST_MESSAGE_PROGRESS).get());
  fail_unless(service.server.wait_for(1, "POST"));  // else the next job would be the first
  run.flush();
  run.play_to_end(500, 100);
  const Story story = story_of(run);
  const std::vector<GstProgressType> expected = {
      GST_PROGRESS_TYPE_CANCELED, GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_COMPLETE};
  fail_unless(story.phases == expected);
  fail_unless_equals_int(story.counts.back().done, 1);
  fail_unless_equals_int(story.counts.back().total, 1);
}
GST_END_TEST

// So it does with a stream that follows the end of another one.
GST_START_TEST(again_after_the_end) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  run.play_to_end(0, 200);
  const Story before = story_of(run);
  fail_unless_equals_int(before.counts.back().done, 2);
  fail_unless_equals_int(before.counts.back().total, 2);
  gst_harness_push_event(run.harness(), gst_event_new_stream_start("another"));
  run.push_segment();
  run.play_to_end(200, 100);
  const Story story = story_of(run);
  const std::vector<GstProgressType> expected = {GST_PROGRESS_TYPE_START,
                                                 GST_PROGRESS_TYPE_COMPLETE};
  fail_unless(story.phases == expected);
  fail_unless_equals_int(story.counts.front().done, 0);
  fail_unless_equals_int(story.counts.back().done, 1);
  fail_unless_equals_int(story.counts.back().total, 1);
}
GST_END_TEST

// A live pipeline needs its clock, so it must not be held in PAUSED.
GST_START_TEST(none_where_it_is_live) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour, true);
  run.push_frames(0, 200);
  run.push_eos();
  run.wait_event(GST_EVENT_EOS);
  const Story story = story_of(run);
  fail_unless(story.phases.empty());
  fail_unless_equals_int(story.counts.back().done, 2);
  fail_unless_equals_int(story.counts.back().total, 2);
}
GST_END_TEST

static Suite* omniv2vbin_progress_suite() {
  Suite* suite = suite_create("omniv2vbin-progress");
  TCase* tcase = tcase_create("general");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, open_until_the_first_frame);
  tcase_add_loop_test(tcase, closed_without_a_frame, 0, 3);
  tcase_add_test(tcase, again_after_a_flush);
  tcase_add_test(tcase, again_after_the_end);
  tcase_add_test(tcase, none_where_it_is_live);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_progress)
