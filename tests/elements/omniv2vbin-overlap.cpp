// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin with `overlap`: neighbouring segments share a part of the stream, and one result fades
// into the other. Every frame still goes out once.
#include <array>
#include <thread>

#include "media/clip-decoder.h"
#include "support/bin-harness.h"
#include "support/bin-run.h"
#include "support/echo-service.h"
#include "support/made-clip.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

// References of 4 s, cut every 3 s. One job after another: their numbers are those of segments.
constexpr char kOverlap[] =
    "prompt=x segment-duration=4000000000 overlap=1000000000 max-in-flight=1 ";

std::shared_ptr<const ByteRope> as_bytes(const std::string& text) {
  auto bytes = std::make_shared<ByteRope>();
  bytes->append(BytesPtr::adopt(g_bytes_new(text.data(), text.size())));
  return bytes;
}

/// The numbers of its first and last picture, and how many there are: "75-174 100".
std::string pictures_of(const std::string& clip) {
  ClipDecoder decoder(as_bytes(clip), CapsPtr::adopt(gst_caps_from_string(kCaps25.c_str())).get());
  unsigned first = 0, last = 0, count = 0;
  while (const auto frame = decoder.next()) {
    last = number_in(frame->picture.get(), frame->caps.get());
    if (count++ == 0) first = last;
  }
  return std::to_string(first) + "-" + std::to_string(last) + " " + std::to_string(count);
}

void expect_references(const EchoService& service, const std::vector<const char*>& wanted) {
  fail_unless_equals_int(service.creates(), wanted.size());
  for (unsigned job = 1; job <= wanted.size(); ++job)
    expect_equal(pictures_of(service.reference(static_cast<int>(job))), wanted[job - 1]);
}

void expect_counted(const BinRun& run, unsigned count) {
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), count);
  for (unsigned i = 0; i < count; ++i) {
    GstBuffer* frame = frames[i].frame.get();
    fail_unless_equals_int(number_in(frame, frames[i].caps.get()), i);
    fail_unless_equals_uint64(GST_BUFFER_PTS(frame), i * kFrame);
    fail_unless_equals_uint64(GST_BUFFER_DURATION(frame), kFrame);
  }
}

int luma_of(const Seen& seen) {
  GstVideoInfo info;
  GstVideoFrame frame;
  gst_video_info_from_caps(&info, seen.caps.get());
  fail_unless(gst_video_frame_map(&frame, &info, seen.frame.get(), GST_MAP_READ));
  const auto* luma = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  const int middle = luma[kHeight / 2 * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0) + kWidth / 2];
  gst_video_frame_unmap(&frame);
  return middle;
}

constexpr int kDark = 40, kBright = 200;  // of counted frames

/// How many pictures a result has, and how many of them a second.
struct Rate {
  unsigned count = 100, rate = 25;
};

/// Every second result is dark, every other one bright.
EchoService::Remake dark_and_bright(Rate dark = {}, Rate bright = {}) {
  return [clips = std::array{made_clip({0, dark.count, 0, dark.rate}),
                             made_clip({0xffff, bright.count, 0, bright.rate})}](
             int job, const std::string&) { return clips[(job + 1) % 2]; };
}

EchoService::Answer job_fails(int job) {
  return [id = "video_" + std::to_string(job)](const SeenRequest& request) {
    if (!is_poll(request) || !request.target.ends_with(id)) return std::optional<ServerReply>();
    return std::optional(ServerReply{.body = R"({"id":")" + id +
                                             R"(","status":"failed","error":{"message":"no"}})"});
  };
}

/// Straight from one brightness to the other.
void expect_fade(const std::vector<Seen>& frames, unsigned at, unsigned count, int from, int to) {
  for (unsigned i = 0; i < count; ++i) {
    const double share = (i + 0.5) / count;
    const double wanted = from + share * (to - from);
    const int seen = luma_of(frames[at + i]);
    fail_unless(std::abs(seen - wanted) <= 3, "frame %u has %d instead of %.1f", at + i, seen,
                wanted);
  }
}

void expect_plain(const std::vector<Seen>& frames, unsigned at, unsigned count, int wanted) {
  expect_fade(frames, at, count, wanted, wanted);
}

}  // namespace

