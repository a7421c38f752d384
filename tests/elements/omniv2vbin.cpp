// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, what goes in and what comes out: every frame once, with its times and metas, and the
// picture that belongs there, whatever the jobs do.
#include "support/bin-run.h"
#include "support/echo-service.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr char kFour[] = "prompt=x segment-duration=4000000000";

std::string caps(const std::string& rate) {
  return kCountedCaps + rate;
}

/// So many frames came out, numbered from `first`, each with the times of its number.
void expect_counted(const BinRun& run, unsigned first, unsigned count, int numerator,
                    int denominator = 1) {
  const std::vector<Seen> frames = run.frames();
  fail_unless_equals_int(frames.size(), count);
  const auto time = [&](guint64 number) {
    return gst_util_uint64_scale(number, GST_SECOND * denominator, numerator);
  };
  for (unsigned i = 0; i < count; ++i) {
    const unsigned number = first + i;
    GstBuffer* frame = frames[i].frame.get();
    fail_unless_equals_int(number_in(frame, frames[i].caps.get()), number);
    fail_unless_equals_uint64(GST_BUFFER_PTS(frame), time(number));
    fail_unless_equals_uint64(GST_BUFFER_DURATION(frame), time(number + 1) - time(number));
  }
}

}  // namespace

// 12 s in segments of 4 s and a tail of 2 s, which is padded for the service and trimmed again.
GST_START_TEST(every_frame_once) {
  static const int kRates[][2] = {{25, 1}, {30000, 1001}, {24000, 1001}, {50, 1}};
  const WithKey key;
  EchoService service;
  const auto [numerator, denominator] = kRates[__i__];
  BinRun run(service.server.url(), kFour,
             caps(std::to_string(numerator) + "/" + std::to_string(denominator)));
  const unsigned count = 14 * numerator / denominator;
  run.push_counted(0, count, numerator, denominator);
  run.end();
  expect_equal(run.wait_end(), "");
  expect_counted(run, 0, count, numerator, denominator);
  fail_unless_equals_int(service.creates(), 4);
  for (int job = 1; job <= 4; ++job) expect_equal(service.member(job, "seconds"), "4");
  fail_unless_equals_int(run.stat("completed"), 4);
}
GST_END_TEST

struct End {
  unsigned said, frames;  // how long upstream says that the stream is, in seconds; how long it is
  std::vector<const char*> bought;
};

// Segments of 4 s. A stream is a little longer than upstream says, or much longer.
const End kEnds[] = {
    {8, 207, {"4", "4"}},      {8, 270, {"4", "7"}}, {8, 300, {"4", "4", "4"}},
    {8, 325, {"4", "4", "5"}}, {9, 100, {"4"}},
};

// What is too short for a segment of its own at the end joins the one before. Cuts stay on the
// grid, whatever upstream says.
GST_START_TEST(short_ends_join) {
  const End& row = kEnds[__i__];
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), std::string(kFour) + " max-in-flight=1", caps("25/1"));
  g_object_set(run.source(), "duration", row.said * GST_SECOND, nullptr);
  run.push_counted(0, row.frames, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  expect_counted(run, 0, row.frames, 25);
  fail_unless_equals_int(service.creates(), row.bought.size());
  for (unsigned job = 0; job < row.bought.size(); ++job)
    expect_equal(service.member(static_cast<int>(job) + 1, "seconds"), row.bought[job]);
}
GST_END_TEST

// What may join is not waited for without an end.
GST_START_TEST(held_segment_goes) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kFour, caps("25/1"));
  g_object_set(run.source(), "duration", 8 * GST_SECOND, nullptr);
  run.push_counted(0, 101, 25);
  fail_unless(service.server.wait_for(1, "POST"));
  run.push_counted(101, 49, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  expect_counted(run, 0, 150, 25);
  fail_unless_equals_int(service.creates(), 2);
}
GST_END_TEST

