// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/demuxed-video.h"

#include <gst/video/video.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "media/gst-ptr.h"
#include "media/mp4/probe.h"
#include "media/mp4/sample-entry.h"
#include "media/mp4/samples.h"

namespace omni {
namespace {

struct Correction {
  bool full_range = false;
  GstClockTime first_shown = 0;
};

/// In the track's timescale; 0 where it is nothing to correct.
std::uint64_t first_shown(const mp4::SampleTrack& track) {
  if (!track.edits.empty() || track.samples.empty()) return 0;
  std::int64_t first = std::numeric_limits<std::int64_t>::max(), time = 0;
  for (const mp4::Sample& sample : track.samples) {
    first = std::min(first, time + sample.composition);
    time += sample.duration;
  }
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, first));
}

Correction correction_for(const std::shared_ptr<const ByteRope>& file) {
  try {
    const mp4::Movie movie = mp4::read_movie(file);
    const mp4::SampleTrack* track = movie.video();
    if (!track) return {};
    Correction found;
    if (!track->entries.empty()) found.full_range = mp4::is_full_range(track->entries.front());
    if (track->timescale != 0)
      found.first_shown = gst_util_uint64_scale(first_shown(*track), GST_SECOND, track->timescale);
    return found;
  } catch (const mp4::Problem&) {
    // The demuxer says what is wrong with the file.
  }
  return {};
}

EventPtr with_full_range(GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstVideoColorimetry colorimetry;
  const char* text = gst_structure_get_string(gst_caps_get_structure(caps, 0), "colorimetry");
  if (!text || !gst_video_colorimetry_from_string(&colorimetry, text)) return {};
  colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255;
  const CharPtr full(gst_video_colorimetry_to_string(&colorimetry));
  const auto changed = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(changed.get(), "colorimetry", G_TYPE_STRING, full.get(), nullptr);
  return EventPtr::adopt(gst_event_new_caps(changed.get()));
}

EventPtr beginning_at(GstEvent* event, GstClockTime first_shown) {
  GstSegment segment;
  gst_event_copy_segment(event, &segment);
  if (segment.format != GST_FORMAT_TIME) return {};
  segment.start = std::max<guint64>(segment.start, first_shown);
  segment.stop = GST_CLOCK_TIME_NONE;
  auto changed = EventPtr::adopt(gst_event_new_segment(&segment));
  gst_event_set_seqnum(changed.get(), gst_event_get_seqnum(event));
  return changed;
}

GstPadProbeReturn correct(GstPad*, GstPadProbeInfo* info, gpointer data) {
  const auto* correction = static_cast<const Correction*>(data);
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  EventPtr changed;
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS && correction->full_range)
    changed = with_full_range(event);
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT && correction->first_shown != 0)
    changed = beginning_at(event, correction->first_shown);
  if (changed) {
    gst_event_unref(event);
    GST_PAD_PROBE_INFO_DATA(info) = changed.release();
  }
  return GST_PAD_PROBE_OK;
}

}  // namespace

std::string shown_stream(const std::shared_ptr<const ByteRope>& file) {
  try {
    const mp4::Movie movie = mp4::read_movie(file);
    if (!movie.video()) return {};
    char end[16];
    g_snprintf(end, sizeof end, "/%03u", movie.video()->id);
    return end;
  } catch (const mp4::Problem&) {
    return {};
  }
}

void correct_demuxed_video(GstPad* pad, const std::shared_ptr<const ByteRope>& file) {
  const auto drop = [](gpointer data) { delete static_cast<Correction*>(data); };
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, &correct,
                    new Correction(correction_for(file)), drop);
}

}  // namespace omni
