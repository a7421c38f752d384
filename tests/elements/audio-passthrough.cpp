// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// AudioPassthrough: what goes through, what waits, what is dropped, how it ends. The element around
// it is in support/passthrough-rig.cpp.
#include "support/passthrough-rig.h"

#include <filesystem>
#include <random>

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

using namespace omni;
using namespace omni::test;

namespace {

void expect_story(const std::vector<Seen>& seen, const std::string& expected) {
  const std::string words = story(seen);
  fail_unless_equals_string(words.c_str(), expected.c_str());
}

}  // namespace

// The very buffers come out, and events in their order; the pad is there from the caps on, with
// them.
GST_START_TEST(unchanged) {
  Rig rig;
  const char* text = __i__ == 0 ? kRaw : kAac;
  fail_unless(rig.event(gst_event_new_stream_start("sound")));
  fail_unless(rig.lane().src().get() == nullptr);
  rig.caps(text);
  fail_if(rig.lane().src().get() == nullptr);
  fail_unless_equals_string(GST_OBJECT_NAME(rig.lane().src().get()), "audio_src_0");
  const auto caps = CapsPtr::adopt(gst_caps_from_string(text));
  fail_unless(gst_caps_is_equal(rig.caps_when_added().get(), caps.get()));
  rig.segment();
  fail_unless(rig.event(gst_event_new_tag(gst_tag_list_new_empty())));
  std::vector<BufferPtr> sent;
  for (guint i = 0; i < 9; ++i) {
    sent.push_back(Rig::sound(i));
    fail_unless_equals_int(rig.push(sent.back()), GST_FLOW_OK);
  }
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  std::vector<Seen> seen = rig.seen();
  expect_story(seen,
               "stream-start caps segment tag sound sound sound sound sound sound "
               "sound sound sound eos ");
  for (guint i = 0; i < 9; ++i) fail_unless(seen[4 + i].buffer.get() == sent[i].get());
}
GST_END_TEST

// Audio that ends before its caps: its pad is there all the same, and ends.
GST_START_TEST(end_without_caps) {
  Rig rig;
  fail_unless(rig.event(gst_event_new_stream_start("sound")));
  fail_unless(rig.event(gst_event_new_eos()));
  fail_if(rig.lane().src().get() == nullptr);
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  expect_story(rig.seen(), "stream-start eos ");
}
GST_END_TEST

// No more than the capacity waits; what goes out makes room for as much.
GST_START_TEST(full) {
  Rig rig;
  rig.begin();
  rig.permits = 0;
  rig.push_on(0);
  // Number 0 is on its way; 1 to 11 are a second apart.
  fail_unless(rig.waits_after(12));
  rig.permit(1);
  fail_unless(rig.waits_after(13));
  rig.permit(5);
  fail_unless(rig.waits_after(18));
  // More may wait from now on.
  rig.controls->capacity = 2 * GST_SECOND;
  fail_unless(rig.waits_after(28));
  rig.controls->capacity = 0;
  rig.permit(22);
  // One always fits.
  fail_unless(rig.waits_after(30));
  fail_unless(rig.wait_buffers(29));
  fail_unless(rig.numbers() == from_to(0, 28));
}
GST_END_TEST

// Running time is what counts: whatever the segment, silence as well, and durations where there is
// no time or where it goes back.
GST_START_TEST(what_counts) {
  Rig rig;
  rig.begin();
  rig.permits = 0;
  fail_unless_equals_int(rig.push(0), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(1));
  switch (__i__) {
    case 0:
      // The same positions, half a second on: 5 + 6.
      for (guint i = 1; i <= 5; ++i) rig.push(i);
      rig.segment(5 * kStep);
      rig.push_on(1);
      fail_unless(rig.waits_after(6));
      break;
    case 1:
      for (guint i = 1; i <= 11; ++i) rig.event(gst_event_new_gap(i * kStep, kStep));
      rig.push_on(12);
      fail_unless(rig.waits_after(0));
      break;
    case 2:
      rig.push_on(1, [](guint number) {
        BufferPtr buffer = Rig::sound(number);
        GST_BUFFER_PTS(buffer.get()) = GST_CLOCK_TIME_NONE;
        return buffer;
      });
      fail_unless(rig.waits_after(11));
      break;
    case 3:
      rig.push_on(1, [](guint number) {
        BufferPtr buffer = Rig::sound(number);
        std::swap(GST_BUFFER_PTS(buffer.get()), GST_BUFFER_DTS(buffer.get()));
        GST_BUFFER_DURATION(buffer.get()) = GST_CLOCK_TIME_NONE;
        return buffer;
      });
      fail_unless(rig.waits_after(11));
      break;
    case 4:
      rig.push_on(1, [](guint number) {
        BufferPtr buffer = Rig::sound(number);
        GST_BUFFER_PTS(buffer.get()) = (1000 - number) * kStep;
        return buffer;
      });
      fail_unless(rig.waits_after(11));
      break;
    default:
      // What has neither time nor duration takes none.
      for (guint i = 1; i <= 200; ++i) {
        BufferPtr buffer = Rig::sound(i);
        GST_BUFFER_PTS(buffer.get()) = GST_BUFFER_DURATION(buffer.get()) = GST_CLOCK_TIME_NONE;
        fail_unless_equals_int(rig.push(std::move(buffer)), GST_FLOW_OK);
      }
  }
}
GST_END_TEST

