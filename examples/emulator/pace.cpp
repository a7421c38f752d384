// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "pace.h"

#include <cmath>
#include <initializer_list>

namespace emu {
namespace {

GstClockTime scaled(GstClockTime time, double factor) {
  if (!GST_CLOCK_TIME_IS_VALID(time)) return time;
  return static_cast<GstClockTime>(std::llround(static_cast<double>(time) * factor));
}

/// All times of a segment start at zero and are scaled alike, like those of the buffers; so the
/// distance between a buffer and the start of its segment is scaled too.
GstEvent* paced_segment(GstEvent* event, double factor) {
  GstSegment segment;
  gst_event_copy_segment(event, &segment);
  for (guint64* time : {&segment.base, &segment.offset, &segment.start, &segment.stop,
                        &segment.time, &segment.position, &segment.duration}) {
    *time = scaled(*time, factor);
  }
  GstEvent* changed = gst_event_new_segment(&segment);
  gst_event_set_seqnum(changed, gst_event_get_seqnum(event));
  return changed;
}

GstEvent* paced_caps(GstEvent* event, double factor) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  caps = gst_caps_copy(caps);
  GstStructure* structure = gst_caps_get_structure(caps, 0);
  int n = 0, d = 1;
  if (gst_structure_get_fraction(structure, "framerate", &n, &d) && n > 0) {
    pace_rate(n, d, factor);
    gst_structure_set(structure, "framerate", GST_TYPE_FRACTION, n, d, nullptr);
  }
  int samples = 0;
  if (gst_structure_get_int(structure, "rate", &samples)) {
    const auto paced = static_cast<int>(std::lround(samples / factor));
    gst_structure_set(structure, "rate", G_TYPE_INT, paced, nullptr);
  }
  GstEvent* changed = gst_event_new_caps(caps);
  gst_caps_unref(caps);
  return changed;
}

}  // namespace

void pace_rate(int& n, int& d, double factor) {
  int factor_n = 1, factor_d = 1;
  gst_util_double_to_fraction(factor, &factor_n, &factor_d);
  gst_util_fraction_multiply(n, d, factor_d, factor_n, &n, &d);
}

GstPadProbeReturn pace(GstPad*, GstPadProbeInfo* info, gpointer data) {
  const double factor = *static_cast<const double*>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_BUFFER_PTS(buffer) = scaled(GST_BUFFER_PTS(buffer), factor);
    GST_BUFFER_DTS(buffer) = scaled(GST_BUFFER_DTS(buffer), factor);
    GST_BUFFER_DURATION(buffer) = scaled(GST_BUFFER_DURATION(buffer), factor);
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
    return GST_PAD_PROBE_OK;
  }
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  GstEvent* changed = nullptr;
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) changed = paced_segment(event, factor);
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) changed = paced_caps(event, factor);
  if (!changed) return GST_PAD_PROBE_OK;
  gst_event_unref(event);
  GST_PAD_PROBE_INFO_DATA(info) = changed;
  return GST_PAD_PROBE_OK;
}

}  // namespace emu
