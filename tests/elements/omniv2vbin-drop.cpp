// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin when what it has in hand is dropped, and what comes behind that: flushes, seeks, an
// end before the end, another stream, changes of state.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "support/audio-ends.h"
#include "support/bin-harness.h"
#include "support/bin-run.h"
#include "support/echo-service.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr char kFour[] = "prompt=x segment-duration=4000000000";
constexpr unsigned kFramesOfSegment = 100;

}  // namespace

// FLUSH drops what is on its way, and new input is taken at once: while jobs run, while the chain
// waits for the window, while pictures go out.
GST_START_TEST(flush_and_go_on) {
  const WithKey key;
  EchoService service;
  service.hold({1, 2, 3});
  BinHarness run(service.server.url(), std::string(kFour) + " max-in-flight=1");
  std::thread pusher;
  if (__i__ == 0) {
    run.push_frames(0, 290);  // two segments, and one that is open: the window is not full
    fail_unless(service.server.wait_for(1, "POST"));
  } else if (__i__ == 1) {
    pusher =
        std::thread([&] { fail_unless_equals_int(run.push_frames(0, 1000), GST_FLOW_FLUSHING); });
    fail_unless(service.server.wait_for(1, "POST"));
  } else {
    service.let_all_go();
    run.push_frames(0, 290);
    run.expect_frames(0, 10);
  }
  gst_harness_push_event(run.harness(), gst_event_new_flush_start());
  if (pusher.joinable()) pusher.join();
  gst_harness_push_event(run.harness(), gst_event_new_flush_stop(TRUE));
  service.let_all_go();
  while (auto old = BufferPtr::adopt(gst_harness_try_pull(run.harness()))) {
  }
  run.push_segment();
  run.play_to_end(500, 120);
}
GST_END_TEST

// A flush that comes before anything worked: the error is told again, and once the reason is gone
// the stream goes on.
GST_START_TEST(flush_after_a_refusal) {
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  expect_equal(run.wait_reason(), "unauthorized");
  run.flush();
  run.push_frames(0, 5);
  expect_equal(run.wait_reason(), "unauthorized");
  const WithKey key;
  run.flush();
  run.play_to_end(0, 120);
}
GST_END_TEST

// A flush throws away what a queue behind the element had of the stream: it comes again at no cost.
GST_START_TEST(flushed_behind_the_element) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  run.comes_to_eos = false;
  run.play_to_end(0, 110);
  run.flush();
  run.play_to_end(0, 110);
  fail_unless_equals_int(service.creates(), 2);
  fail_unless_equals_int(run.stat("reused"), 2);
}
GST_END_TEST

// What upstream does not say again after a flush still goes out: caps and tags that waited.
GST_START_TEST(flush_keeps_sticky_events) {
  const WithKey key;
  EchoService service;
  service.hold({1, 2});
  BinHarness run(service.server.url(), kFour);
  run.push_frames(0, 120);
  const auto other = CapsPtr::adopt(
      gst_caps_from_string("video/x-raw,format=GRAY8,width=320,height=96,framerate=25/1"));
  gst_harness_push_event(run.harness(), gst_event_new_caps(other.get()));
  gst_harness_push_event(run.harness(),
                         gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "t", nullptr)));
  fail_unless(service.server.wait_for(2, "POST"));
  gst_harness_push_event(run.harness(), gst_event_new_flush_start());
  gst_harness_push_event(run.harness(), gst_event_new_flush_stop(TRUE));
  service.let_all_go();
  run.push_segment();
  for (unsigned i = 0; i < 110; ++i) {
    const BufferPtr full = frame25(i);
    gst_harness_push(run.harness(),
                     gst_buffer_copy_region(full.get(), GST_BUFFER_COPY_ALL, 0, kWidth * kHeight));
  }
  run.push_eos();
  const auto first_out = run.wait_buffer();
  fail_unless_equals_int(gst_buffer_get_size(first_out.get()), kWidth * kHeight);
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(run.element(), "src"));
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad.get()));
  fail_unless(gst_caps_is_equal(caps.get(), other.get()));
  const auto tag = EventPtr::adopt(gst_pad_get_sticky_event(pad.get(), GST_EVENT_TAG, 0));
  fail_unless(bool(tag));
  run.wait_event(GST_EVENT_EOS);
}
GST_END_TEST

