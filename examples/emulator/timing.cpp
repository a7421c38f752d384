// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "timing.h"

#include <gst/gst.h>

#include <algorithm>
#include <cmath>

#include "service/glib-ptr.h"

namespace emu {
namespace {

using ElementPtr = omni::RefPtr<GstElement, &gst_object_ref, &gst_object_unref>;

constexpr GstClockTime kPatience = 30 * GST_SECOND;

/// Called by the streaming thread; the result is read once the pipeline has stopped.
GstPadProbeReturn note_frame(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto& timing = *static_cast<Timing*>(data);
  const GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  GstEvent* event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
  if (!event) return GST_PAD_PROBE_OK;
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event, &segment);
  const GstClockTime shown =
      gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  gst_event_unref(event);
  // Samples outside the edit list are only for the decoder.
  if (!GST_CLOCK_TIME_IS_VALID(shown)) return GST_PAD_PROBE_OK;
  const GstClockTime lasts = GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
  timing.shown.push_back(static_cast<double>(shown) / GST_SECOND);
  timing.end = std::max(timing.end, static_cast<double>(shown + lasts) / GST_SECOND);
  return GST_PAD_PROBE_OK;
}

bool run_to_end(GstElement* pipeline) {
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, kPatience, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool ended = message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
  if (message) gst_message_unref(message);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  return ended;
}

}  // namespace

bool Timing::steady(double fps) const {
  // Files round to their timescale, which is a millisecond in the coarsest usual ones.
  constexpr double kRounding = 0.0015;
  if (shown.empty() || fps <= 0) return false;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const double expected = shown.front() + static_cast<double>(i) / fps;
    if (std::abs(shown[i] - expected) > kRounding) return false;
  }
  return true;
}

Timing read_timing(const std::string& path) {
  GError* raw = nullptr;
  GstElement* parsed = gst_parse_launch_full(
      "filesrc name=in ! qtdemux name=demux demux.video_0 ! fakesink name=out sync=false", nullptr,
      GST_PARSE_FLAG_FATAL_ERRORS, &raw);
  const omni::ErrorPtr error(raw);
  if (!parsed) return {};
  gst_object_ref_sink(parsed);
  const auto pipeline = ElementPtr::adopt(parsed);
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "in"));
  g_object_set(in.get(), "location", path.c_str(), nullptr);
  const auto out = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "out"));
  GstPad* pad = gst_element_get_static_pad(out.get(), "sink");
  Timing timing;
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, &note_frame, &timing, nullptr);
  gst_object_unref(pad);
  if (!run_to_end(pipeline.get())) return {};
  std::sort(timing.shown.begin(), timing.shown.end());
  return timing;
}

}  // namespace emu