// A live source is never blocked: the oldest goes, with one warning a time, and the next says so.
GST_START_TEST(live_drop) {
  Rig rig;
  rig.controls->live = true;
  rig.permits = 0;
  rig.begin();
  for (guint time = 0; time < 2; ++time) {
    const guint held = time * 31;  // not "first": the macros have one
    fail_unless_equals_int(rig.push(held), GST_FLOW_OK);
    fail_unless(rig.wait_buffers(1 + time * 12));
    if (time == 0) rig.caps(kAac);  // is not lost with the sound around it
    for (guint i = held + 1; i <= held + 30; ++i) fail_unless_equals_int(rig.push(i), GST_FLOW_OK);
    fail_unless_equals_int(rig.controls->warnings.size(), 1 + time);
    rig.permit(12);
    fail_unless(rig.wait_buffers((time + 1) * 12));
  }
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  std::vector<guint> expected{0};
  for (const guint number : from_to(20, 31)) expected.push_back(number);
  for (const guint number : from_to(51, 61)) expected.push_back(number);
  fail_unless(rig.numbers() == expected);
  fail_unless(story(rig.seen()).starts_with("stream-start caps segment sound caps "));
  for (const Seen& one : rig.seen()) {
    if (!one.buffer) continue;
    const guint number = GST_BUFFER_OFFSET(one.buffer.get());
    fail_unless_equals_int(is_discont(one), number == 20 || number == 51);
  }
}
GST_END_TEST

// A flush wakes the chain, and the task in downstream's hands; what waited is gone but for caps.
GST_START_TEST(flush) {
  Rig rig;
  rig.begin();
  rig.permits = 0;
  rig.push(0);
  fail_unless(rig.wait_buffers(1));
  rig.caps(kAac);
  rig.segment();
  rig.push_on(1);
  fail_unless(rig.waits_after(11));
  fail_unless(rig.event(gst_event_new_flush_start()));
  fail_unless_equals_int(rig.end_of_pushing(), GST_FLOW_FLUSHING);
  fail_unless_equals_int(rig.push(12), GST_FLOW_FLUSHING);
  fail_unless(rig.event(gst_event_new_flush_stop(TRUE)));
  rig.permit(1000);
  rig.segment();
  fail_unless_equals_int(rig.push(50), GST_FLOW_OK);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  expect_story(rig.seen(), "flush-stop caps segment sound eos ");
  // And out of the end of a stream.
  fail_unless(rig.event(gst_event_new_flush_start()));
  fail_unless(rig.event(gst_event_new_flush_stop(TRUE)));
  rig.segment();
  fail_unless_equals_int(rig.push(51), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(3));
  expect_story(rig.seen(), "flush-stop segment sound ");
}
GST_END_TEST

GST_START_TEST(flush_before_the_pad) {
  Rig rig;
  fail_unless(rig.event(gst_event_new_stream_start("sound")));
  fail_unless(rig.event(gst_event_new_flush_start()));
  fail_unless(rig.event(gst_event_new_flush_stop(TRUE)));
  fail_unless(rig.lane().src().get() == nullptr);
  rig.caps(kRaw);
  rig.segment();
  rig.push(0);
  fail_unless(rig.wait_buffers(1));
  expect_story(rig.seen(), "stream-start caps segment sound ");
}
GST_END_TEST