// Each reference is as long as the service wants it, and begins where the one before has a second
// left.
GST_START_TEST(references_share_a_second) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kOverlap, kCaps25);
  run.push_counted(0, 375, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  expect_counted(run, 375);
  expect_references(service, {"0-99 100", "75-174 100", "150-249 100", "225-324 100",
                              "300-374 100"});  // the tail: its last picture is repeated
  for (int job = 1; job <= 5; ++job) expect_equal(service.member(job, "seconds"), "4");
}
GST_END_TEST

// What is left within the overlap, when the stream ends, is in the segment before.
GST_START_TEST(short_tail_is_not_bought) {
  const unsigned kCounts[] = {76, 100, 151, 175, 176}, kJobs[] = {1, 1, 2, 2, 3};
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kOverlap, kCaps25);
  const unsigned count = kCounts[__i__];
  run.push_counted(0, count, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  expect_counted(run, count);
  fail_unless_equals_int(service.creates(), kJobs[__i__]);
  fail_unless_equals_int(run.stat("completed"), service.creates());
}
GST_END_TEST

GST_START_TEST(results_fade) {
  const WithKey key;
  EchoService service(nullptr, dark_and_bright());
  BinRun run(service.server.url(), kOverlap, kCaps25);
  run.push_counted(0, 250, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), 250);
  expect_plain(frames, 0, 75, kDark);
  expect_fade(frames, 75, 25, kDark, kBright);
  expect_plain(frames, 100, 50, kBright);
  expect_fade(frames, 150, 25, kBright, kDark);
  expect_plain(frames, 175, 75, kDark);  // and the last 25, which are in the third segment
  for (unsigned i = 0; i < 250; ++i)
    fail_unless_equals_uint64(GST_BUFFER_PTS(frames[i].frame.get()), i * kFrame);
}
GST_END_TEST

// Results that are longer or shorter than their references are shown in full, handles and all; nor
// does it matter how many frames a second they have.
GST_START_TEST(other_lengths_and_rates_fade) {
  static const Rate kRates[][2] = {{{80}, {80}}, {{120}, {120}}, {{96, 24}, {120, 30}}};
  const WithKey key;
  EchoService service(nullptr, dark_and_bright(kRates[__i__][0], kRates[__i__][1]));
  BinRun run(service.server.url(), kOverlap, kCaps25);
  run.push_counted(0, 175, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), 175);
  expect_plain(frames, 0, 75, kDark);
  expect_fade(frames, 75, 25, kDark, kBright);
  expect_plain(frames, 100, 75, kBright);
}
GST_END_TEST

// Where frames are rare, a cut is later than planned: what is sent is not longer for that, for the
// model may not take more, and more would have to be paid.
GST_START_TEST(rare_frames) {
  struct Row {
    const char* length;
    int numerator, denominator;
    unsigned frames;
    int most;  // seconds
  };
  static const Row kRows[] = {
      {"segment-duration=30000000000 overlap=1000000000", 1, 2, 35, 30},
      {"segment-duration=8000000000 overlap=500000000", 3, 1, 120, 8},
      {"segment-duration=4000000000 overlap=2000000000", 1, 1, 30, 4},
  };
  const Row& row = kRows[__i__];
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), std::string("prompt=x max-in-flight=1 ") + row.length,
             std::string(kCountedCaps) + std::to_string(row.numerator) + "/" +
                 std::to_string(row.denominator));
  run.push_counted(0, row.frames, row.numerator, row.denominator);
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), row.frames);
  for (unsigned i = 0; i < row.frames; ++i)
    fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), i);
  fail_unless(service.creates() > 1);
  for (int job = 1; job < service.creates(); ++job)  // the last one may have a tail of its own
    fail_unless(std::stoi(service.member(job, "seconds")) <= row.most);
}
GST_END_TEST

// A last frame within the overlap that is shown for long is not sent for so long.
GST_START_TEST(long_last_frame) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), "prompt=x segment-duration=30000000000 overlap=1000000000",
             std::string(kCountedCaps) + "5/1");
  run.push_counted(0, 147, 5);
  run.push(counted_frame(147, 147 * 200 * GST_MSECOND, 20 * GST_SECOND));
  run.end();
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(run.frames().size(), 148);
  fail_unless_equals_int(service.creates(), 1);
  expect_equal(service.member(1, "seconds"), "30");
}
GST_END_TEST

