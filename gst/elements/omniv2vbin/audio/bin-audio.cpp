// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/audio/bin-audio.h"

#include <cstdlib>
#include <cstring>

#include "elements/common/element.h"
#include "elements/common/messages.h"

namespace omni {

namespace {

/// What a pad's functions need; the pad owns it.
struct PadContext {
  BinAudio* sound;
  std::weak_ptr<AudioPassthrough> lane;
  bool first;
};

const PadContext& context_of(GstPad* pad) {
  return *static_cast<PadContext*>(gst_pad_get_element_private(pad));
}

GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  return guarded(parent, GST_FLOW_ERROR, [&] {
    auto owned = BufferPtr::adopt(buffer);
    const PadContext& context = context_of(pad);
    const auto lane = context.lane.lock();
    if (!lane) return GST_FLOW_FLUSHING;
    if (context.first)
      if (const auto tap = context.sound->tap()) tap->hear(buffer);
    if (context.sound->result_lane()) return context.sound->end_here(context.first);
    return lane->chain(std::move(owned));
  });
}

gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  return guarded(parent, gboolean{FALSE}, [&] {
    auto owned = EventPtr::adopt(event);
    const PadContext& context = context_of(pad);
    const auto lane = context.lane.lock();
    if (!lane) return gboolean{FALSE};
    const auto tap = context.first ? context.sound->tap() : nullptr;
    if (tap && !tap->hear_event(event))
      post_warning(GST_ELEMENT(parent),
                   {Reason::bad_input,
                    "Only raw sound and AAC can go along with a reference: put a decoder before "
                    "the first audio pad, or set reference-audio=false.",
                    0,
                    {},
                    {}},
                   "references go without sound");
    if (context.sound->result_lane()) return gboolean{TRUE};
    const bool is_caps = GST_EVENT_TYPE(event) == GST_EVENT_CAPS;
    const gboolean taken = lane->sink_event(std::move(owned));
    if (is_caps) context.sound->tell_when_complete();
    return taken;
  });
}

gboolean sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  gboolean answer = FALSE;
  const auto lane = context_of(pad).lane.lock();
  if (lane && lane->sink_query(query, &answer)) return answer;
  return gst_pad_query_default(pad, parent, query);
}

GstIterator* linked_pad(GstPad* pad, GstObject*) {
  const auto lane = context_of(pad).lane.lock();
  const PadPtr src = lane ? lane->src() : PadPtr();
  if (!src) return nullptr;
  GValue value = G_VALUE_INIT;
  g_value_init(&value, GST_TYPE_PAD);
  g_value_set_object(&value, src.get());
  GstIterator* one = gst_iterator_new_single(GST_TYPE_PAD, &value);
  g_value_unset(&value);
  return one;
}

bool comes_live(GstPad* sink) {
  gboolean live = FALSE;
  GstQuery* query = gst_query_new_latency();
  if (gst_pad_peer_query(sink, query)) gst_query_parse_latency(query, &live, nullptr, nullptr);
  gst_query_unref(query);
  return live;
}

/// One sample of each channel after the other, as an MP4's sound is encoded from.
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
    return sound_.set_caps(caps);
  planar_ = info;
  const auto same = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(same.get(), "layout", G_TYPE_STRING, "interleaved", nullptr);
  return sound_.set_caps(same.get());
}

bool ReferenceAudioTap::hear_event(GstEvent* event) {
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
      if (GST_CLOCK_TIME_IS_VALID(running)) sound_.skip_to(running);
      return true;
    }
    case GST_EVENT_EOS:
      sound_.end();
      return true;
    case GST_EVENT_FLUSH_START: {
      const std::lock_guard lock(lock_);
      flushing_ = true;
      changed_.notify_all();
      return true;
    }
    case GST_EVENT_FLUSH_STOP: {
      sound_.flush();
      heard_ = 0;
      const std::lock_guard lock(lock_);
      flushing_ = false;
      used_ = 0;
      return true;
    }
    default:
      return true;
  }
}

void ReferenceAudioTap::hear(GstBuffer* buffer) {
  if (!has_caps_) return;
  GstClockTime running = GST_CLOCK_TIME_NONE;
  if (segment_.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID(buffer)) {
    running = gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (!GST_CLOCK_TIME_IS_VALID(running)) return;  // outside of what is to be heard
  }
  if (GST_CLOCK_TIME_IS_VALID(running)) heard_ = running;
  if (!planar_) return sound_.push(buffer, running);
  if (const BufferPtr mixed = interleaved(buffer, *planar_)) sound_.push(mixed.get(), running);
}