// After the output has ended, by an error or because downstream has enough, nothing is bought.
GST_START_TEST(nothing_is_bought_after_the_end) {
  const WithKey key;
  EchoService service([fails =
                           __i__ == 0](const SeenRequest& request) -> std::optional<ServerReply> {
    if (fails && is_poll(request))
      return ServerReply{.body = R"({"id":"video_1","status":"failed","error":{"message":"no"}})"};
    return std::nullopt;
  });
  std::atomic<unsigned> none = 0;
  BinHarness run(service.server.url(), std::string(kFour) + " max-in-flight=1");
  if (__i__ == 1) run.take_only(none);
  run.push_frames(0, 150);
  if (__i__ == 0) fail_if(run.wait_reason().empty());
  run.wait_event(GST_EVENT_EOS);
  run.push_frames(150, 30);
  run.push_eos();
  gst_element_set_state(run.element(), GST_STATE_NULL);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// A prompt in the stream holds from the next frame on, whatever frames say of their durations, and
// goes with a flush; one that the application gave stays.
GST_START_TEST(prompts_and_flushes) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), std::string(kFour) + " max-in-flight=1");
  g_signal_emit_by_name(run.element(), "prompt-at", guint64{0}, "mine");
  for (unsigned i = 0; i < 220; ++i) {
    if (i == 100) gst_harness_push_event(run.harness(), prompt_event("band"));
    gst_harness_push(run.harness(), counted_frame(i, i * kFrame, GST_CLOCK_TIME_NONE).release());
  }
  fail_unless(service.server.wait_for(2, "POST"));
  run.expect_frames(0, 200);
  run.flush();
  run.push_frames(0, 210);
  run.push_eos();
  run.wait_event(GST_EVENT_EOS);
  expect_equal(service.member(1, "prompt"), "mine");
  expect_equal(service.member(2, "prompt"), "band");
  expect_equal(service.member(3, "prompt"), "mine");
  expect_equal(service.member(4, "prompt"), "mine");
}
GST_END_TEST

// Another stream behind the end of the first, with the sound of its results.
GST_START_TEST(stream_after_the_end) {
  const WithKey key;
  EchoService service;
  const bool at_once = __i__ % 2 == 1;
  if (at_once) service.hold({1, 2});
  BinHarness run(service.server.url(), std::string(kFour) + (__i__ < 2 ? "" : " audio=result"));
  AudioEnds sound(run.element());
  run.push_frames(0, 110);
  run.push_eos();
  if (at_once) {  // before the first one has come out
    fail_unless(service.server.wait_for(2, "POST"));
    gst_harness_push_event(run.harness(), gst_event_new_stream_start("another"));
    service.let_all_go();
  }
  run.expect_frames(0, 110);
  run.wait_event(GST_EVENT_EOS);
  if (!at_once) gst_harness_push_event(run.harness(), gst_event_new_stream_start("another"));
  run.push_segment();
  run.play_to_end(0, 110);
  if (__i__ < 2) return;
  constexpr gsize kBytes = 48'000 * 4 * 44 / 10;  // of 110 frames
  fail_unless_equals_uint64(sound.wait_ends(2), 2 * kBytes);
}
GST_END_TEST