// A segment that failed fades as well where its original is shown; where nothing is, nothing does.
GST_START_TEST(failures) {
  static const char* const kPolicies[] = {"source", "hold", "skip"};
  const std::string policy = kPolicies[__i__];
  const WithKey key;
  EchoService service(job_fails(2), dark_and_bright());
  BinRun run(service.server.url(), kOverlap + ("on-failure=" + policy), kCaps25);
  // All of the source is bright in the middle.
  for (unsigned i = 0; i < 325; ++i) run.push(counted_frame(0xffff, i * kFrame, kFrame));
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), policy == "skip" ? 250 : 325);
  expect_plain(frames, 0, 75, kDark);
  unsigned third = 150;
  if (policy == "source") {
    expect_fade(frames, 75, 25, kDark, kBright);
    expect_plain(frames, 100, 50, kBright);
    expect_fade(frames, 150, 25, kBright, kDark);
    third = 175;
  } else if (policy == "hold") {
    expect_plain(frames, 75, 75, kDark);
  } else {
    third = 75;
  }
  expect_plain(frames, third, 225 - third - (policy == "skip" ? 75 : 0), kDark);
}
GST_END_TEST

// What is cut on demand is cut hard; the grid goes on behind it.
GST_START_TEST(cuts_on_demand_are_hard) {
  const WithKey key;
  EchoService service(nullptr, dark_and_bright());
  BinRun run(service.server.url(),
             "prompt=x segment-duration=8000000000 overlap=1000000000 max-in-flight=1 "
             "cut-on-prompt=true",
             kCaps25);
  g_signal_emit_by_name(run.bin(), "prompt-at", guint64{5} * GST_SECOND, "other");
  run.push_counted(0, 500, 25);
  run.end();
  expect_equal(run.wait_end(), "");
  expect_references(service, {"0-124 125", "125-374 250", "350-499 150"});
  expect_equal(service.member(1, "prompt"), "x");
  expect_equal(service.member(2, "prompt"), "other");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), 500);
  expect_plain(frames, 0, 125, kDark);
  expect_plain(frames, 125, 225, kBright);
  expect_fade(frames, 350, 25, kBright, kDark);
  expect_plain(frames, 375, 125, kDark);
}
GST_END_TEST

// Another picture within the overlap: the few frames before it belong to the segment before.
GST_START_TEST(new_caps_in_the_overlap) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kOverlap, kCaps25);
  run.push_counted(0, 85, 25);
  const auto wide = CapsPtr::adopt(
      gst_caps_from_string("video/x-raw,format=I420,width=640,height=96,framerate=25/1"));
  const auto convert = [&](unsigned i) {
    GstBuffer* buffer = gst_buffer_new_allocate(nullptr, 640 * 96 * 3 / 2, nullptr);
    gst_buffer_memset(buffer, 0, 128, 640 * 96 * 3 / 2);
    GST_BUFFER_PTS(buffer) = i * kFrame;
    GST_BUFFER_DURATION(buffer) = kFrame;
    return BufferPtr::adopt(buffer);
  };
  g_object_set(run.source(), "caps", wide.get(), nullptr);
  for (unsigned i = 85; i < 185; ++i) run.push(convert(i));
  run.end();
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(run.frames().size(), 185);
  expect_equal(pictures_of(service.reference(1)), "0-84 100");  // padded
  // The grid is that of stream time: from 3.4 s to 6 s, and what is left in the overlap.
  for (unsigned i = 0; i < 185; ++i)
    fail_unless_equals_uint64(GST_BUFFER_PTS(run.frames()[i].frame.get()), i * kFrame);
}
GST_END_TEST

// Time that jumps back within the overlap: the same.
GST_START_TEST(time_jumps_back_in_the_overlap) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kOverlap, kCaps25);
  run.push_counted(0, 90, 25);
  for (unsigned i = 0; i < 75; ++i) run.push(counted_frame(90 + i, i * kFrame, kFrame));
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), 165);
  for (unsigned i = 0; i < 165; ++i)
    fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), i);
  expect_references(service, {"0-89 100", "90-164 100"});
}
GST_END_TEST