// Frames at odd times, with durations or without, and no rate in the caps.
GST_START_TEST(variable_rate) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kFour, caps("0/1"));
  std::vector<GstClockTime> times;
  GstClockTime time = 0;
  for (unsigned i = 0; time < 9 * GST_SECOND; ++i) {
    times.push_back(time);
    const GstClockTime shown = (11 + 37 * (i % 7) + (i % 31 == 30 ? 400 : 0)) * GST_MSECOND;
    run.push(counted_frame(i, time, i % 2 ? shown : GST_CLOCK_TIME_NONE));
    time += shown;
  }
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), times.size());
  for (unsigned i = 0; i < frames.size(); ++i) {
    fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), i);
    fail_unless_equals_uint64(GST_BUFFER_PTS(frames[i].frame.get()), times[i]);
    fail_unless(GST_BUFFER_DURATION_IS_VALID(frames[i].frame.get()) == (i % 2 == 1));
  }
}
GST_END_TEST

// A nominal rate that means "any", and a tail that has to be padded.
GST_START_TEST(absurd_rate) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kFour, caps(__i__ == 0 ? "2147483647/1" : "90000/1"));
  for (unsigned i = 0; i < 30; ++i)
    run.push(counted_frame(i, i * 40 * GST_MSECOND, 40 * GST_MSECOND));
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), 30);
  for (unsigned i = 0; i < 30; ++i)
    fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), i);
}
GST_END_TEST

// Jobs end in any order, results leave in the order of the source.
GST_START_TEST(any_order) {
  const WithKey key;
  EchoService service;
  service.hold({1, 2, 3, 4});
  BinRun run(service.server.url(), kFour, caps("25/1"));
  run.push_counted(0, 101, 25);
  fail_unless(service.server.wait_for(1, "POST"));  // job 1 is the first segment's
  run.push_counted(101, 299, 25);
  run.end();
  fail_unless(service.server.wait_for(4, "POST"));
  for (const int job : {3, 2, 4}) service.let_go(job);
  // The later ones are done when their polls have said so.
  while (run.stat("completed") < 3) g_usleep(1000);
  fail_unless_equals_int(run.frames().size(), 0);
  service.let_go(1);
  expect_equal(run.wait_end(), "");
  expect_counted(run, 0, 400, 25);
}
GST_END_TEST

// The same frames give the same references, to the byte, wherever the clock stands.
GST_START_TEST(same_frames_same_bytes) {
  const WithKey key;
  std::string first[2];
  for (int round = 0; round < 2; ++round) {
    EchoService service;
    // One after another, so that the numbers of jobs are those of segments.
    BinRun run(service.server.url(), std::string(kFour) + " max-in-flight=1", caps("25/1"));
    run.push_counted(0, 210, 25);
    run.end();
    expect_equal(run.wait_end(), "");
    for (int job = 1; job <= 3; ++job) {
      const std::string reference = service.reference(job);
      fail_if(reference.empty());
      if (round == 0)
        first[0] += reference;
      else
        first[1] += reference;
    }
  }
  fail_unless(first[0] == first[1]);
}
GST_END_TEST

