// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "support/bin-harness.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

GstEvent* prompt_event(const char* prompt) {
  return gst_event_new_custom(
      GST_EVENT_CUSTOM_DOWNSTREAM,
      gst_structure_new("omni/prompt", "prompt", G_TYPE_STRING, prompt, nullptr));
}

BufferPtr frame25(unsigned number) {
  return counted_frame(number, number * kFrame, kFrame);
}

GstFlowReturn BinHarness::push_frame(unsigned number) {
  return gst_harness_push(harness(), frame25(number).release());
}

GstFlowReturn BinHarness::push_frames(unsigned first, unsigned count) {
  GstFlowReturn flow = GST_FLOW_OK;
  for (unsigned i = 0; i < count && flow == GST_FLOW_OK; ++i) flow = push_frame(first + i);
  return flow;
}

void BinHarness::push_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(harness(), gst_event_new_segment(&segment));
}

void BinHarness::flush() {
  gst_harness_push_event(harness(), gst_event_new_flush_start());
  gst_harness_push_event(harness(), gst_event_new_flush_stop(TRUE));
  push_segment();
}

void BinHarness::play_to_end(unsigned first, unsigned count) {
  push_frames(first, count);
  push_eos();
  expect_frames(first, count);
  wait_event(GST_EVENT_EOS);
}

void BinHarness::expect_frames(unsigned first, unsigned count) {
  const auto caps = CapsPtr::adopt(gst_caps_from_string(kCaps25.c_str()));
  for (unsigned i = first; i < first + count; ++i) {
    const BufferPtr buffer = wait_buffer();
    fail_unless_equals_uint64(GST_BUFFER_PTS(buffer.get()), i * kFrame);
    fail_unless_equals_int(number_in(buffer.get(), caps.get()), i);
  }
}

void BinHarness::take_only(std::atomic<unsigned>& left) {
  const GstPadProbeCallback probe = [](GstPad*, GstPadProbeInfo* info, gpointer user) {
    auto& wanted = *static_cast<std::atomic<unsigned>*>(user);
    if (wanted > 0) {
      --wanted;
      return GST_PAD_PROBE_OK;
    }
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_HANDLED;
  };
  gst_pad_add_probe(harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, probe, &left, nullptr);
}

}  // namespace omni::test
