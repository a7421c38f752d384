// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin when the stream is steered or changes: prompts, cuts, events, gaps, new caps, wrong
// input.
#include <array>

#include "support/bin-harness.h"
#include "support/bin-run.h"
#include "support/echo-service.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr char kFour[] = "prompt=x segment-duration=4000000000";
/// Names of what came out: "100 frames", an event's name, in order; sticky ones left out.
std::string story(const std::vector<Seen>& seen) {
  std::string text;
  unsigned frames = 0;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : ", ") + word; };
  const auto add_frames = [&] {
    if (frames) add(std::to_string(frames));
    frames = 0;
  };
  for (const Seen& one : seen) {
    if (one.frame) {
      ++frames;
      continue;
    }
    const GstEventType type = GST_EVENT_TYPE(one.event.get());
    if (type == GST_EVENT_STREAM_START || type == GST_EVENT_SEGMENT || type == GST_EVENT_TAG)
      continue;
    add_frames();
    const GstStructure* structure = gst_event_get_structure(one.event.get());
    const bool custom = type == GST_EVENT_CUSTOM_DOWNSTREAM;
    add(custom ? gst_structure_get_name(structure) : gst_event_type_get_name(type));
  }
  add_frames();
  return text;
}

GstEvent* custom(const char* name) {
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty(name));
}

}  // namespace

// A stream that ends without a frame says so, once, and ends.
GST_START_TEST(no_frame_at_all) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  run.push_segment();
  run.push_eos();
  run.wait_event(GST_EVENT_EOS);
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING, &text), "bad-input");
  fail_unless(text.find("without a frame") != std::string::npos, "%s", text.c_str());
  run.flush();
  run.push_eos();
  run.wait_event(GST_EVENT_EOS);
  for (const auto& message : run.messages())
    fail_if(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING);
}
GST_END_TEST

// Upstream brings part of a segment and no more, as where another branch is full: it is told, once,
// what to do. A pad without caps is told as well.
GST_START_TEST(waits_are_told) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  const auto pad = PadPtr::adopt(gst_element_request_pad_simple(run.element(), "audio_sink_%u"));
  run.push_frames(0, 50);
  std::string both;
  for (int i = 0; i < 2; ++i) {
    std::string text;
    expect_equal(run.wait_reason(GST_MESSAGE_WARNING, &text), "bad-input");
    both += text;
  }
  fail_unless(both.find("No caps have come to audio_sink_0") != std::string::npos, "%s",
              both.c_str());
  fail_unless(both.find("No frame has come for 5 s") != std::string::npos, "%s", both.c_str());
  gst_element_release_request_pad(run.element(), pad.get());
  run.push_eos();
  run.expect_frames(0, 50);
}
GST_END_TEST

// A segment takes the newest prompt that holds at its first frame.
GST_START_TEST(prompts) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), std::string(kFour) + " max-in-flight=1");
  g_signal_emit_by_name(run.element(), "prompt-at", guint64{7} * GST_SECOND, "seven");
  g_signal_emit_by_name(run.element(), "prompt-at", guint64{13} * GST_SECOND, "thirteen");
  run.push_frames(0, 410);  // from 0, 4, 8, 12, 16 s: property, property, seven, seven, thirteen
  gst_harness_push_event(run.harness(), prompt_event("band"));
  run.push_frames(410, 100);  // from 20 s: band
  g_object_set(run.element(), "prompt", "new", nullptr);
  run.push_frames(510, 100);  // from 24 s
  run.push_eos();
  run.expect_frames(0, 610);
  const std::array<const char*, 7> wanted = {"x", "x", "seven", "seven", "thirteen", "band", "new"};
  for (std::size_t i = 0; i < wanted.size(); ++i)
    expect_equal(service.member(static_cast<int>(i) + 1, "prompt"), wanted[i]);
}
GST_END_TEST