// Timecode, captions and regions are those of the source's frame; so are its flags. What speaks of
// the memory is not taken along: it would keep the raw picture.
GST_START_TEST(metas_and_flags) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kFour, caps("25/1"));
  const guint8 cc[] = {0xfc, 0x41, 0x42};
  std::vector<GstBuffer*> sources;
  for (unsigned i = 0; i < 110; ++i) {
    BufferPtr frame = counted_frame(i, i * 40 * GST_MSECOND, 40 * GST_MSECOND);
    const guint8 data[] = {cc[0], cc[1], static_cast<guint8>(i)};
    gst_buffer_add_video_caption_meta(frame.get(), GST_VIDEO_CAPTION_TYPE_CEA608_RAW, data, 3);
    GstVideoTimeCode* code = gst_video_time_code_new(25, 1, nullptr, GST_VIDEO_TIME_CODE_FLAGS_NONE,
                                                     1, 2, i / 25, i % 25, 0);
    gst_buffer_add_video_time_code_meta(frame.get(), code);
    gst_video_time_code_free(code);
    gst_buffer_add_video_region_of_interest_meta(frame.get(), "face", i, 2, 3, 4);
    const BufferPtr parent = BufferPtr::adopt(gst_buffer_new());
    gst_buffer_add_parent_buffer_meta(frame.get(), parent.get());
    if (i % 10 == 3) GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_MARKER);
    if (i % 10 == 5) GST_BUFFER_FLAG_SET(frame.get(), GST_BUFFER_FLAG_NON_DROPPABLE);
    GST_BUFFER_OFFSET(frame.get()) = 1000 + i;
    run.push(frame);
  }
  run.end();
  expect_equal(run.wait_end(), "");
  expect_counted(run, 0, 110, 25);
  unsigned i = 0;
  for (const Seen& seen : run.frames()) {
    GstBuffer* frame = seen.frame.get();
    GstVideoCaptionMeta* caption = gst_buffer_get_video_caption_meta(frame);
    fail_unless(caption && caption->size == 3 && caption->data[2] == i);
    GstVideoTimeCodeMeta* code = gst_buffer_get_video_time_code_meta(frame);
    fail_unless(code && code->tc.seconds == i / 25 && code->tc.frames == i % 25);
    GstVideoRegionOfInterestMeta* region = gst_buffer_get_video_region_of_interest_meta(frame);
    fail_unless(region && region->x == i);
    // The source's is empty; newer versions of GStreamer keep the decoder's own buffer so.
    const GstParentBufferMeta* kept = gst_buffer_get_parent_buffer_meta(frame);
    fail_unless(!kept || gst_buffer_get_size(kept->buffer) > 0);
    fail_unless(GST_BUFFER_FLAG_IS_SET(frame, GST_BUFFER_FLAG_MARKER) == (i % 10 == 3));
    fail_unless(GST_BUFFER_FLAG_IS_SET(frame, GST_BUFFER_FLAG_NON_DROPPABLE) == (i % 10 == 5));
    fail_unless_equals_uint64(GST_BUFFER_OFFSET(frame), 1000 + i);
    ++i;
  }
}
GST_END_TEST

// What stands in for a job that failed, and that the next one is tried again.
GST_START_TEST(on_failure) {
  static const char* const kPolicies[] = {"error", "source", "hold", "skip"};
  const WithKey key;
  EchoService service([](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_poll(request) && request.target.ends_with("video_2"))
      return ServerReply{.body = R"({"id":"video_2","status":"failed","error":{"message":"no"}})"};
    return std::nullopt;
  });
  const std::string policy = kPolicies[__i__];
  BinRun run(service.server.url(), kFour + (" max-in-flight=1 on-failure=" + policy), caps("25/1"));
  run.push_counted(0, 300, 25);
  run.end();
  const std::string reason = run.wait_end();
  if (policy == "error") {
    fail_if(reason.empty());
    return;
  }
  expect_equal(reason, "");
  fail_unless_equals_int(run.warnings().size(), 1);
  const auto frames = run.frames();
  if (policy == "source") return expect_counted(run, 0, 300, 25);
  if (policy == "hold") {
    fail_unless_equals_int(frames.size(), 300);
    for (unsigned i = 0; i < 300; ++i) {
      const unsigned wanted = i >= 100 && i < 200 ? 99 : i;
      fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), wanted);
      fail_unless_equals_uint64(GST_BUFFER_PTS(frames[i].frame.get()), i * 40 * GST_MSECOND);
    }
    return;
  }
  fail_unless_equals_int(frames.size(), 200);
  unsigned gaps = 0;
  for (const Seen& seen : run.seen()) {
    if (!seen.event || GST_EVENT_TYPE(seen.event.get()) != GST_EVENT_GAP) continue;
    GstClockTime from = 0, length = 0;
    gst_event_parse_gap(seen.event.get(), &from, &length);
    fail_unless_equals_uint64(from, 4 * GST_SECOND);
    fail_unless_equals_uint64(length, 4 * GST_SECOND);
    ++gaps;
  }
  fail_unless_equals_int(gaps, 1);
}
GST_END_TEST

// A result whose pictures cannot be decoded is a job that failed, also in the midst of it.
GST_START_TEST(picture_breaks_off) {
  const WithKey key;
  EchoService service(nullptr, [at_once = __i__ == 0](int job, const std::string& reference) {
    std::string result = reference;
    if (job != 1) return result;
    // The boxes stay good; from the first third (or the first byte) on the pictures are noise.
    const std::size_t mdat = result.find("mdat");
    const std::size_t from = at_once ? mdat + 4 : mdat + 4 + (result.size() - mdat) / 3;
    for (std::size_t i = from; i < result.size(); ++i) result[i] = static_cast<char>(i * 31 + 7);
    return result;
  });
  BinRun run(service.server.url(), std::string(kFour) + " max-in-flight=1 on-failure=source",
             caps("25/1"));
  run.push_counted(0, 200, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), 200);
  for (unsigned i = 0; i < 200; ++i) {
    fail_unless_equals_uint64(GST_BUFFER_PTS(frames[i].frame.get()), i * 40 * GST_MSECOND);
    if (i >= 100) fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), i);
  }
}
GST_END_TEST