bool ReferenceAudioTap::wait_for_room(const std::function<GstClockTime()>& capacity) {
  for (;;) {
    const GstClockTime most = capacity();
    std::unique_lock lock(lock_);
    const auto has_room = [&] { return heard_ < used_ || heard_ - used_ < most; };
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

/// audio=result: what comes in goes no further. It is held back like the picture all the same.
GstFlowReturn BinAudio::end_here(bool first) {
  const auto heard = first ? tap() : nullptr;
  const auto running = host_.stream();
  if (!heard || !running) return GST_FLOW_OK;
  if (running->is_live()) return GST_FLOW_OK;
  const auto capacity = [&] { return running->sound_capacity(false); };
  return heard->wait_for_room(capacity) ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

/// All that were asked for are there. gst-launch then says what it could not link, instead of
/// waiting for ever.
void BinAudio::tell_when_complete() {
  for (const Lane& one : lanes())
    if (!one.lane->src()) return;
  {
    const std::lock_guard lock(lock_);
    if (std::exchange(complete_, true)) return;
  }
  gst_element_no_more_pads(host_.element);
}

AudioPassthrough::Host BinAudio::lane_host(GstPad* sink, guint index) const {
  GstElement* element = host_.element;
  const auto new_src = [element, index] {
    GstPadTemplate* templ =
        gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(element), "audio_src_%u");
    return gst_pad_new_from_template(templ, ("audio_src_" + std::to_string(index)).c_str());
  };
  const auto stream = host_.stream;
  // Until the picture has begun, its own source tells whether sound is live.
  const auto live = [stream, sink] {
    const auto running = stream();
    if (!running || running->is_live()) return bool(running);
    return sink && !running->has_begun() && comes_live(sink);
  };
  const auto capacity = [stream, live] {
    const auto running = stream();
    return running ? running->sound_capacity(live()) : GST_CLOCK_TIME_NONE;
  };
  const auto latency = [stream](GstQuery* query) {
    const auto running = stream();
    return running && running->answer_latency(query);
  };
  return {element, sink, new_src, capacity, live, latency, host_.log};
}

GstPad* BinAudio::request(GstPadTemplate* sink_template, const char* name) {
  guint index = 0;
  bool running = false;
  {
    const std::lock_guard lock(lock_);
    index = next_index_;
    if (name && g_str_has_prefix(name, "audio_sink_"))
      index = static_cast<guint>(std::strtoul(name + 11, nullptr, 10));
    next_index_ = std::max(next_index_, index + 1);
    running = running_;
  }
  const std::string full = "audio_sink_" + std::to_string(index);
  if (const auto taken = PadPtr::adopt(gst_element_get_static_pad(host_.element, full.c_str()))) {
    g_warning("omniv2vbin has a pad %s already", full.c_str());
    return nullptr;
  }
  GstPad* sink = gst_pad_new_from_template(sink_template, full.c_str());
  auto lane = std::make_shared<AudioPassthrough>(lane_host(sink, index));
  {
    const std::lock_guard lock(lock_);
    const bool first = lanes_.empty();
    g_object_set_data_full(G_OBJECT(sink), "omni-context", new PadContext{this, lane, first},
                           [](gpointer data) { delete static_cast<PadContext*>(data); });
    gst_pad_set_element_private(sink, g_object_get_data(G_OBJECT(sink), "omni-context"));
    lanes_.push_back({sink, lane});
  }
  gst_pad_set_chain_function(sink, chain);
  gst_pad_set_event_function(sink, sink_event);
  gst_pad_set_query_function(sink, sink_query);
  gst_pad_set_iterate_internal_links_function(sink, linked_pad);
  if (running) {
    lane->start();
    gst_pad_set_active(sink, TRUE);
  }
  gst_element_add_pad(host_.element, sink);
  return sink;
}

void BinAudio::release(GstPad* sink) {
  std::shared_ptr<AudioPassthrough> lane;
  {
    const std::lock_guard lock(lock_);
    for (const Lane& one : lanes_)
      if (one.sink == sink) lane = one.lane;
    std::erase_if(lanes_, [sink](const Lane& one) { return one.sink == sink; });
  }
  if (!lane) return;
  lane->stop();
  const auto heard = context_of(sink).first ? tap() : nullptr;
  if (heard) heard->stop();
  gst_pad_set_active(sink, FALSE);
  if (heard) heard->sound().end();
  if (const PadPtr src = lane->src()) {
    // Its task may be held by a sink that waits for the picture, which takes minutes.
    gst_pad_push_event(src.get(), gst_event_new_flush_start());
    gst_pad_set_active(src.get(), FALSE);
  }
  lane->finish();
  gst_element_remove_pad(host_.element, sink);
}

std::vector<BinAudio::Lane> BinAudio::lanes() const {
  const std::lock_guard lock(lock_);
  return lanes_;
}

void BinAudio::start(bool tapped, bool of_results) {
  auto result_lane = of_results ? std::make_shared<ResultAudio>(lane_host(nullptr, 0)) : nullptr;
  if (result_lane) result_lane->start();
  {
    const std::lock_guard lock(lock_);
    running_ = true;
    complete_ = false;
    tap_ = tapped ? std::make_shared<ReferenceAudioTap>() : nullptr;
    result_lane_ = std::move(result_lane);
  }
  for (const Lane& one : lanes()) one.lane->start();
}

void BinAudio::stop() {
  {
    const std::lock_guard lock(lock_);
    running_ = false;
  }
  for (const Lane& one : lanes()) one.lane->stop();
  if (const auto lane = result_lane()) lane->stop();
  if (const auto heard = tap()) heard->stop();
}

void BinAudio::finish() {
  for (const Lane& one : lanes()) one.lane->finish();
  if (const auto lane = result_lane()) lane->finish();
}

std::shared_ptr<ResultAudio> BinAudio::result_lane() const {
  const std::lock_guard lock(lock_);
  return result_lane_;
}

std::shared_ptr<ReferenceAudioTap> BinAudio::tap() const {
  const std::lock_guard lock(lock_);
  return tap_;
}

}  // namespace omni