// A prompt at the head of another stream holds for that, whose time begins anew; without one the
// last of the stream before goes on, and nothing else of it.
GST_START_TEST(prompts_of_another_stream) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), std::string(kFour) + " max-in-flight=1");
  run.push_frames(0, 50);
  gst_harness_push_event(run.harness(), prompt_event("first"));
  run.push_frames(50, 60);
  gst_harness_push_event(run.harness(), prompt_event("last"));
  run.push_frames(110, 100);
  run.push_eos();
  gst_harness_push_event(run.harness(), gst_event_new_stream_start("another"));
  run.push_segment();
  if (__i__ == 0) gst_harness_push_event(run.harness(), prompt_event("other"));
  run.push_frames(0, 110);
  run.push_eos();
  run.expect_frames(0, 210);
  run.wait_event(GST_EVENT_EOS);
  run.expect_frames(0, 110);
  run.wait_event(GST_EVENT_EOS);
  std::string prompts;
  for (int job = 1; job <= service.creates(); ++job) prompts += service.member(job, "prompt") + " ";
  expect_equal(prompts, __i__ == 0 ? "x first last other other " : "x first last last last ");
}
GST_END_TEST

// Another stream behind one of which downstream had enough: nothing of the first is left.
GST_START_TEST(stream_after_enough) {
  const WithKey key;
  EchoService service;
  std::atomic<unsigned> wanted = 50;
  BinHarness run(service.server.url(), std::string(kFour) + " max-in-flight=1");
  run.take_only(wanted);
  run.push_frames(0, 350);
  run.expect_frames(0, 50);
  run.wait_event(GST_EVENT_EOS);
  wanted = 1000;
  gst_harness_push_event(run.harness(), gst_event_new_stream_start("another"));
  run.push_segment();
  run.play_to_end(0, 110);
}
GST_END_TEST

// A seek goes upstream; one at another rate is refused. The position is what went out.
GST_START_TEST(seek_and_position) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  run.push_frames(0, 160);
  run.expect_frames(0, 100);
  const auto src = PadPtr::adopt(gst_element_get_static_pad(run.element(), "src"));
  gint64 position = -1;
  fail_unless(gst_pad_query_position(src.get(), GST_FORMAT_TIME, &position));
  fail_unless_equals_uint64(position, 99 * kFrame);
  const auto seek = [](gdouble rate) {
    return gst_event_new_seek(rate, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0,
                              GST_SEEK_TYPE_NONE, -1);
  };
  fail_if(gst_harness_push_upstream_event(run.harness(), seek(2.0)));
  gst_harness_push_upstream_event(run.harness(), seek(1.0));
  // A decoder that hears of late pictures would leave out others.
  gst_harness_push_upstream_event(run.harness(),
                                  gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 0.1, GST_SECOND, 0));
  bool found = false;
  while (const auto event = EventPtr::adopt(gst_harness_try_pull_upstream_event(run.harness()))) {
    found = found || GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK;
    fail_if(GST_EVENT_TYPE(event.get()) == GST_EVENT_QOS);
  }
  fail_unless(found);
}
GST_END_TEST

