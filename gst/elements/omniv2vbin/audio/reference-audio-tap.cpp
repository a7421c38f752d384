// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/audio/reference-audio-tap.h"

#include <cstring>

#include "elements/omniv2vbin/audio/audio-passthrough.h"

namespace omni {

namespace {

/// Converts planar to interleaved samples, as the encoder for an MP4 needs them.
BufferPtr interleaved(GstBuffer* planar, const GstAudioInfo& info) {
  GstAudioBuffer from;
  if (!gst_audio_buffer_map(&from, &info, planar, GST_MAP_READ)) return {};
  const gsize width = static_cast<gsize>(GST_AUDIO_INFO_WIDTH(&info)) / 8;
  const auto channels = static_cast<gsize>(GST_AUDIO_INFO_CHANNELS(&info));
  auto buffer = BufferPtr::adopt(
      gst_buffer_new_allocate(nullptr, from.n_samples * channels * width, nullptr));
  GstMapInfo to;
  gst_buffer_map(buffer.get(), &to, GST_MAP_WRITE);
  for (gsize channel = 0; channel < channels; ++channel) {
    const auto* plane = static_cast<const guint8*>(from.planes[channel]);
    for (gsize i = 0; i < from.n_samples; ++i)
      std::memcpy(to.data + (i * channels + channel) * width, plane + i * width, width);
  }
  gst_buffer_unmap(buffer.get(), &to);
  gst_audio_buffer_unmap(&from);
  GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAGS(planar) & GST_BUFFER_FLAG_DISCONT);
  return buffer;
}

}  // namespace

bool ReferenceAudioTap::set_caps(const GstCaps* caps) {
  has_caps_ = true;
  planar_.reset();
  GstAudioInfo info;
  const bool raw = gst_structure_has_name(gst_caps_get_structure(caps, 0), "audio/x-raw");
  if (!raw || !gst_audio_info_from_caps(&info, caps) ||
      GST_AUDIO_INFO_LAYOUT(&info) == GST_AUDIO_LAYOUT_INTERLEAVED)
    return audio_.set_caps(caps);
  planar_ = info;
  const auto same = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(same.get(), "layout", G_TYPE_STRING, "interleaved", nullptr);
  return audio_.set_caps(same.get());
}

bool ReferenceAudioTap::take_event(GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      return set_caps(caps);
    }
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event, &segment_);
      return true;
    case GST_EVENT_GAP: {
      GstClockTime from = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
      gst_event_parse_gap(event, &from, &duration);
      const GstClockTime until = from + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
      const GstClockTime running = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, until);
      if (GST_CLOCK_TIME_IS_VALID(running)) audio_.skip_to(running);
      return true;
    }
    case GST_EVENT_EOS:
      audio_.end();
      return true;
    case GST_EVENT_FLUSH_START: {
      const std::lock_guard lock(lock_);
      flushing_ = true;
      changed_.notify_all();
      return true;
    }
    case GST_EVENT_FLUSH_STOP: {
      audio_.flush();
      taken_until_ = 0;
      const std::lock_guard lock(lock_);
      flushing_ = false;
      used_ = 0;
      return true;
    }
    default:
      return true;
  }
}

void ReferenceAudioTap::take(GstBuffer* buffer) {
  if (!has_caps_) return;
  GstClockTime running = GST_CLOCK_TIME_NONE;
  if (segment_.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID(buffer)) {
    running = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (!GST_CLOCK_TIME_IS_VALID(running)) return;  // outside the segment
  }
  if (GST_CLOCK_TIME_IS_VALID(running)) taken_until_ = running;
  if (!planar_) return audio_.push(buffer, running);
  if (const BufferPtr mixed = interleaved(buffer, *planar_)) audio_.push(mixed.get(), running);
}

bool ReferenceAudioTap::wait_for_room(const std::function<GstClockTime()>& capacity) {
  for (;;) {
    const GstClockTime most = capacity();
    std::unique_lock lock(lock_);
    const auto has_room = [&] { return taken_until_ < used_ || taken_until_ - used_ < most; };
    const auto over = [&] { return flushing_ || stopped_ || has_room(); };
    if (changed_.wait_for(lock, AudioPassthrough::kAskAgain, over)) return !flushing_ && !stopped_;
  }
}

void ReferenceAudioTap::used_until(GstClockTime running_time) {
  const std::lock_guard lock(lock_);
  used_ = std::max(used_, running_time);
  changed_.notify_all();
}

void ReferenceAudioTap::stop() {
  const std::lock_guard lock(lock_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace omni
