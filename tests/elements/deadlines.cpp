// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The times of omniv2vbin without an element: when a live segment is due, late or past, how much
// audio may wait, and where frames stand in running time.
#include "elements/omniv2vbin/deadlines.h"

#include "../media/media-main.h"
#include "elements/omniv2vbin/input-timeline.h"
#include "media/gst-ptr.h"

using namespace omni;

namespace {

constexpr GstClockTime kSecond = GST_SECOND;
constexpr GstClockTime kMilli = GST_MSECOND;
constexpr GstClockTime kNone = GST_CLOCK_TIME_NONE;

void expect_time(const char* what, GstClockTime got, GstClockTime expected) {
  ck_assert_msg(got == expected, "%s: got %.6f s, expected %.6f s", what,
                static_cast<double>(got) / 1e9, static_cast<double>(expected) / 1e9);
}

// --- deadlines
// ------------------------------------------------------------------------------------

struct DeadlineCase {
  const char* what;
  GstClockTime upstream, nominal, overlap, latency, begins;
  GstClockTime deadline;
};

const DeadlineCase kDeadlines[] = {
    {"from the stream's beginning", 0, 8 * kSecond, 0, 20 * kSecond, 0, 27'750 * kMilli},
    {"a later segment", 0, 8 * kSecond, 0, 20 * kSecond, 16 * kSecond, 43'750 * kMilli},
    {"upstream is late", 2 * kSecond, 8 * kSecond, 0, 20 * kSecond, 0, 29'750 * kMilli},
    {"an overlap", 0, 7 * kSecond, kSecond, 20 * kSecond, 7 * kSecond, 34'750 * kMilli},
    {"hardly any latency: a quarter of it to prepare", 0, 4 * kSecond, 0, 400 * kMilli, 0,
     4'300 * kMilli},
    {"no latency", 0, 4 * kSecond, 0, 0, 0, 4 * kSecond},
};

START_TEST(deadline) {
  const DeadlineCase& row = kDeadlines[_i];
  Deadlines deadlines;
  deadlines.set_live(true);
  deadlines.set_upstream_latency(row.upstream);
  deadlines.set_durations(row.nominal, row.nominal, row.overlap);
  deadlines.set_latency(row.latency);
  expect_time(row.what, deadlines.of(row.begins), row.deadline);
  ck_assert(!deadlines.has_passed(row.begins, row.deadline - 1));
  ck_assert(deadlines.has_passed(row.begins, row.deadline));
  ck_assert_msg(!deadlines.has_passed(row.begins, kNone), "without a clock nothing is past");
  // Past its end, and by a segment more.
  const GstClockTime gone = row.deadline + 3 * kSecond + row.nominal;
  const auto expired = [&](GstClockTime complete, GstClockTime now) {
    return deadlines.is_expired(row.begins, 3 * kSecond, complete, now);
  };
  for (const GstClockTime complete : {kNone, row.begins, row.deadline}) {
    ck_assert(!expired(complete, gone));
    ck_assert(expired(complete, gone + 1));
    ck_assert(!expired(complete, kNone));
  }
  ck_assert_msg(!expired(row.deadline + kSecond, gone + kSecond), "it came late itself");
  ck_assert(expired(row.deadline + kSecond, gone + kSecond + 1));
  deadlines.set_live(false);
  ck_assert_msg(!expired(kNone, gone + 1), "a file is never late");
}
END_TEST

START_TEST(stalls) {
  Deadlines deadlines;
  deadlines.set_upstream_latency(2 * kSecond);
  expect_time("not live", deadlines.stall(8 * kSecond, 0), kNone);
  expect_time("not live", deadlines.lag(8 * kSecond, 90 * kSecond), 0);
  deadlines.set_live(true);
  expect_time("nothing is waited for", deadlines.stall(kNone, 0), kNone);
  expect_time("a segment is to be complete", deadlines.stall(8 * kSecond, 0), 11 * kSecond);
  expect_time("all frames are late", deadlines.stall(8 * kSecond, 30 * kSecond), 41 * kSecond);
  expect_time("comes now", deadlines.expected(10 * kSecond), 8 * kSecond);
  expect_time("comes before it can", deadlines.expected(kSecond), 0);
  expect_time("comes without a clock", deadlines.expected(kNone), kNone);
  expect_time("early", deadlines.lag(8 * kSecond, 9 * kSecond), 0);
  expect_time("on time", deadlines.lag(8 * kSecond, 10 * kSecond), 0);
  expect_time("late", deadlines.lag(8 * kSecond, 13 * kSecond), 3 * kSecond);
  expect_time("without a clock", deadlines.lag(8 * kSecond, kNone), 0);
}
END_TEST

/// However late frames come: while they do, no segment's source has stopped.
START_TEST(late_is_not_stalled) {
  Deadlines deadlines;
  deadlines.set_live(true);
  deadlines.set_upstream_latency(kSecond);
  for (const GstClockTime pause : {10 * kMilli, 60 * kMilli, 990 * kMilli}) {
    GstClockTime now = kSecond;
    for (GstClockTime frame = 0; frame < 3600 * kSecond; frame += 40 * kMilli, now += pause) {
      const GstClockTime lag = deadlines.lag(frame, now);
      const GstClockTime complete = (frame / (4 * kSecond) + 1) * 4 * kSecond;
      ck_assert(deadlines.stall(complete, lag) >= now + Deadlines::kStalled);
    }
  }
}
END_TEST

START_TEST(audio_capacity) {
  Deadlines deadlines;
  ck_assert(!deadlines.has_begun());
  expect_time("before the first caps", deadlines.audio_capacity(0, 8 * kSecond, 0), 16 * kSecond);
  deadlines.set_durations(7 * kSecond, 15 * kSecond, kSecond);
  ck_assert(deadlines.has_begun());
  const GstClockTime window = 24 * 15 * kSecond + 15 * kSecond;
  expect_time("a file", deadlines.audio_capacity(24, 7 * kSecond, 0), window);
  expect_time("no frame for a second", deadlines.audio_capacity(24, 7 * kSecond, kSecond), window);
  expect_time("no frame for three", deadlines.audio_capacity(24, 7 * kSecond, 3 * kSecond),
              window + 80 * kSecond);
  deadlines.set_live(true);
  deadlines.set_upstream_latency(kSecond);
  deadlines.set_latency(20 * kSecond);
  expect_time("live", deadlines.audio_capacity(24, 7 * kSecond, 3 * kSecond), 43 * kSecond);
}
END_TEST

// --- the timeline
// ---------------------------------------------------------------------------------

GstSegment time_segment(GstClockTime start, GstClockTime stop, GstClockTime base,
                        GstClockTime time) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.position = start;
  segment.stop = stop;
  segment.base = base;
  segment.time = time;
  return segment;
}

BufferPtr frame_at(GstClockTime pts) {
  auto frame = BufferPtr::adopt(gst_buffer_new());
  GST_BUFFER_PTS(frame.get()) = pts;
  return frame;
}

struct LocateCase {
  const char* what;
  GstClockTime pts, duration;
  bool shown;
  GstClockTime running, stream;
};

// A segment from 10 s to 20 s, shown from 100 s of running time on, 50 s into the stream.
const LocateCase kLocated[] = {
    {"the first frame", 10 * kSecond, 40 * kMilli, true, 100 * kSecond, 50 * kSecond},
    {"in its midst", 15 * kSecond, 40 * kMilli, true, 105 * kSecond, 55 * kSecond},
    {"before it", 9 * kSecond, 40 * kMilli, false, 0, 0},
    {"begins before it and reaches into it", 9'980 * kMilli, 40 * kMilli, true, 100 * kSecond,
     50 * kSecond},
    {"behind it", 21 * kSecond, 40 * kMilli, false, 0, 0},
};

START_TEST(located) {
  const LocateCase& row = kLocated[_i];
  InputTimeline timeline;
  ck_assert(!timeline.has_segment());
  timeline.set_segment(time_segment(10 * kSecond, 20 * kSecond, 100 * kSecond, 50 * kSecond));
  ck_assert(timeline.has_segment());
  const auto times = timeline.locate(frame_at(row.pts).get(), row.duration, kNone);
  ck_assert_msg(times.has_value() == row.shown, "%s", row.what);
  if (!times) return;
  expect_time(row.what, times->running, row.running);
  expect_time(row.what, times->stream, row.stream);
}
END_TEST

START_TEST(frames_without_times) {
  InputTimeline timeline;
  timeline.set_segment(time_segment(0, kNone, 0, 10 * kSecond));
  const auto untimed = frame_at(kNone);
  const auto located = [&](GstClockTime arrived) {
    return timeline.locate(untimed.get(), 40 * kMilli, arrived)->running;
  };
  expect_time("the very first", located(kNone), 0);
  expect_time("live, the first one is late", located(12 * kSecond), 12 * kSecond);
  expect_time("taken", timeline.take(5 * kSecond, 40 * kMilli, true), 5 * kSecond);
  const auto times = timeline.locate(untimed.get(), kSecond, kNone);
  expect_time("follows the one before", times->running, 5'040 * kMilli);
  expect_time("and in stream time", times->stream, 15'040 * kMilli);
  expect_time("jitter does not count", located(5'540 * kMilli), 5'040 * kMilli);
  expect_time("nor a little ahead", located(4'040 * kMilli), 5'040 * kMilli);
  expect_time("slower than its rate", located(5'541 * kMilli), 5'541 * kMilli);
  expect_time("faster than its rate", located(4'030 * kMilli), 5'030 * kMilli);
  expect_time("never back", located(0), 5 * kSecond + 1);
}
END_TEST

START_TEST(frames_that_do_not_advance) {
  InputTimeline timeline;
  timeline.set_segment(time_segment(0, kNone, 0, 0));
  ck_assert(timeline.after_last() == 0);
  expect_time("first", timeline.take(5 * kSecond, kSecond, true), 5 * kSecond);
  expect_time("the same time again", timeline.take(5 * kSecond, kSecond, false), 5 * kSecond + 1);
  expect_time("too early", timeline.take(4'900 * kMilli, kSecond, false), 5 * kSecond + 2);
  expect_time("its end counts from there", timeline.next(), 6 * kSecond + 2);
  expect_time("the next may be", timeline.after_last(), 5 * kSecond + 3);
  ck_assert_msg(!timeline.goes_back_to(4'600 * kMilli), "jitter");
  ck_assert_msg(timeline.goes_back_to(4'400 * kMilli), "a new beginning");
}
END_TEST

START_TEST(time_begins_again) {
  InputTimeline timeline;
  const GstSegment first = time_segment(0, kNone, 0, 0);
  ck_assert_msg(timeline.set_segment(first), "another than none");
  ck_assert_msg(!timeline.set_segment(first), "the same again");
  GstSegment later = first;
  later.position = 7 * kSecond;
  ck_assert_msg(!timeline.set_segment(later), "a position says nothing");
  timeline.take(60 * kSecond, kSecond, true);
  ck_assert_msg(timeline.set_segment(time_segment(0, kNone, 61 * kSecond, 0)), "goes on");
  ck_assert(!timeline.begin_again());
  ck_assert(timeline.set_segment(time_segment(0, kNone, 2 * kSecond, 0)));
  const auto begins = timeline.begin_again();
  ck_assert(begins.has_value());
  expect_time("from there on", *begins, 2 * kSecond);
  expect_time("no frame yet", timeline.last(), kNone);
  timeline.reset();
  ck_assert(!timeline.has_segment() && timeline.next() == 0);
}
END_TEST

}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "deadlines",
                         {{"deadline", deadline, std::size(kDeadlines)},
                          {"stalls", stalls, 1},
                          {"late is not stalled", late_is_not_stalled, 1},
                          {"audio capacity", audio_capacity, 1},
                          {"located", located, std::size(kLocated)},
                          {"frames without times", frames_without_times, 1},
                          {"frames that do not advance", frames_that_do_not_advance, 1},
                          {"time begins again", time_begins_again, 1}});
}