// Upstream waits while the window is full, and no longer.
GST_START_TEST(window_blocks_upstream) {
  const WithKey key;
  EchoService service;
  service.hold({1});
  BinRun run(service.server.url(), std::string(kFour) + " max-in-flight=2", caps("5/1"));
  run.push_counted(0, 21, 5);
  fail_unless(service.server.wait_for(1, "POST"));  // job 1 is the first segment's
  GThread* pusher = g_thread_new(
      "pusher",
      [](gpointer data) -> gpointer {
        auto* to = static_cast<BinRun*>(data);
        to->push_counted(21, 379, 5);
        to->end();
        return nullptr;
      },
      &run);
  fail_unless(service.server.wait_for(6, "POST"));
  // Six segments are cut and not placed: 3 x max-in-flight. No other comes before one is placed.
  while (run.stat("completed") < 5) g_usleep(1000);
  fail_unless_equals_int(service.creates(), 6);
  service.let_go(1);
  expect_equal(run.wait_end(), "");
  g_thread_join(pusher);
  expect_counted(run, 0, 400, 5);
  fail_unless_equals_int(service.creates(), 20);
}
GST_END_TEST

// The reference stays below the limit, whatever the picture is.
GST_START_TEST(limit_is_kept) {
  const WithKey key;
  EchoService service;
  constexpr unsigned kLimit = 60'000;
  BinRun run(service.server.url(),
             std::string(kFour) + " max-reference-bytes=" + std::to_string(kLimit), caps("25/1"));
  GRand* random = g_rand_new_with_seed(1);
  for (unsigned i = 0; i < 200; ++i) {
    BufferPtr frame = counted_frame(0, i * 40 * GST_MSECOND, 40 * GST_MSECOND);
    GstMapInfo map;
    gst_buffer_map(frame.get(), &map, GST_MAP_WRITE);
    for (gsize j = 0; j < map.size; ++j)
      map.data[j] = static_cast<guint8>(g_rand_int_range(random, 16, 235));
    gst_buffer_unmap(frame.get(), &map);
    run.push(frame);
  }
  g_rand_free(random);
  run.end();
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(run.frames().size(), 200);
  for (int job = 1; job <= 2; ++job) {
    fail_if(service.reference(job).empty());
    fail_unless(service.reference(job).size() <= kLimit, "job %d has %zu bytes", job,
                service.reference(job).size());
  }
}
GST_END_TEST

// Nothing is submitted, and the pictures pass.
GST_START_TEST(dry_run) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), std::string(kFour) + " dry-run=true", caps("25/1"));
  run.push_counted(0, 250, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  expect_counted(run, 0, 250, 25);
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

static Suite* omniv2vbin_suite() {
  Suite* suite = suite_create("omniv2vbin");
  TCase* tcase = tcase_create("frames");
  tcase_set_timeout(tcase, 120);
  tcase_add_loop_test(tcase, every_frame_once, 0, 4);
  tcase_add_loop_test(tcase, short_ends_join, 0, std::size(kEnds));
  tcase_add_test(tcase, held_segment_goes);
  tcase_add_test(tcase, variable_rate);
  tcase_add_loop_test(tcase, absurd_rate, 0, 2);
  tcase_add_test(tcase, any_order);
  tcase_add_test(tcase, same_frames_same_bytes);
  tcase_add_test(tcase, metas_and_flags);
  tcase_add_loop_test(tcase, on_failure, 0, 4);
  tcase_add_loop_test(tcase, picture_breaks_off, 0, 2);
  tcase_add_test(tcase, window_blocks_upstream);
  tcase_add_test(tcase, limit_is_kept);
  tcase_add_test(tcase, dry_run);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin)