// One frame that comes long after the others, and the end: it is in a reference of its own, also
// where nothing overlaps. None is longer for the time in which there was nothing.
GST_START_TEST(frame_behind_a_gap) {
  const WithKey key;
  EchoService service;
  const bool overlaps = __i__ % 2;
  const GstClockTime gap = (__i__ < 2 ? 8 : 3600) * GST_SECOND;
  BinRun run(service.server.url(),
             overlaps ? kOverlap : "prompt=x segment-duration=4000000000 max-in-flight=1", kCaps25);
  run.push_counted(0, 120, 25);
  run.push(counted_frame(120, 120 * kFrame + gap, kFrame));
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), 121);
  for (unsigned i = 0; i < 121; ++i)
    fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), i);
  fail_unless_equals_uint64(GST_BUFFER_PTS(frames[120].frame.get()), 120 * kFrame + gap);
  if (overlaps) return expect_references(service, {"0-99 100", "75-119 100", "120-120 100"});
  expect_references(service, {"0-99 100", "100-119 100", "120-120 100"});
}
GST_END_TEST

GST_START_TEST(same_frames_same_bytes) {
  const WithKey key;
  std::string first[2];
  for (std::string& all : first) {
    EchoService service;
    BinRun run(service.server.url(), kOverlap, kCaps25);
    run.push_counted(0, 260, 25);
    run.end();
    expect_equal(run.wait_end(), "");
    fail_unless_equals_int(service.creates(), 4);
    for (int job = 1; job <= 4; ++job) all += service.reference(job);
  }
  fail_unless(first[0] == first[1]);
}
GST_END_TEST

GST_START_TEST(too_long) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), "prompt=x segment-duration=4000000000 overlap=2100000000",
             kCaps25);
  run.push_counted(0, 10, 25);
  expect_equal(run.wait_end(), "invalid-request");
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

// To NULL at any moment, many jobs under way or none: nothing hangs, nothing is left.
GST_START_TEST(stop_at_any_time) {
  const WithKey key;
  EchoService service(__i__ % 2 ? nullptr
                                : EchoService::Answer(first(is_poll, 9999, {.hang = true})));
  for (int round = 0; round < 8; ++round) {
    BinRun run(service.server.url(),
               "prompt=x segment-duration=4000000000 overlap=2000000000 max-in-flight=8",
               std::string(kCountedCaps) + "5/1");
    std::thread pusher([&] { run.push_counted(0, 700, 5); });
    g_usleep(static_cast<gulong>(g_random_int_range(0, 300'000)));  // the moment is the point
    gst_element_set_state(run.pipeline(), GST_STATE_NULL);
    pusher.join();
    fail_unless_equals_int(threads_named("omni-network"), 0);
    fail_unless_equals_int(threads_named("omni-submit"), 0);
  }
}
GST_END_TEST

// A flush while a segment trails: what comes after it begins anew.
GST_START_TEST(flush_while_trailing) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kOverlap);
  run.push_frames(0, 85);
  run.flush();
  fail_unless_equals_int(service.creates(), 0);
  run.play_to_end(0, 175);
  expect_references(service, {"0-99 100", "75-174 100"});
}
GST_END_TEST

static Suite* omniv2vbin_overlap_suite() {
  Suite* suite = suite_create("omniv2vbin-overlap");
  TCase* tcase = tcase_create("overlap");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, references_share_a_second);
  tcase_add_loop_test(tcase, short_tail_is_not_bought, 0, 5);
  tcase_add_test(tcase, results_fade);
  tcase_add_loop_test(tcase, other_lengths_and_rates_fade, 0, 3);
  tcase_add_loop_test(tcase, rare_frames, 0, 3);
  tcase_add_test(tcase, long_last_frame);
  tcase_add_loop_test(tcase, failures, 0, 3);
  tcase_add_test(tcase, cuts_on_demand_are_hard);
  tcase_add_test(tcase, new_caps_in_the_overlap);
  tcase_add_test(tcase, time_jumps_back_in_the_overlap);
  tcase_add_loop_test(tcase, frame_behind_a_gap, 0, 4);
  tcase_add_test(tcase, same_frames_same_bytes);
  tcase_add_test(tcase, too_long);
  tcase_add_loop_test(tcase, stop_at_any_time, 0, 2);
  tcase_add_test(tcase, flush_while_trailing);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_overlap)
