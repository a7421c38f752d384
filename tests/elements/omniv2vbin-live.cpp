// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin with a live source: what it says of its latency, and what it does when its time has
// come. The clock is the test's own: no time passes but that which a test lets pass.
#include <condition_variable>
#include <mutex>

#include "client/ledger/ledger-store.h"
#include "elements/omniv2vbin/deadlines.h"
#include "support/echo-service.h"
#include "support/live-run.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr GstClockTime kMakeReady = Deadlines::kPrepare;

/// The ledger's row of a segment, once its result is kept and nobody is at it.
LedgerRow kept_row(const std::string& folder, unsigned segment) {
  const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
  while (g_get_monotonic_time() < end) {
    LedgerStore store(folder);
    std::vector<LedgerRow> rows;
    store.transaction([&] { rows = store.rows(); });
    for (const LedgerRow& row : rows)
      if (row.label == "segment " + std::to_string(segment) && !row.result_hash.empty() &&
          !row.in_use)
        return row;
    g_usleep(10000);
  }
  ck_abort_msg("the result of segment %u is not kept", segment);
}

/// What comes out waits until it may.
class Permits {
 public:
  void add(unsigned more) {
    const std::lock_guard lock(lock_);
    given_ += more;
    changed_.notify_all();
  }
  /// Until so many have come, of which the last may wait.
  void wait_asked(unsigned count) {
    std::unique_lock lock(lock_);
    changed_.wait(lock, [&] { return asked_ >= count; });
  }
  static GstPadProbeReturn probe(GstPad*, GstPadProbeInfo*, gpointer self) {
    auto& me = *static_cast<Permits*>(self);
    std::unique_lock lock(me.lock_);
    const unsigned number = ++me.asked_;
    me.changed_.notify_all();
    me.changed_.wait(lock, [&] { return number <= me.given_; });
    return GST_PAD_PROBE_OK;
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  unsigned asked_ = 0, given_ = 0;
};

GstClockTime deadline_of(unsigned segment) {
  return segment * kSegment + kUpstream + kSegment + kLatency - kMakeReady;
}

}  // namespace

// Upstream's, a segment's and the service's; told anew when it changes.
GST_START_TEST(latency_is_answered) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "");
  fail_unless_equals_uint64(gst_harness_query_latency(run.harness()),
                            kUpstream + kSegment + kLatency);
  g_object_set(run.element(), "latency", guint64{5} * GST_SECOND, nullptr);
  fail_unless(run.wait_message(GST_MESSAGE_LATENCY).get() != nullptr);
  fail_unless_equals_uint64(gst_harness_query_latency(run.harness()),
                            kUpstream + kSegment + 5 * GST_SECOND);
}
GST_END_TEST

// An element that is linked into a pipeline that plays: nobody has asked for its latency yet.
GST_START_TEST(live_is_told) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "");
  run.push_frame(0);
  fail_unless(run.wait_message(GST_MESSAGE_LATENCY).get() != nullptr);
}
GST_END_TEST

// What is there in time goes out; what is not is filled at its deadline; what comes later is not
// shown, and the delay that would have been enough is told.
GST_START_TEST(late_policy) {
  static const char* const kPolicies[] = {"source", "hold", "skip"};
  const WithKey key;
  EchoService service;
  const std::string policy = kPolicies[__i__];
  LiveRun run(service.server.url(), "late-policy=" + policy);
  run.push_segments(1);
  run.expect_segment(0, 0);
  service.hold({2});
  for (unsigned i = kFrames + 1; i <= 2 * kFrames; ++i) run.push_frame(i);
  fail_unless(service.server.wait_for(2, "POST"));
  run.wait_for_alarm(deadline_of(1));
  fail_unless_equals_int(gst_harness_buffers_in_queue(run.harness()), 0);
  run.reach(deadline_of(1));
  if (policy != "skip") {
    run.expect_segment(1, policy == "source" ? 1 : 0);
  } else {
    GstClockTime from = 0, length = 0;
    gst_event_parse_gap(run.wait_gap().get(), &from, &length);
    fail_unless_equals_uint64(from, kSegment);
    fail_unless_equals_uint64(length, kSegment);
  }
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING), "timed-out");
  service.let_go(2);
  run.wait_state("late");
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING, &text), "timed-out");
  fail_unless(text.find("would have been enough") != std::string::npos, "%s", text.c_str());
  guint64 delay = 0;
  g_object_get(run.element(), "max-observed-delay", &delay, nullptr);
  fail_unless(delay > 0);
  fail_unless_equals_int(gst_harness_buffers_in_queue(run.harness()), 0);
  // It is paid: kept, and owed to whoever asks for it.
  expect_equal(kept_row(run.state_dir(), 1).state, "fetched");
  expect_equal(kept_row(run.state_dir(), 0).state, "delivered");
  // The next one is on time again.
  for (unsigned i = 2 * kFrames + 1; i <= 3 * kFrames; ++i) run.push_frame(i);
  run.expect_segment(2, 2);
}
GST_END_TEST

