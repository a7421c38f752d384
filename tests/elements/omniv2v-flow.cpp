// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v when the flow is disturbed: flushes, state changes, seeks in the result, and a downstream
// that has enough.
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

GstEvent* byte_seek(gint64 start, GstSeekFlags flags = GST_SEEK_FLAG_FLUSH) {
  return gst_event_new_seek(1.0, GST_FORMAT_BYTES, flags, GST_SEEK_TYPE_SET, start,
                            GST_SEEK_TYPE_NONE, -1);
}

}  // namespace

// To NULL at the worst moments: no wait for the network, no thread left; then up again, without a
// second create: what was paid is taken up, and what may have been is told.
GST_START_TEST(stop_at_any_time) {
  const WithKey key;
  std::atomic<bool> hung{false};
  FakeService service(
      kResult, [&hung, hang = __i__](const SeenRequest& request) -> std::optional<ServerReply> {
        const bool here = hang == 0   ? is_create(request)
                          : hang == 1 ? is_poll(request)
                                      : is_file(request);
        if (here && !hung.exchange(true)) return ServerReply{.hang = true};
        return std::nullopt;
      });
  {
    ElementRun run(service.server.url(), "prompt=x");
    run.push_stream(kClip);
    fail_unless(
        service.server.wait_for(1, __i__ == 0 ? "POST" : "GET", __i__ == 2 ? "/files/" : "/"));
    fail_unless_equals_int(gst_element_set_state(run.element(), GST_STATE_NULL),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(threads_named("omni-network"), 0);
    fail_unless_equals_int(run.stat("in-flight"), 0);
    gst_element_set_state(run.element(), GST_STATE_PLAYING);
    gst_harness_push_event(run.harness(), gst_event_new_stream_start("again"));
    begin_segment(run);
    run.push_stream(kClip);
    if (__i__ == 0)
      expect_equal(run.wait_reason(), "unknown-outcome");
    else
      fail_unless(run.pull_stream() == kResult);
    fail_unless_equals_int(threads_named("omni-network", 1), 1);
    fail_unless_equals_int(service.creates(), 1);
  }
  for (const char* thread : {"omni-network", "omni-ledger", "omni-results"})
    fail_unless_equals_int(threads_named(thread), 0);
}
GST_END_TEST

// FLUSH calls the jobs off, and the element takes new input at once. The same clip again is the job
// that is paid already.
GST_START_TEST(flush_and_go_on) {
  const WithKey key;
  FakeService service(kResult, [](const SeenRequest& request) -> std::optional<ServerReply> {
    if (is_poll(request) && request.number == 1) return ServerReply{.hang = true};
    return std::nullopt;
  });
  ElementRun run(service.server.url(), __i__ == 0 ? "prompt=x" : "prompt=x input-mode=buffer");
  if (__i__ == 0)
    run.push_stream(kClip);
  else
    run.push(kClip, 0, GST_SECOND);
  fail_unless(service.server.wait_for(1, "GET"));
  flush(run);
  if (__i__ == 0)
    run.push_stream(kClip);
  else
    run.push(kClip, 0, GST_SECOND);
  if (__i__ == 0)
    fail_unless(run.pull_stream() == kResult);
  else
    fail_unless(run.pull_buffer() == kResult);
  fail_unless_equals_int(service.creates(), 1);
  fail_unless_equals_int(run.stat("reused"), 1);
  fail_unless_equals_int(run.stat("jobs-paid"), 1);
}
GST_END_TEST

// A chain that waits for the window is let go by a flush.
GST_START_TEST(flush_wakes_the_chain) {
  const WithKey key;
  FakeService service(kResult, first(is_create, 99, {.hang = true}));
  ElementRun run(service.server.url(), "prompt=x input-mode=buffer max-in-flight=1");
  struct Pusher {
    ElementRun* run;
    GstFlowReturn last = GST_FLOW_OK;
  } pusher{&run};
  GThread* thread = g_thread_new(
      "pusher",
      [](gpointer data) -> gpointer {
        auto* self = static_cast<Pusher*>(data);
        for (int i = 0; i < 10 && self->last == GST_FLOW_OK; ++i)
          self->last = self->run->push(kClip);
        return nullptr;
      },
      &pusher);
  fail_unless(service.server.wait_for(1, "POST"));
  gst_harness_push_event(run.harness(), gst_event_new_flush_start());
  g_thread_join(thread);
  fail_unless_equals_int(pusher.last, GST_FLOW_FLUSHING);
  gst_harness_push_event(run.harness(), gst_event_new_flush_stop(TRUE));
}
GST_END_TEST

// What `omniv2v ! decodebin` needs: the result is a file in which one can seek, also after EOS.
GST_START_TEST(seek_in_the_result) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x");
  GstPad* src = GST_PAD_PEER(run.harness()->sinkpad);
  fail_if(gst_pad_send_event(src, byte_seek(0)));
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  gint64 size = 0;
  fail_unless(gst_pad_query_duration(src, GST_FORMAT_BYTES, &size));
  fail_unless_equals_int64(size, kResult.size());
  fail_if(gst_pad_query_duration(src, GST_FORMAT_TIME, &size));
  GstQuery* seeking = gst_query_new_seeking(GST_FORMAT_BYTES);
  gboolean seekable = FALSE;
  fail_unless(gst_pad_query(src, seeking));
  gst_query_parse_seeking(seeking, nullptr, &seekable, nullptr, nullptr);
  fail_unless(seekable);
  gst_query_unref(seeking);
  for (const gint64 offset : {gint64{0}, gint64{100000}, static_cast<gint64>(kResult.size()) - 1}) {
    GstEvent* seek = byte_seek(offset);
    const guint32 seqnum = gst_event_get_seqnum(seek);
    fail_unless(gst_pad_send_event(src, seek));
    const EventPtr flush = run.wait_event(GST_EVENT_FLUSH_START);
    fail_unless_equals_int(gst_event_get_seqnum(flush.get()), seqnum);
    const EventPtr segment_event = run.wait_event(GST_EVENT_SEGMENT);
    fail_unless_equals_int(gst_event_get_seqnum(segment_event.get()), seqnum);
    const GstSegment* segment = nullptr;
    gst_event_parse_segment(segment_event.get(), &segment);
    fail_unless_equals_uint64(segment->start, offset);
    fail_unless(run.pull_stream() == kResult.substr(offset));
  }
  fail_if(gst_pad_send_event(src, byte_seek(kResult.size() + 1)));
  fail_if(
      gst_pad_send_event(src, gst_event_new_seek(1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                                 GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1)));
  fail_if(
      gst_pad_send_event(src, gst_event_new_seek(-1.0, GST_FORMAT_BYTES, GST_SEEK_FLAG_FLUSH,
                                                 GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1)));
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// A segment seek ends without an EOS, so that a player can go on in a loop. A seek that makes no
// sense changes nothing.
GST_START_TEST(segment_seek) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x");
  GstPad* src = GST_PAD_PEER(run.harness()->sinkpad);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  const auto flags = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT);
  fail_unless(
      gst_pad_send_event(src, gst_event_new_seek(1.0, GST_FORMAT_BYTES, flags, GST_SEEK_TYPE_SET,
                                                 1000, GST_SEEK_TYPE_SET, 5000)));
  run.wait_event(GST_EVENT_SEGMENT_DONE);
  fail_unless(bool(run.wait_message(GST_MESSAGE_SEGMENT_DONE)));
  std::string got;
  while (auto buffer = BufferPtr::adopt(gst_harness_try_pull(run.harness())))
    got.append(gst_buffer_get_size(buffer.get()), ' ');
  fail_unless_equals_int(got.size(), 4000);
  fail_if(gst_pad_send_event(
      src, gst_event_new_seek(1.0, GST_FORMAT_BYTES, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 5000,
                              GST_SEEK_TYPE_SET, 1000)));
}
GST_END_TEST