// Cuts that are asked for come at the frame that is asked for, or as soon as a segment is long
// enough; the grid holds after that.
GST_START_TEST(cuts) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(),
                 "prompt=x segment-duration=8000000000 cut-on-prompt=true max-in-flight=1");
  const auto key_unit = [](GstClockTime at) {
    return gst_video_event_new_downstream_force_key_unit(at, at, at, TRUE, 0);
  };
  run.push_frames(0, 50);
  g_signal_emit_by_name(run.element(), "cut");  // at 2 s: too early, so at 4 s; then the grid: 8 s
  run.push_frames(50, 150);
  gst_harness_push_event(run.harness(), key_unit(13 * GST_SECOND));
  run.push_frames(200, 130);
  g_signal_emit_by_name(run.element(), "prompt-at", guint64{18} * GST_SECOND, "y");
  run.push_frames(330, 270);  // the grid again: 24 s
  run.push_eos();
  run.expect_frames(0, 600);
  std::string lengths;
  for (int job = 1; job <= service.creates(); ++job)
    lengths += service.member(job, "seconds") + " ";
  expect_equal(lengths, "4 4 5 5 6 ");
  expect_equal(service.member(4, "prompt"), "x");
  expect_equal(service.member(5, "prompt"), "y");
}
GST_END_TEST

// A prompt that is said again and again is no reason to cut.
GST_START_TEST(same_prompt_again) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), "prompt=x segment-duration=8000000000 cut-on-prompt=true");
  for (unsigned second = 0; second < 16; ++second) {
    gst_harness_push_event(run.harness(), prompt_event("x"));
    run.push_frames(second * 25, 25);
  }
  run.push_eos();
  run.expect_frames(0, 400);
  fail_unless_equals_int(service.creates(), 2);
}
GST_END_TEST

// Upstream's word about its end may be short by a few frames, which are no job of their own: behind
// a tail that is taken along, and at a cut of the grid.
GST_START_TEST(end_that_comes_late) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), "prompt=x segment-duration=8000000000");
  static const unsigned kFrames[] = {253, 402}, kJobs[] = {1, 2};
  static GstClockTime said;
  said = __i__ == 0 ? 10 * GST_SECOND : 16 * GST_SECOND;
  gst_pad_set_query_function(run.harness()->srcpad,
                             [](GstPad* pad, GstObject* parent, GstQuery* query) -> gboolean {
                               if (GST_QUERY_TYPE(query) != GST_QUERY_DURATION)
                                 return gst_pad_query_default(pad, parent, query);
                               gst_query_set_duration(query, GST_FORMAT_TIME, said);
                               return TRUE;
                             });
  run.push_frames(0, kFrames[__i__]);
  run.push_eos();
  run.expect_frames(0, kFrames[__i__]);
  run.wait_event(GST_EVENT_EOS);
  fail_unless_equals_int(service.creates(), kJobs[__i__]);
}
GST_END_TEST

// Events stay where they are between the frames; the prompt event is for this element.
GST_START_TEST(events_keep_their_place) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kFour, kCaps25);
  for (unsigned i = 0; i < 210; ++i) {
    if (i == 30) run.push_event(custom("scte-35"));
    if (i == 100) run.push_event(custom("at-the-cut"));
    if (i == 150) run.push_event(prompt_event("y"));
    if (i == 205) {
      GstToc* toc = gst_toc_new(GST_TOC_SCOPE_CURRENT);
      run.push_event(gst_event_new_toc(toc, FALSE));
      gst_toc_unref(toc);
    }
    run.push(frame25(i));
  }
  run.push_event(custom("last"));
  run.end();
  expect_equal(run.wait_end(), "");
  expect_equal(story(run.seen()), "caps, 30, scte-35, 70, at-the-cut, 105, toc, 5, last, eos");
}
GST_END_TEST

// Gaps in the input are gaps in the output, and what is there is regenerated.
GST_START_TEST(gaps) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  run.push_frames(0, 50);
  gst_harness_push_event(run.harness(), gst_event_new_gap(50 * kFrame, 20 * kFrame));
  run.push_frames(70, 20);
  gst_harness_push_event(run.harness(), gst_event_new_gap(90 * kFrame, 110 * kFrame));
  run.push_frames(200, 100);
  run.push_eos();
  run.expect_frames(0, 50);
  run.expect_frames(70, 20);
  run.expect_frames(200, 100);
  fail_unless_equals_int(service.creates(), 2);
  GstClockTime from = 0, length = 0;
  gst_event_parse_gap(run.wait_event(GST_EVENT_GAP).get(), &from, &length);
  fail_unless_equals_uint64(from, 50 * kFrame);
  gst_event_parse_gap(run.wait_event(GST_EVENT_GAP).get(), &from, &length);
  fail_unless_equals_uint64(from, 90 * kFrame);
  fail_unless_equals_uint64(length, 110 * kFrame);
  run.wait_event(GST_EVENT_EOS);
}
GST_END_TEST

