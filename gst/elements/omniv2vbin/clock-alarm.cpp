// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/clock-alarm.h"

#include "media/gst-ptr.h"

namespace omni {

namespace {

using ClockPtr = RefPtr<GstClock, &gst_object_ref, &gst_object_unref>;
using Due = std::function<void()>;

ClockPtr playing_clock(GstElement* element) {
  GST_OBJECT_LOCK(element);
  const bool playing = GST_STATE(element) == GST_STATE_PLAYING;
  GST_OBJECT_UNLOCK(element);
  return playing ? ClockPtr::adopt(gst_element_get_clock(element)) : ClockPtr();
}

gboolean call_due(GstClock*, GstClockTime, GstClockID, gpointer due) {
  (*static_cast<Due*>(due))();
  return TRUE;
}

}  // namespace

GstClockTime running_time_now(GstElement* element) {
  const ClockPtr clock = playing_clock(element);
  if (!clock) return GST_CLOCK_TIME_NONE;
  const GstClockTime now = gst_clock_get_time(clock.get());
  const GstClockTime base = gst_element_get_base_time(element);
  return now > base ? now - base : 0;
}

ClockAlarm::ClockAlarm(GstElement* element, GstClockTime running_time, Due due) {
  const ClockPtr clock = playing_clock(element);
  if (!clock) return;  // the next state change calls again
  id_ =
      gst_clock_new_single_shot_id(clock.get(), gst_element_get_base_time(element) + running_time);
  gst_clock_id_wait_async(id_, &call_due, new Due(std::move(due)),
                          [](gpointer data) { delete static_cast<Due*>(data); });
}

ClockAlarm::~ClockAlarm() {
  if (!id_) return;
  gst_clock_id_unschedule(id_);
  gst_clock_id_unref(id_);
}

}  // namespace omni
