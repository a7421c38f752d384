// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What the tests of omniv2v and omnivideosrc share: a clip, its result, a key, and what happens
// around the element.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/element-run.h"
#include "support/fake-service.h"
#include "unit/mp4-writer.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

inline constexpr char kKey[] = "sk-element-0123456789";

inline std::string clip(unsigned width = 1280, std::uint64_t duration = 8000,
                        std::uint32_t bytes = 1000) {
  mp4_writer::TrackPlan plan;
  plan.width = width;
  plan.duration = duration;
  plan.sample_bytes = bytes;
  return mp4_writer::plain_file(plan);
}

inline const std::string kClip = clip();
inline const std::string kResult = clip(640, 8000, 100000);

/// The key stands in the environment while it lives.
struct WithKey {
  WithKey() { g_setenv("OMNI_API_KEY", kKey, TRUE); }
  ~WithKey() { g_unsetenv("OMNI_API_KEY"); }
};

inline void expect_equal(const std::string& got, const std::string& wanted) {
  fail_unless(got == wanted, "got \"%s\", wanted \"%s\"", got.c_str(), wanted.c_str());
}

/// What PROGRESS has told up to now, each with how it ended. They come in pairs, one after another.
inline std::vector<std::pair<std::string, GstProgressType>> paired_progress(ElementRun& run) {
  std::string open;
  std::vector<std::pair<std::string, GstProgressType>> ended;
  for (const auto& message : run.messages()) {
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_PROGRESS) continue;
    GstProgressType type;
    gchar* raw_code = nullptr;
    gst_message_parse_progress(message.get(), &type, &raw_code, nullptr);
    const CharPtr code(raw_code);
    if (type == GST_PROGRESS_TYPE_START) {
      expect_equal(open, "");
      open = code.get();
    } else {
      expect_equal(code.get(), open);
      if (type == GST_PROGRESS_TYPE_CONTINUE) continue;
      ended.emplace_back(open, type);
      open.clear();
    }
  }
  expect_equal(open, "");
  return ended;
}

/// Downstream answers every buffer with this.
template <GstFlowReturn flow>
void answer_buffers(ElementRun& run) {
  const GstPadProbeCallback answer = [](GstPad*, GstPadProbeInfo* info, gpointer) {
    GST_PAD_PROBE_INFO_FLOW_RETURN(info) = flow;
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_HANDLED;
  };
  gst_pad_add_probe(run.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER, answer, nullptr, nullptr);
}

inline void begin_segment(ElementRun& run, GstFormat format = GST_FORMAT_TIME) {
  GstSegment segment;
  gst_segment_init(&segment, format);
  gst_harness_push_event(run.harness(), gst_event_new_segment(&segment));
}

/// A flush from upstream, after which new input may come.
inline void flush(ElementRun& run) {
  gst_harness_push_event(run.harness(), gst_event_new_flush_start());
  gst_harness_push_event(run.harness(), gst_event_new_flush_stop(TRUE));
  begin_segment(run);
}

}  // namespace omni::test