// A demuxer upstream flushes on the thread that asks it to seek, here the lane's own.
GST_START_TEST(flush_from_inside_the_push) {
  Rig rig;
  rig.inside = [&rig] {
    rig.event(gst_event_new_flush_start());
    rig.event(gst_event_new_flush_stop(TRUE));
  };
  rig.begin();
  rig.push(0);
  fail_unless(rig.wait_event(GST_EVENT_FLUSH_STOP));
  rig.segment();
  fail_unless_equals_int(rig.push(1), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(2));
  fail_unless_equals_int(rig.push(2), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(3));
}
GST_END_TEST

GST_START_TEST(upstream_and_queries) {
  Rig rig;
  rig.controls->latency = 7 * GST_SECOND;
  rig.begin();
  rig.push(0);
  fail_unless(rig.wait_buffers(1));
  fail_unless(gst_pad_push_event(
      rig.out(), gst_event_new_seek(1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                                    GST_SECOND, GST_SEEK_TYPE_NONE, -1)));
  fail_unless(gst_pad_push_event(rig.out(), gst_event_new_qos(GST_QOS_TYPE_OVERFLOW, 1, 0, 0)));
  std::string came;
  for (const EventPtr& event : rig.upstream)
    came += GST_EVENT_TYPE_NAME(event.get()) + std::string(" ");
  fail_unless_equals_string(came.c_str(), "reconfigure reconfigure seek qos ");

  const auto latency = MiniObjectPtr<GstQuery>::adopt(gst_query_new_latency());
  fail_unless(gst_pad_peer_query(rig.out(), latency.get()));
  gboolean live;
  GstClockTime min, max;
  gst_query_parse_latency(latency.get(), &live, &min, &max);
  fail_unless_equals_uint64(min, 7 * GST_SECOND);
  gint64 duration = 0;
  fail_unless(gst_pad_peer_query_duration(rig.out(), GST_FORMAT_TIME, &duration));
  fail_unless_equals_int64(duration, 42 * GST_SECOND);
  const auto current = CapsPtr::adopt(gst_caps_from_string(kRaw));
  const auto out_caps = CapsPtr::adopt(gst_pad_peer_query_caps(rig.out(), nullptr));
  fail_unless(gst_caps_is_equal(out_caps.get(), current.get()));

  const auto allocation =
      MiniObjectPtr<GstQuery>::adopt(gst_query_new_allocation(current.get(), TRUE));
  fail_if(gst_pad_peer_query(rig.in(), allocation.get()));
}
GST_END_TEST

// What may come in is what the template says, and then what downstream takes.
GST_START_TEST(caps_of_the_sink) {
  Rig rig;
  const auto known = CapsPtr::adopt(gst_pad_get_pad_template_caps(rig.lane_sink()));
  const auto before = CapsPtr::adopt(gst_pad_peer_query_caps(rig.in(), nullptr));
  fail_unless(gst_caps_is_equal(before.get(), known.get()));
  gst_pad_set_query_function(
      rig.out(), [](GstPad* pad, GstObject* parent, GstQuery* query) -> gboolean {
        if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS)
          return gst_pad_query_default(pad, parent, query);
        const auto taken =
            CapsPtr::adopt(gst_caps_from_string("audio/x-raw,rate=48000; text/html"));
        gst_query_set_caps_result(query, taken.get());
        return TRUE;
      });
  rig.begin();
  const auto after = CapsPtr::adopt(gst_pad_peer_query_caps(rig.in(), nullptr));
  const auto expected = CapsPtr::adopt(gst_caps_from_string("audio/x-raw,rate=48000"));
  fail_unless(gst_caps_is_equal(after.get(), expected.get()));
  for (const char* text : {kRaw, kAac, "text/html"}) {
    const auto caps = CapsPtr::adopt(gst_caps_from_string(text));
    fail_unless_equals_int(gst_pad_peer_query_accept_caps(rig.in(), caps.get()), text == kRaw);
  }
}
GST_END_TEST

