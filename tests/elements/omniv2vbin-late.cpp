// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin with live sources that are late, irregular, or stop and come back: what they cost. The
// clock is the test's own.
#include <random>

#include "elements/omniv2vbin/deadlines.h"
#include "support/echo-service.h"
#include "support/live-run.h"

using namespace omni;
using namespace omni::test;

namespace {

// Few frames: what is looked at is where the stream is cut.
constexpr GstClockTime kSlow = 200 * GST_MSECOND;
const std::string kSlowCaps = std::string(kCountedCaps) + "5/1";

constexpr GstClockTime kSlack = 100 * GST_MSECOND;
constexpr GstClockTime kLeast = 4 * GST_SECOND;  // of the model

/// Jobs that were submitted, and what else the bus tells.
struct Told {
  unsigned done = 0;
  unsigned jobs = 0;
  unsigned late_input = 0;
  unsigned too_short = 0;
  std::string texts;  // of warnings
  GstClockTime shortest = GST_CLOCK_TIME_NONE;
};

/// What was said since the last time.
void read(LiveRun& run, Told& told) {
  for (const auto& message : run.messages()) {
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING) {
      GError* error = nullptr;
      gst_message_parse_warning(message.get(), &error, nullptr);
      const std::string text = ErrorPtr(error)->message;
      told.texts += text + "\n";
      told.late_input += text.find("later than upstream's latency says") != std::string::npos;
      told.too_short += text.find("no job is made of it") != std::string::npos;
    }
    const GstStructure* job = gst_message_get_structure(message.get());
    const char* state = job ? gst_structure_get_string(job, "state") : nullptr;
    if (state && g_str_equal(state, "done")) ++told.done;
    if (!state || !g_str_equal(state, "submitting")) continue;
    guint64 duration = 0;
    gst_structure_get_uint64(job, "duration", &duration);
    told.shortest = std::min(told.shortest, duration);
    ++told.jobs;
  }
}

Told told_by(LiveRun& run) {
  Told told;
  read(run, told);
  return told;
}

/// The clock stands still until so many jobs are done, and the encoder is idle. At its deadline,
/// what is not submitted never is, and what is not done is late; and a test clock leaves the
/// encoder no time between two segments.
void wait_for_done(LiveRun& run, Told& told, unsigned count) {
  for (; told.done < count; g_usleep(1000)) read(run, told);
}

/// All that came in comes out, up to EOS.
void finish(LiveRun& run) {
  run.push_eos();
  run.play_out();
}

}  // namespace

// Each frame comes 60 ms after the one before, of 40 ms: the lag grows without an end. Segments
// stay whole, and it is told once.
GST_START_TEST(lag_grows) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "latency=60000000000");
  const unsigned count = 5 * kFrames;
  Told told;
  for (unsigned i = 0; i < count; ++i) {
    run.reach(kUpstream + i * 60 * GST_MSECOND);
    run.push_frame(i);
    if (i % kFrames == 0) wait_for_done(run, told, i / kFrames);
  }
  run.push_eos();
  wait_for_done(run, told, 5);
  run.expect_times(count);
  run.play_out();
  read(run, told);
  fail_unless_equals_int(told.jobs, 5);
  fail_unless_equals_uint64(told.shortest, kSegment);
  fail_unless_equals_int(told.late_input, 1);
  fail_unless(told.texts.find("is 1.0 s later") != std::string::npos, "%s", told.texts.c_str());
}
GST_END_TEST

// Later than all of `latency`: nothing is bought that could not be shown, and every frame is shown.
GST_START_TEST(later_than_the_latency) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "");
  const unsigned count = 3 * kFrames;
  for (unsigned i = 0; i < count; ++i) {
    run.reach(30 * GST_SECOND + i * kFrame);
    run.push_frame(i);
  }
  run.push_eos();
  run.expect_times(count);
  run.play_out();
  fail_unless_equals_int(service.creates(), 0);
  const Told told = told_by(run);
  fail_unless_equals_int(told.late_input, 1);
  fail_unless(told.texts.find("slower than real time") == std::string::npos, "%s",
              told.texts.c_str());
}
GST_END_TEST

// A late source that stops for good within a segment: it is noticed all the same.
GST_START_TEST(late_source_stops) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "latency=60000000000 segment-duration=8000000000");
  const GstClockTime lag = 10 * GST_SECOND;
  for (unsigned i = 0; i < 125; ++i) {
    run.reach(kUpstream + lag + i * kFrame);
    run.push_frame(i);
  }
  const GstClockTime stopped = 2 * kSegment + kUpstream + lag + Deadlines::kStalled;
  run.wait_for_alarm(stopped);
  fail_unless_equals_int(service.creates(), 0);
  run.reach(stopped);
  Told told;
  wait_for_done(run, told, 1);
  run.expect_times(125);
  // It goes on within the segment that it had left: the rest is shown as it is.
  for (unsigned i = 125; i < 2 * kFrames; ++i) run.push_frame(i);
  for (unsigned i = 2 * kFrames; i <= 4 * kFrames; ++i) run.push_frame(i);
  fail_unless(service.server.wait_for(2, "POST"));
  run.push_eos();
  run.play_out();
  fail_unless_equals_int(service.creates(), 2);
}
GST_END_TEST