// A demuxer seeks from inside the push, on the element's own thread.
GST_START_TEST(seek_from_inside_the_push) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x");
  static gint seeks;
  seeks = 0;
  gst_pad_add_probe(
      run.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad* pad, GstPadProbeInfo*, gpointer) {
        if (seeks++ > 0) return GST_PAD_PROBE_OK;
        fail_unless(gst_pad_push_event(pad, byte_seek(200000)));
        return GST_PAD_PROBE_DROP;
      },
      nullptr, nullptr);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult.substr(200000));
  fail_unless(seeks > 1);
}
GST_END_TEST

// Downstream has enough: it still gets its EOS, and upstream is told.
GST_START_TEST(downstream_is_done) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x");
  answer_buffers<GST_FLOW_EOS>(run);
  run.push_stream(kClip);
  run.wait_event(GST_EVENT_EOS);
  for (const auto& message : run.messages())
    fail_if(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR);
}
GST_END_TEST

GST_START_TEST(downstream_fails) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x");
  answer_buffers<GST_FLOW_ERROR>(run);
  run.push_stream(kClip);
  run.wait_event(GST_EVENT_EOS);
  fail_unless(bool(run.wait_message(GST_MESSAGE_ERROR)));
}
GST_END_TEST

static Suite* omniv2v_flow_suite() {
  Suite* suite = suite_create("omniv2v-flow");
  TCase* tests = tcase_create("flow");
  tcase_set_timeout(tests, 60);
  suite_add_tcase(suite, tests);
  tcase_add_loop_test(tests, stop_at_any_time, 0, 3);
  tcase_add_loop_test(tests, flush_and_go_on, 0, 2);
  tcase_add_test(tests, flush_wakes_the_chain);
  tcase_add_test(tests, seek_in_the_result);
  tcase_add_test(tests, segment_seek);
  tcase_add_test(tests, seek_from_inside_the_push);
  tcase_add_test(tests, downstream_is_done);
  tcase_add_test(tests, downstream_fails);
  return suite;
}

GST_CHECK_MAIN(omniv2v_flow)