// What downstream answers goes back; after a failure nothing more goes out.
GST_START_TEST(flow_goes_back) {
  const GstFlowReturn answers[] = {GST_FLOW_ERROR, GST_FLOW_NOT_NEGOTIATED, GST_FLOW_FLUSHING,
                                   GST_FLOW_EOS};
  Rig rig;
  rig.begin();
  rig.permits = 0;
  rig.answer = answers[__i__];
  rig.push_on(0);
  fail_unless(rig.waits_after(12));
  rig.permit(1);
  fail_unless_equals_int(rig.end_of_pushing(), answers[__i__]);
  rig.permit(1000);
  fail_unless(rig.numbers() == from_to(0, 0));
  if (answers[__i__] != GST_FLOW_EOS) return;
  // Downstream has enough of this segment; then comes another.
  rig.segment();
  rig.answer = GST_FLOW_OK;
  fail_unless_equals_int(rig.push(20), GST_FLOW_OK);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  expect_story(rig.seen(), "stream-start caps segment sound segment sound eos ");
}
GST_END_TEST

// Upstream is through already: nobody but the lane can tell.
GST_START_TEST(failure_after_the_end) {
  Rig rig;
  GstBus* bus = gst_bus_new();
  gst_element_set_bus(rig.element(), bus);
  rig.begin();
  rig.permits = 0;
  rig.answer = GST_FLOW_NOT_NEGOTIATED;
  rig.push(0);
  rig.push(1);
  fail_unless(rig.event(gst_event_new_eos()));
  rig.permit(10);
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  fail_unless(bool(MessagePtr::adopt(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR))));
  fail_unless(rig.numbers() == from_to(0, 0));
  gst_element_set_bus(rig.element(), nullptr);
  gst_object_unref(bus);
}
GST_END_TEST

// Upstream learns that nobody listens, and that somebody does again.
GST_START_TEST(not_linked) {
  Rig rig;
  rig.auto_link = false;
  rig.begin();
  rig.push_on(0);
  fail_unless_equals_int(rig.end_of_pushing(), GST_FLOW_NOT_LINKED);
  fail_unless(gst_pad_link(rig.lane().src().get(), rig.out()) == GST_PAD_LINK_OK);
  fail_unless_equals_int(rig.push(100), GST_FLOW_OK);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  const std::vector<Seen> seen = rig.seen();
  fail_unless(story(seen).starts_with("stream-start caps segment sound "));
  fail_unless(is_discont(seen[3]));
  fail_unless_equals_int(rig.numbers().back(), 100);
}
GST_END_TEST

// A stream may go on after its end, as concatenated ones do, and may change its caps.
GST_START_TEST(another_stream_follows) {
  Rig rig;
  rig.begin();
  rig.push(0);
  rig.caps(kAac);
  rig.push(1);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless_equals_int(rig.push(2), GST_FLOW_EOS);
  fail_unless(rig.event(gst_event_new_stream_start("another")));
  rig.caps(kRaw);
  rig.segment();
  fail_unless_equals_int(rig.push(3), GST_FLOW_OK);
  fail_unless(rig.wait_buffers(3));
  expect_story(rig.seen(),
               "stream-start caps segment sound caps sound eos stream-start caps "
               "segment sound ");
}
GST_END_TEST

// Two lanes of one element know nothing of each other.
GST_START_TEST(two_lanes) {
  Rig one;
  Rig two(ElementPtr::share(one.element()), "audio_sink_1");
  one.begin();
  two.begin(kAac);
  fail_unless_equals_string(GST_OBJECT_NAME(two.lane().src().get()), "audio_src_1");
  {
    const std::lock_guard lock(one.controls->lock);
    one.permits = 0;
  }
  for (guint i = 0; i < 9; ++i) {
    fail_unless_equals_int(one.push(i), GST_FLOW_OK);
    fail_unless_equals_int(two.push(i + 100), GST_FLOW_OK);
  }
  fail_unless(two.event(gst_event_new_eos()));
  fail_unless(two.wait_event(GST_EVENT_EOS));
  fail_unless(two.numbers() == from_to(100, 108));
  one.permit(9);
  fail_unless(one.wait_buffers(9));
  fail_unless(one.numbers() == from_to(0, 8));
}
GST_END_TEST