// New caps begin a new segment, and go out at the same place.
GST_START_TEST(new_caps) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kFour, kCaps25);
  for (unsigned i = 0; i < 60; ++i) run.push(frame25(i));
  const auto other = CapsPtr::adopt(
      gst_caps_from_string("video/x-raw,format=GRAY8,width=320,height=96,framerate=25/1"));
  gst_app_src_set_caps(run.source(), other.get());
  for (unsigned i = 60; i < 120; ++i) {
    const BufferPtr full = frame25(i);
    const auto grey = BufferPtr::adopt(
        gst_buffer_copy_region(full.get(), GST_BUFFER_COPY_ALL, 0, kWidth * kHeight));
    run.push(grey);
  }
  run.end();
  expect_equal(run.wait_end(), "");
  expect_equal(story(run.seen()), "caps, 60, caps, 60, eos");
  const auto frames = run.frames();
  for (unsigned i = 0; i < frames.size(); ++i) {
    fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), i);
    fail_unless_equals_int(gst_buffer_get_size(frames[i].frame.get()),
                           kWidth * kHeight * (i < 60 ? 3 : 2) / 2);
  }
  fail_unless_equals_int(service.creates(), 2);
}
GST_END_TEST

// Caps that say something else of the same picture cost no segment.
GST_START_TEST(caps_of_the_same_picture) {
  const WithKey key;
  EchoService service;
  BinHarness run(service.server.url(), kFour);
  for (unsigned i = 0; i < 90; ++i) {
    if (i % 20 == 10) {
      const std::string other =
          std::string(kCountedCaps) + std::to_string(20 + i) + "/1,max-framerate=100/1";
      const auto caps = CapsPtr::adopt(gst_caps_from_string(other.c_str()));
      gst_harness_push_event(run.harness(), gst_event_new_caps(caps.get()));
    }
    run.push_frame(i);
  }
  run.push_eos();
  run.expect_frames(0, 90);
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// native: the picture as the service made it, here in square pixels; frames and times as ever.
GST_START_TEST(native_output) {
  const WithKey key;
  EchoService service;
  std::string wide = kCaps25;
  wide.replace(wide.find("ratio=1/1"), 9, "ratio=2/1");
  BinRun run(service.server.url(), std::string(kFour) + " output=native", wide);
  for (unsigned i = 0; i < 150; ++i) run.push(frame25(i));
  run.end();
  expect_equal(run.wait_end(), "");
  const auto frames = run.frames();
  fail_unless_equals_int(frames.size(), 150);
  for (unsigned i = 0; i < frames.size(); ++i) {
    GstVideoInfo info;
    fail_unless(gst_video_info_from_caps(&info, frames[i].caps.get()));
    fail_unless_equals_int(info.width, 640);
    fail_unless_equals_int(info.par_n, info.par_d);
    fail_unless_equals_int(info.fps_n, 25);
    fail_unless_equals_int(number_in(frames[i].frame.get(), frames[i].caps.get()), i);
    fail_unless_equals_uint64(GST_BUFFER_PTS(frames[i].frame.get()), i * kFrame);
  }
}
GST_END_TEST

// What cannot work is told at once, in words.
GST_START_TEST(wrong_input) {
  EchoService service;
  std::optional<WithKey> key;
  if (__i__ != 0) key.emplace();
  std::string caps = kCaps25;
  if (__i__ == 1)
    caps.replace(caps.find("progressive"), 11, "interleaved,field-order=top-field-first");
  const std::string properties = __i__ == 2   ? "segment-duration=4000000000"
                                 : __i__ == 3 ? "prompt=x encoder=nosuchenc"
                                              : kFour;
  BinRun run(service.server.url(), properties, caps);
  if (__i__ == 4) {
    GstSegment fast;
    gst_segment_init(&fast, GST_FORMAT_TIME);
    fast.rate = 2.0;
    const auto pad = PadPtr::adopt(gst_element_get_static_pad(run.bin(), "sink"));
    const GstPadProbeCallback replace = [](GstPad*, GstPadProbeInfo* info, gpointer other) {
      if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_SEGMENT)
        return GST_PAD_PROBE_OK;
      gst_event_unref(GST_PAD_PROBE_INFO_EVENT(info));
      GST_PAD_PROBE_INFO_DATA(info) = gst_event_new_segment(static_cast<const GstSegment*>(other));
      return GST_PAD_PROBE_OK;
    };
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, replace,
                      g_memdup2(&fast, sizeof fast), g_free);
  }
  for (unsigned i = 0; i < 110; ++i) run.push(frame25(i));
  run.end();
  static const char* const kReasons[] = {"unauthorized", "bad-input", "invalid-request",
                                         "invalid-request", "bad-input"};
  expect_equal(run.wait_end(), kReasons[__i__]);
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

