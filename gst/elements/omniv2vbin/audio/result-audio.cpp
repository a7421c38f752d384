// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/audio/result-audio.h"

#include <algorithm>
#include <cmath>

#include "media/audio-decoder.h"
#include "media/bus-cancellation.h"
#include "service/error.h"

namespace omni {

namespace {

constexpr gint kRate = 48'000;
constexpr gint kChannels = 2;
constexpr guint64 kPiece = kRate / 20;  // samples per buffer

guint64 to_samples(GstClockTime time) {
  return gst_util_uint64_scale_round(time, kRate, GST_SECOND);
}
GstClockTime to_time(guint64 samples) {
  return gst_util_uint64_scale_round(samples, GST_SECOND, kRate);
}

AudioPassthrough::Host with_sink(AudioPassthrough::Host host, GstPad* sink) {
  host.sink = sink;
  return host;
}

/// The time of a segment's first frame in the stream's own timestamps.
GstClockTime first_pts(const Segment& segment) {
  for (const SourceItem& moment : segment.items)
    if (!moment.event && GST_CLOCK_TIME_IS_VALID(moment.frame.pts))
      return moment.frame.pts - std::min(moment.time, moment.frame.pts);
  return GST_CLOCK_TIME_NONE;
}

}  // namespace

ResultAudio::ResultAudio(AudioPassthrough::Host host)
    : log_(host.log),
      sink_(PadPtr::adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("result-sound", GST_PAD_SINK))))),
      passthrough_(with_sink(std::move(host), sink_.get())) {
  gst_audio_info_set_format(&format_, GST_AUDIO_FORMAT_S16LE, kRate, kChannels, nullptr);
}

std::shared_ptr<BusCancellation> ResultAudio::cancellation() const {
  const std::lock_guard lock(lock_);
  return cancellation_;
}

void ResultAudio::stop() {
  cancellation()->cancel();
  passthrough_.stop();
}

void ResultAudio::begin() {
  if (!std::exchange(begun_, true)) begin_stream();
}

void ResultAudio::begin_stream() {
  const CharPtr id(g_strdup_printf("omni/result-sound/%08x", g_random_int()));
  passthrough_.sink_event(EventPtr::adopt(gst_event_new_stream_start(id.get())));
  const auto caps = CapsPtr::adopt(gst_audio_info_to_caps(&format_));
  passthrough_.sink_event(EventPtr::adopt(gst_event_new_caps(caps.get())));
}

void ResultAudio::event(GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) cancellation()->cancel();
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
    const std::lock_guard lock(lock_);
    cancellation_ = std::make_shared<BusCancellation>();
    discont_ = true;
    ended_ = false;
  }
  if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
    // Nothing else is accepted after EOS.
    if (std::exchange(ended_, false)) begin_stream();
    discont_ = true;
    return;
  }
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) ended_ = true;
  passthrough_.sink_event(EventPtr::share(event));
}

ResultAudio::Stretch ResultAudio::stretch_of(const Segment& segment) {
  const GstClockTime end = segment.running_time + segment.length;
  const guint64 last = to_samples(end);
  return {to_samples(segment.running_time), last, to_samples(end + segment.overlap_tail) - last};
}

ClipAudio ResultAudio::decode(std::shared_ptr<const ByteRope> part, const Segment& segment) {
  const Stretch stretch = stretch_of(segment);
  const guint64 samples = stretch.end + stretch.tail - stretch.first;
  return std::async(
      std::launch::async,
      [part = std::move(part), samples, format = format_, cancellation = cancellation(), log = log_,
       number = segment.number]() -> BytesPtr {
        try {
          return decode_sound(part, format, samples, *cancellation);
        } catch (const Failure& failure) {
          // Video without audio is better than none.
          if (failure.error().reason != Reason::cancelled)
            log(LogLevel::warning, "segment " + std::to_string(number) +
                                       ": its audio cannot be decoded: " + failure.error().message);
          return nullptr;
        }
      });
}

/// Mixes the tail into a buffer that starts this many samples after the start of the segment.
void ResultAudio::fade(GstBuffer* buffer, guint64 at) const {
  gsize size = 0;
  const auto* tail = static_cast<const gint16*>(g_bytes_get_data(tail_.get(), &size));
  const guint64 whole = size / sizeof(gint16);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READWRITE)) return;
  auto* values = reinterpret_cast<gint16*>(map.data);
  for (guint64 i = 0; i < map.size / sizeof(gint16) && at * kChannels + i < whole; ++i) {
    const guint64 place = at * kChannels + i;
    const double share = static_cast<double>(place) / static_cast<double>(whole);
    values[i] = static_cast<gint16>(std::lround(tail[place] + share * (values[i] - tail[place])));
  }
  gst_buffer_unmap(buffer, &map);
}

void ResultAudio::place(const Segment& segment, ClipAudio sound) {
  const GstClockTime pts = first_pts(segment);
  if (!GST_CLOCK_TIME_IS_VALID(pts)) return;
  const bool has_part = sound.valid();
  const BytesPtr decoded = has_part ? sound.get() : nullptr;
  const gsize frame = static_cast<gsize>(GST_AUDIO_INFO_BPF(&format_));
  const Stretch stretch = stretch_of(segment);
  const guint64 first = stretch.first, count = stretch.end - stretch.first;
  discont_ = discont_ || first != next_sample_;
  if (discont_ || !has_part) tail_ = nullptr;
  for (guint64 at = 0; at < count; at += kPiece) {
    const guint64 samples = std::min(kPiece, count - at);
    auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, samples * frame, nullptr));
    gst_buffer_memset(buffer.get(), 0, 0, samples * frame);
    if (decoded) {
      gsize size = 0;
      const auto* data = static_cast<const guint8*>(g_bytes_get_data(decoded.get(), &size));
      const gsize from = std::min<gsize>(at * frame, size);
      gst_buffer_fill(buffer.get(), 0, data + from, std::min<gsize>(samples * frame, size - from));
    }
    if (tail_) fade(buffer.get(), at);
    // Computed from the start, so that rounding errors do not add up.
    const GstClockTime time = to_time(first + at), end = to_time(first + at + samples);
    GST_BUFFER_PTS(buffer.get()) = pts + time - std::min(time, to_time(first));
    GST_BUFFER_DURATION(buffer.get()) = end - time;
    if (std::exchange(discont_, false)) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
    if (passthrough_.chain(std::move(buffer)) != GST_FLOW_OK) return;  // the video continues
  }
  next_sample_ = stretch.end;
  tail_ = nullptr;
  if (decoded && stretch.tail > 0 &&
      g_bytes_get_size(decoded.get()) >= (count + stretch.tail) * frame)
    tail_ =
        BytesPtr::adopt(g_bytes_new_from_bytes(decoded.get(), count * frame, stretch.tail * frame));
}

}  // namespace omni