// Down at the worst moments, then up again, with a pad made anew.
GST_START_TEST(stop_and_start_again) {
  Rig rig;
  if (__i__ > 0) fail_unless(rig.event(gst_event_new_stream_start("sound")));
  if (__i__ > 1) {
    rig.caps(kRaw);
    rig.segment();
  }
  if (__i__ > 2) {
    rig.permits = 0;
    rig.push_on(0);
    fail_unless(rig.waits_after(12));
    // As in a pipeline downstream goes first; or it is in the midst of a flush.
    if (__i__ == 3)
      rig.stop_downstream();
    else
      fail_unless(rig.event(gst_event_new_flush_start()));
    fail_unless_equals_int(rig.end_of_pushing(), GST_FLOW_FLUSHING);
  }
  gst_element_set_state(rig.element(), GST_STATE_READY);
  fail_unless(rig.lane().src().get() == nullptr);
  fail_unless_equals_int(rig.controls->src_pads, 0);
  fail_unless_equals_int(rig.element()->numsrcpads, 1);
  rig.start_pads();
  gst_element_set_state(rig.element(), GST_STATE_PLAYING);
  rig.permit(1000);
  rig.begin();
  rig.push(70);
  fail_unless(rig.event(gst_event_new_eos()));
  fail_unless(rig.wait_event(GST_EVENT_EOS));
  fail_unless_equals_int(rig.numbers().back(), 70);
}
GST_END_TEST

// stop() alone lets a waiting chain go: the element calls it before anything is deactivated.
GST_START_TEST(stop_wakes_the_chain) {
  Rig rig;
  rig.begin();
  rig.permits = 0;
  rig.push_on(0);
  fail_unless(rig.waits_after(12));
  rig.lane().stop();
  fail_unless_equals_int(rig.end_of_pushing(), GST_FLOW_FLUSHING);
}
GST_END_TEST

// The request pad is given back in the midst of it.
GST_START_TEST(release) {
  Rig rig;
  rig.controls->capacity = 0;
  rig.begin();
  rig.push_on(0);
  fail_unless(rig.wait_buffers(20));
  gst_element_release_request_pad(rig.element(), rig.lane_sink());
  fail_if(rig.end_of_pushing() == GST_FLOW_OK);
  fail_unless_equals_int(rig.controls->src_pads, 0);
}
GST_END_TEST

// From PLAYING to NULL and READY a hundred times, after any number of buffers.
GST_START_TEST(stop_at_any_time) {
  register_lane_test();
  std::mt19937 random(static_cast<unsigned>(__i__) + 1);
  for (int round = 0; round < 50; ++round) {
    const std::string line =
        "lanetest name=v audiotestsrc samplesperbuffer=441 ! audio/x-raw,rate=44100 ! "
        "v.audio_sink_0 queue name=q max-size-buffers=2 ! fakesink "
        "async=false sync=" +
        std::string(random() % 2 ? "true" : "false");
    const auto pipeline = ElementPtr::adopt(
        GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), nullptr))));
    const auto lanes = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "v"));
    const auto queue = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "q"));
    // A launch line links a pad that comes later only the first time it comes.
    g_signal_connect(lanes.get(), "pad-added",
                     G_CALLBACK(+[](GstElement* lanes, GstPad*, GstElement* queue) {
                       gst_element_link_pads(lanes, "audio_src_0", queue, "sink");
                     }),
                     queue.get());
    const auto controls = controls_of(lanes.get());
    controls->capacity = (random() % 5) * 10 * GST_MSECOND;
    controls->live = random() % 3 == 0;
    for (int again = 0; again < 2; ++again) {
      const unsigned enough = controls->asked + random() % 12;
      gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
      {
        std::unique_lock lock(controls->lock);
        fail_unless(
            controls->changed.wait_for(lock, kPatience, [&] { return controls->asked >= enough; }));
      }
      fail_unless_equals_int(
          gst_element_set_state(pipeline.get(), again ? GST_STATE_NULL : GST_STATE_READY),
          GST_STATE_CHANGE_SUCCESS);
      fail_unless_equals_int(lanes.get()->numsrcpads, 1);
    }
    // Not earlier: messages on the bus are about the pad.
    fail_unless_equals_int(controls->src_pads, 0);
  }
}
GST_END_TEST