// More than the service can give back is said, once.
GST_START_TEST(losses_are_told) {
  static const char* const kInputs[] = {"format=AYUV", "format=I420_10LE",
                                        "format=I420,colorimetry=bt2100-pq"};
  static const char* const kLosses[] = {"alpha (dropped)", "more than 8 bits (rounded to 8)",
                                        "HDR (not tone-mapped)"};
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), kFour,
             std::string("video/x-raw,width=64,height=32,framerate=25/1,") + kInputs[__i__]);
  const gsize size = __i__ == 0 ? 64 * 32 * 4 : __i__ == 1 ? 64 * 32 * 3 : 64 * 32 * 3 / 2;
  for (unsigned i = 0; i < 150; ++i) {
    auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, size, nullptr));
    gst_buffer_memset(buffer.get(), 0, 0, size);
    GST_BUFFER_PTS(buffer.get()) = i * kFrame;
    GST_BUFFER_DURATION(buffer.get()) = kFrame;
    run.push(buffer);
  }
  run.end();
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(run.frames().size(), 150);
  fail_unless_equals_int(run.warnings().size(), 1);
  expect_equal(run.warnings()[0], "bad-input");
  fail_unless(run.last_warning().find(kLosses[__i__]) != std::string::npos, "%s",
              run.last_warning().c_str());
}
GST_END_TEST

// The spend guard stops the spending, not the stream.
GST_START_TEST(budget) {
  const WithKey key;
  EchoService service;
  BinRun run(service.server.url(), std::string(kFour) + " max-jobs=2 on-failure=source", kCaps25);
  for (unsigned i = 0; i < 400; ++i) run.push(frame25(i));
  run.end();
  expect_equal(run.wait_end(), "");
  fail_unless_equals_int(run.frames().size(), 400);
  fail_unless_equals_int(service.creates(), 2);
  fail_unless_equals_int(run.warnings().size(), 2);
}
GST_END_TEST

static Suite* omniv2vbin_flow_suite() {
  Suite* suite = suite_create("omniv2vbin-flow");
  TCase* tcase = tcase_create("flow");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, no_frame_at_all);
  tcase_add_test(tcase, waits_are_told);
  tcase_add_test(tcase, prompts);
  tcase_add_test(tcase, cuts);
  tcase_add_test(tcase, same_prompt_again);
  tcase_add_loop_test(tcase, end_that_comes_late, 0, 2);
  tcase_add_test(tcase, events_keep_their_place);
  tcase_add_test(tcase, gaps);
  tcase_add_test(tcase, new_caps);
  tcase_add_test(tcase, caps_of_the_same_picture);
  tcase_add_test(tcase, native_output);
  tcase_add_loop_test(tcase, wrong_input, 0, 5);
  tcase_add_loop_test(tcase, losses_are_told, 0, 3);
  tcase_add_test(tcase, budget);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(omniv2vbin_flow)