// To NULL at any moment with many jobs under way: nothing hangs, nothing is left.
GST_START_TEST(stop_at_any_time) {
  const WithKey key;
  EchoService service(__i__ % 2 ? nullptr
                                : EchoService::Answer(first(is_poll, 9999, {.hang = true})));
  if (__i__ % 2) service.hold({2, 5});
  for (int round = 0; round < 5; ++round) {
    BinRun run(service.server.url(), std::string(kFour) + " max-in-flight=32",
               std::string(kCountedCaps) + "5/1");
    run.push_event(gst_event_new_tag(gst_tag_list_new_empty()));
    std::thread pusher([&] { run.push_counted(0, 700, 5); });
    g_usleep(static_cast<gulong>(g_random_int_range(0, 300'000)));  // the moment is the point
    gst_element_set_state(run.pipeline(), GST_STATE_NULL);
    pusher.join();
    fail_unless_equals_int(threads_named("omni-network"), 0);
    fail_unless_equals_int(threads_named("omni-submit"), 0);
  }
}
GST_END_TEST

namespace {

/// What an application and a sink do, held up until the test goes on.
struct Gate {
  std::mutex lock;
  std::condition_variable changed;
  unsigned asked = 0;  // to publish
  bool open = false;
  unsigned wanted = 50;  // frames

  void wait_asked(unsigned count) {
    std::unique_lock held(lock);
    changed.wait(held, [&] { return asked >= count; });
  }
  /// The second one waits.
  static gchar* publish(GstElement*, GstBuffer*, gpointer self) {
    auto& me = *static_cast<Gate*>(self);
    std::unique_lock held(me.lock);
    ++me.asked;
    me.changed.notify_all();
    me.changed.wait(held, [&] { return me.asked < 2 || me.open; });
    return nullptr;
  }
  /// Enough are enough, but not before the second one waits.
  static GstPadProbeReturn show(GstPad*, GstPadProbeInfo* info, gpointer self) {
    auto& me = *static_cast<Gate*>(self);
    if (me.wanted > 0) {
      --me.wanted;
      return GST_PAD_PROBE_OK;
    }
    me.wait_asked(2);
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_HANDLED;
  }
};

}  // namespace

// Downstream has enough while a segment is made ready, and another stream comes: the segment is not
// bought for a stream that is over, and nobody waits for it, be it the candidate.
GST_START_TEST(dropped_while_made_ready) {
  static const char* const kMore[] = {"", "anchor=first on-failure=source"};
  const WithKey key;
  EchoService service([plain =
                           __i__ == 0](const SeenRequest& request) -> std::optional<ServerReply> {
    if (plain || !is_poll(request) || !request.target.ends_with("video_1")) return {};
    return ServerReply{.body = R"({"id":"video_1","status":"failed","error":{"message":"no"}})"};
  });
  Gate gate;
  BinHarness run(service.server.url(), std::string(kFour) + " max-in-flight=4 " + kMore[__i__]);
  g_signal_connect(run.element(), "publish-reference", G_CALLBACK(Gate::publish), &gate);
  gst_pad_add_probe(run.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, Gate::show, &gate, nullptr);
  run.push_frames(0, 2 * kFramesOfSegment + 1);
  run.wait_event(GST_EVENT_EOS);
  fail_unless_equals_int(service.creates(), 1);
  gate.wanted = 10'000;  // nothing is shown at this moment
  gst_harness_push_event(run.harness(), gst_event_new_stream_start("another"));
  run.push_segment();
  {
    const std::lock_guard held(gate.lock);
    gate.open = true;
    gate.changed.notify_all();
  }
  for (unsigned i = 0; i < 2 * kFramesOfSegment; ++i)  // no clip that was sent before
    gst_harness_push(run.harness(), counted_frame(1000 + i, i * kFrame, kFrame).release());
  run.push_eos();
  run.wait_event(GST_EVENT_EOS);
  fail_unless_equals_int(gst_harness_buffers_received(run.harness()), 50 + 2 * kFramesOfSegment);
  fail_unless_equals_int(service.creates(), 3);
}
GST_END_TEST

static Suite* omniv2vbin_drop_suite() {
  Suite* suite = suite_create("omniv2vbin-drop");
  TCase* tcase = tcase_create("drop");
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, flush_and_go_on, 0, 3);
  tcase_add_test(tcase, flush_after_a_refusal);
  tcase_add_test(tcase, flushed_behind_the_element);
  tcase_add_test(tcase, flush_keeps_sticky_events);
  tcase_add_loop_test(tcase, nothing_is_bought_after_the_end, 0, 2);
  tcase_add_test(tcase, prompts_and_flushes);
  tcase_add_loop_test(tcase, stream_after_the_end, 0, 4);
  tcase_add_loop_test(tcase, prompts_of_another_stream, 0, 2);
  tcase_add_test(tcase, stream_after_enough);
  tcase_add_test(tcase, seek_and_position);
  tcase_add_loop_test(tcase, stop_at_any_time, 0, 2);
  tcase_add_loop_test(tcase, dropped_while_made_ready, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_drop)