namespace {

void run_to_end(const std::string& line, std::string* sound, unsigned* pictures) {
  GError* error = nullptr;
  const auto pipeline =
      ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(gst_parse_launch(line.c_str(), &error))));
  ck_assert_msg(error == nullptr, "%s", error ? error->message : "");
  const auto on_sound = +[](GstElement*, GstBuffer* buffer, GstPad*, std::string* bytes) {
    GstMapInfo info;
    ck_assert(gst_buffer_map(buffer, &info, GST_MAP_READ));
    bytes->append(reinterpret_cast<const char*>(info.data), info.size);
    gst_buffer_unmap(buffer, &info);
  };
  const auto on_picture = +[](GstElement*, GstBuffer*, GstPad*, unsigned* count) { ++*count; };
  if (auto sink = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "s")))
    g_signal_connect(sink.get(), "handoff", G_CALLBACK(on_sound), sound);
  if (auto sink = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "p")))
    g_signal_connect(sink.get(), "handoff", G_CALLBACK(on_picture), pictures);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline.get()));
  const auto end = MessagePtr::adopt(
      gst_bus_timed_pop_filtered(bus.get(), 300 * GST_SECOND,
                                 static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  ck_assert_msg(end && GST_MESSAGE_TYPE(end.get()) == GST_MESSAGE_EOS, "no end: %s", line.c_str());
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
}

/// Three seconds of picture and sound.
std::string make_clip(const std::string& muxer) {
  const bool mp4 = muxer == "mp4mux";
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("audio-passthrough-" + std::to_string(g_get_real_time()) + ".clip"))
                               .string();
  run_to_end("videotestsrc num-buffers=75 ! video/x-raw,width=64,height=48,framerate=25/1 ! " +
                 std::string(mp4 ? "x264enc tune=zerolatency" : "jpegenc") + " ! queue ! " + muxer +
                 " name=m ! filesink location=" + path +
                 " audiotestsrc num-buffers=130 ! audio/x-raw,rate=44100,channels=1 ! " +
                 (mp4 ? "avenc_aac" : "audioconvert ! audio/x-raw,format=S16LE") + " ! queue ! m.",
             nullptr, nullptr);
  return path;
}

}  // namespace

// As people write it, with a demuxer before it and the branches in either order: the sound that
// comes out is that of the file, and all pictures come.
GST_START_TEST(launch_line) {
  register_lane_test();
  const std::string clip = make_clip(__i__ / 2 == 0 ? "mp4mux" : "matroskamux");
  const std::string read = "filesrc location=" + clip + " ! decodebin name=d ";
  const std::string lanes =
      " lanetest name=v v.src ! fakesink name=p signal-handoffs=true "
      "v.audio_src_0 ! fakesink name=s signal-handoffs=true";
  const char* orders[] = {"d. ! v.sink d. ! v.audio_sink_0", "d. ! v.audio_sink_0 d. ! v.sink"};
  std::string of_file, through_lane;
  unsigned pictures = 0;
  run_to_end(
      read + "d. ! video/x-raw ! fakesink d. ! audio/x-raw ! fakesink name=s signal-handoffs=true",
      &of_file, &pictures);
  run_to_end(read + orders[__i__ % 2] + lanes, &through_lane, &pictures);
  std::filesystem::remove(clip);
  fail_unless_equals_int(pictures, 75);
  fail_if(of_file.size() < 200000);
  fail_unless(through_lane == of_file);
}
GST_END_TEST

static Suite* audio_lane_suite() {
  Suite* suite = suite_create("audio-passthrough");
  TCase* tests = tcase_create("lane");
  tcase_set_timeout(tests, 100);
  suite_add_tcase(suite, tests);
  tcase_add_loop_test(tests, unchanged, 0, 2);
  tcase_add_test(tests, end_without_caps);
  tcase_add_test(tests, full);
  tcase_add_loop_test(tests, what_counts, 0, 6);
  tcase_add_test(tests, live_drop);
  tcase_add_test(tests, flush);
  tcase_add_test(tests, flush_before_the_pad);
  tcase_add_test(tests, flush_from_inside_the_push);
  tcase_add_test(tests, upstream_and_queries);
  tcase_add_test(tests, caps_of_the_sink);
  tcase_add_loop_test(tests, flow_goes_back, 0, 4);
  tcase_add_test(tests, failure_after_the_end);
  tcase_add_test(tests, not_linked);
  tcase_add_test(tests, another_stream_follows);
  tcase_add_test(tests, two_lanes);
  tcase_add_loop_test(tests, stop_and_start_again, 0, 5);
  tcase_add_test(tests, stop_wakes_the_chain);
  tcase_add_test(tests, release);
  tcase_add_loop_test(tests, stop_at_any_time, 0, 2);
  tcase_add_loop_test(tests, launch_line, 0, 4);
  return suite;
}

GST_CHECK_MAIN(audio_lane)