// A job that fails in time is replaced at once: the original, unless something else is wanted.
GST_START_TEST(failure_shows_the_source) {
  const WithKey key;
  EchoService service([](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_create(request) && request.number == 1) return ServerReply{.status = 400, .body = "{}"};
    return std::nullopt;
  });
  LiveRun run(service.server.url(), "");
  run.push_segments(2);
  run.expect_segment(0, 0);
  run.expect_segment(1, 1);
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING), "invalid-request");
}
GST_END_TEST

// With as many jobs under way as may be, a segment is not submitted, and not paid.
GST_START_TEST(no_place_left) {
  const WithKey key;
  EchoService service;
  service.hold({1});
  LiveRun run(service.server.url(), "max-in-flight=1");
  run.push_segments(2);
  fail_unless(service.server.wait_for(1, "POST"));
  // Refused while the first one still counts: before its deadline, however long encoding takes.
  run.wait_state("failed");
  run.wait_for_alarm(deadline_of(0));
  run.reach(deadline_of(0));
  run.expect_segment(0, 0);
  run.expect_segment(1, 1);
  fail_unless_equals_int(service.creates(), 1);
  bool told = false;
  for (int i = 0; i < 2; ++i) {
    std::string text;
    const std::string reason = run.wait_reason(GST_MESSAGE_WARNING, &text);
    if (reason == "budget") told = text.find("max-in-flight to 3") != std::string::npos;
  }
  fail_unless(told);
  // The late one does not count any more.
  for (unsigned i = 2 * kFrames + 1; i <= 3 * kFrames; ++i) run.push_frame(i);
  run.expect_segment(2, 2);
  fail_unless_equals_int(service.creates(), 2);
}
GST_END_TEST

// Live sources are never held up, even when nothing goes out.
GST_START_TEST(source_is_not_held_up) {
  const WithKey key;
  EchoService service(first(is_poll, 9999, {.hang = true}));
  LiveRun run(service.server.url(), "max-in-flight=2");
  run.push_segments(12);  // more than three times that
  fail_unless_equals_int(gst_harness_buffers_in_queue(run.harness()), 0);
}
GST_END_TEST

// What is long past is left out, so that nothing piles up when downstream is too slow.
GST_START_TEST(history_is_left_out) {
  const WithKey key;
  EchoService service;
  service.hold({1});
  LiveRun run(service.server.url(), "");
  run.push_segments(1);
  run.wait_for_alarm(deadline_of(0));
  run.reach(deadline_of(0) + 2 * kSegment + GST_SECOND);
  GstClockTime from = 0, length = 0;
  gst_event_parse_gap(run.wait_gap().get(), &from, &length);
  fail_unless_equals_uint64(from, 0);
  fail_unless_equals_uint64(length, kSegment);
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING, &text), "timed-out");
  fail_unless(text.find("slower than real time") != std::string::npos, "%s", text.c_str());
}
GST_END_TEST