// Frames without times count from when they come: here the first one is 12 s late, and then they
// are slower or faster than their caps say.
GST_START_TEST(no_times) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "latency=60000000000", kSlowCaps);
  const GstClockTime pause = (150 + 50 * static_cast<unsigned>(__i__)) * GST_MSECOND;
  constexpr unsigned kCount = 100;
  for (unsigned i = 0; i < kCount; ++i) {
    run.reach(12 * GST_SECOND + i * pause);
    run.push_at(GST_CLOCK_TIME_NONE, kSlow);
  }
  fail_unless(service.server.wait_for(1, "POST"));
  finish(run);
  const Told told = told_by(run);
  fail_unless_equals_int(told.late_input, 0);
  fail_unless_equals_int(gst_harness_buffers_received(run.harness()), kCount);
  fail_unless(told.jobs > 0 && told.jobs <= kCount * pause / kSegment + 1, "%u jobs", told.jobs);
}
GST_END_TEST

// A sender that was gone leaves single frames behind: they are no jobs.
GST_START_TEST(sender_comes_back) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "latency=60000000000", kSlowCaps);
  const auto push = [&](GstClockTime from, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      if (from + i * kSlow + kUpstream > run.time()) run.reach(from + i * kSlow + kUpstream);
      run.push_at(from + i * kSlow, kSlow);
    }
  };
  Told told;
  push(0, 21);  // whole, and a frame of the next one
  wait_for_done(run, told, 1);
  push(30 * GST_SECOND, 1);   // a frame, then a hole
  push(40 * GST_SECOND, 21);  // whole again
  wait_for_done(run, told, 2);
  push(20 * GST_SECOND, 1);  // an old one
  push(60 * GST_SECOND, 20);
  run.push_eos();
  wait_for_done(run, told, 3);
  run.play_out();
  read(run, told);
  fail_unless_equals_int(service.creates(), 3);
  fail_unless_equals_uint64(told.shortest, kSegment);
  fail_unless(told.too_short == 4, "%u: %s", told.too_short, told.texts.c_str());
}
GST_END_TEST

// A frame of a segment is lost at its end, or comes a little late: it is whole for all that.
GST_START_TEST(lost_at_the_end) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "", kSlowCaps);
  for (unsigned i = 0; i <= 60; ++i)
    if (i % 20 != 19) run.push_at(i * kSlow + i % 3 * 10 * GST_MSECOND, kSlow);
  run.push_eos();
  Told told;
  wait_for_done(run, told, 3);
  run.play_out();
  fail_unless_equals_int(service.creates(), 3);
}
GST_END_TEST

// Streams of all kinds, by chance but always the same: none buys a job that is shorter than the
// model's least length, nor more of them than its running time holds whole segments, plus one, plus
// one for each cut that was asked for and for each time that its time went back.
GST_START_TEST(cost_of_any_stream) {
  const WithKey key;
  EchoService service;
  std::mt19937_64 random(static_cast<unsigned>(__i__) + 1);
  const auto up_to = [&](GstClockTime most) {
    return std::uniform_int_distribution<GstClockTime>(0, most)(random);
  };
  const GstClockTime segment = (4 + up_to(5)) * GST_SECOND;
  const GstClockTime overlap = up_to(2) == 0 ? up_to(segment / 4) : 0;
  LiveRun run(service.server.url(),
              "latency=60000000000 segment-duration=" + std::to_string(segment) +
                  " overlap=" + std::to_string(overlap),
              kSlowCaps);
  const GstClockTime slower = up_to(1) == 0 ? 0 : up_to(300 * GST_MSECOND);  // per frame
  const GstClockTime jitter = up_to(1) == 0 ? 0 : up_to(GST_SECOND);
  const bool asks = up_to(2) == 0;
  GstClockTime frame = 0, lag = 0, newest = 0, covered = 0;
  unsigned allowed = 1;
  for (int i = 0; i < 250; ++i, frame += kSlow, lag += slower) {
    const GstClockTime event = up_to(99);
    if (event == 0) frame += up_to(20 * GST_SECOND);               // gone, and back
    if (event == 1) lag += up_to(10 * GST_SECOND);                 // held up
    if (event == 2) lag -= std::min(lag, up_to(10 * GST_SECOND));  // a burst
    if (event == 3 && asks) {
      g_signal_emit_by_name(run.element(), "cut");
      ++allowed;
    }
    if (event == 4 && frame > 2 * GST_SECOND) {
      frame -= 2 * GST_SECOND;  // another timeline
      newest = frame;
      ++allowed;
    }
    const GstClockTime arrival = frame + kUpstream + lag + up_to(jitter);
    if (arrival > run.time()) run.reach(arrival);
    run.push_at(frame, kSlow);
    covered += frame + kSlow - newest;
    newest = frame + kSlow;
  }
  finish(run);
  const Told told = told_by(run);
  const auto most = covered / (segment - overlap) + allowed;
  fail_unless(told.jobs <= most, "stream %d: %u jobs, at most %u: %.1f s in segments of %.1f s",
              __i__, told.jobs, static_cast<unsigned>(most), covered / 1e9, segment / 1e9);
  fail_unless(service.server.wait_for(static_cast<int>(told.jobs), "POST"));
  fail_unless(service.creates() <= static_cast<int>(most));
  fail_unless(told.jobs == 0 || told.shortest + overlap + kSlack >= kLeast,
              "stream %d: a job of %.2f s", __i__, told.shortest / 1e9);
}
GST_END_TEST

static Suite* omniv2vbin_late_suite() {
  Suite* suite = suite_create("omniv2vbin-late");
  TCase* tcase = tcase_create("late");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, lag_grows);
  tcase_add_test(tcase, later_than_the_latency);
  tcase_add_test(tcase, late_source_stops);
  tcase_add_loop_test(tcase, no_times, 0, 3);
  tcase_add_test(tcase, sender_comes_back);
  tcase_add_test(tcase, lost_at_the_end);
  tcase_add_loop_test(tcase, cost_of_any_stream, 0, 24);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_late)