// A source that stops in the midst of a segment: what came of it goes out in time. It is too short
// for the model, so it is not bought.
GST_START_TEST(source_stops) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "");
  for (unsigned i = 0; i < 50; ++i) run.push_frame(i);
  run.wait_for_alarm(kUpstream + kSegment + GST_SECOND);
  run.reach(kUpstream + kSegment + GST_SECOND);
  run.expect_times(50);
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING, &text), "bad-input");
  fail_unless(text.find("the model takes at least 4") != std::string::npos, "%s", text.c_str());
  fail_unless_equals_int(service.creates(), 0);
  // And when it comes back, so does the stream.
  for (unsigned i = 300; i <= 400; ++i) run.push_frame(i);
  run.expect_segment(3, 3);
}
GST_END_TEST

// And while others are still going out, one by one: there is time left, so it is bought.
GST_START_TEST(source_stops_while_others_go_out) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "segment-duration=8000000000");
  Permits permits;
  gst_pad_add_probe(run.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, Permits::probe, &permits,
                    nullptr);
  run.push_segments(4);
  for (unsigned i = 4 * kFrames + 1; i < 5 * kFrames + 50; ++i) run.push_frame(i);
  permits.add(10);
  fail_unless(service.server.wait_for(2, "POST"));
  permits.wait_asked(11);
  run.set_time(6 * kSegment + kUpstream + GST_SECOND);
  permits.add(10);
  fail_unless(service.server.wait_for(3, "POST"));
  permits.add(kFrames * 10);
  run.expect_times(5 * kFrames + 50);
}
GST_END_TEST

// What is late before it is sent is not bought: here the time is over with its last frame.
GST_START_TEST(late_before_it_is_sent) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "");
  g_object_set(run.element(), "latency", guint64{0}, nullptr);
  for (unsigned i = 0; i < kFrames; ++i) run.push_frame(i);
  run.set_time(kUpstream + kSegment + kSegment);
  run.push_frame(kFrames);
  run.wait_state("failed");
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

// An overlap is part of what a segment measures: it adds nothing to the latency.
GST_START_TEST(overlap_adds_no_latency) {
  const WithKey key;
  EchoService service;
  service.hold({1});
  LiveRun run(service.server.url(), "overlap=1000000000");
  fail_unless_equals_uint64(gst_harness_query_latency(run.harness()),
                            kUpstream + kSegment + kLatency);
  run.push_segments(1);  // the frame that cuts completes the reference of the one before
  fail_unless(service.server.wait_for(1, "POST"));
  run.wait_for_alarm(deadline_of(0));
  run.reach(deadline_of(0));
  run.expect_times(75);
}
GST_END_TEST

// A source that stops while a segment trails: what there is of the next one belongs to that.
GST_START_TEST(source_stops_in_the_overlap) {
  const WithKey key;
  EchoService service;
  LiveRun run(service.server.url(), "segment-duration=8000000000 overlap=1000000000");
  for (unsigned i = 0; i < 180; ++i) run.push_frame(i);
  run.wait_for_alarm(kUpstream + 2 * kSegment + GST_SECOND);
  fail_unless_equals_int(service.creates(), 0);
  run.reach(kUpstream + 2 * kSegment + GST_SECOND);
  run.expect_times(180);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

static Suite* omniv2vbin_live_suite() {
  Suite* suite = suite_create("omniv2vbin-live");
  TCase* tcase = tcase_create("live");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, latency_is_answered);
  tcase_add_test(tcase, live_is_told);
  tcase_add_loop_test(tcase, late_policy, 0, 3);
  tcase_add_test(tcase, failure_shows_the_source);
  tcase_add_test(tcase, no_place_left);
  tcase_add_test(tcase, source_is_not_held_up);
  tcase_add_test(tcase, history_is_left_out);
  tcase_add_test(tcase, source_stops);
  tcase_add_test(tcase, source_stops_while_others_go_out);
  tcase_add_test(tcase, late_before_it_is_sent);
  tcase_add_test(tcase, overlap_adds_no_latency);
  tcase_add_test(tcase, source_stops_in_the_overlap);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_live)
