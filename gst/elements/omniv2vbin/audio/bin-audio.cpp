// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/audio/bin-audio.h"

#include <cstdlib>

#include "elements/common/debug.h"
#include "elements/common/element.h"
#include "elements/common/messages.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

namespace omni {

namespace {

/// For the pad functions; owned by the pad.
struct PadContext {
  BinAudio* audio;
  std::weak_ptr<AudioPassthrough> passthrough;
  bool first;
};

const PadContext& context_of(GstPad* pad) {
  return *static_cast<PadContext*>(gst_pad_get_element_private(pad));
}

GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
  return guarded(parent, GST_FLOW_ERROR, [&] {
    auto owned = BufferPtr::adopt(buffer);
    const PadContext& context = context_of(pad);
    const auto passthrough = context.passthrough.lock();
    if (!passthrough) return GST_FLOW_FLUSHING;
    if (context.first)
      if (const auto tap = context.audio->tap()) tap->take(buffer);
    if (context.audio->result_audio()) return context.audio->end_here(context.first);
    return passthrough->chain(std::move(owned));
  });
}

gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  return guarded(parent, gboolean{FALSE}, [&] {
    auto owned = EventPtr::adopt(event);
    const PadContext& context = context_of(pad);
    const auto passthrough = context.passthrough.lock();
    if (!passthrough) return gboolean{FALSE};
    const auto tap = context.first ? context.audio->tap() : nullptr;
    if (tap && !tap->take_event(event))
      post_warning(GST_ELEMENT(parent),
                   {Reason::bad_input,
                    "Only raw audio and AAC can be sent with a reference: put a decoder before "
                    "the first audio pad, or set reference-audio=false.",
                    0,
                    {},
                    {}},
                   "references have no audio");
    if (context.audio->result_audio()) return gboolean{TRUE};
    const bool shows_src =
        GST_EVENT_TYPE(event) == GST_EVENT_CAPS || GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && !passthrough->src())
      post_warning(GST_ELEMENT(parent),
                   {Reason::bad_input,
                    std::string("There is no audio on ") + GST_PAD_NAME(pad) +
                        ": it ended before its caps. Some muxers, mp4mux among them, write a file "
                        "that cannot be read when a track is empty: leave the audio branch out.",
                    0,
                    {},
                    {}},
                   "its src pad ends at once");
    const gboolean taken = passthrough->sink_event(std::move(owned));
    if (shows_src) context.audio->report_when_complete();
    return taken;
  });
}

gboolean sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  gboolean answer = FALSE;
  const auto passthrough = context_of(pad).passthrough.lock();
  if (passthrough && passthrough->sink_query(query, &answer)) return answer;
  return gst_pad_query_default(pad, parent, query);
}

GstIterator* linked_pad(GstPad* pad, GstObject*) {
  const auto passthrough = context_of(pad).passthrough.lock();
  const PadPtr src = passthrough ? passthrough->src() : PadPtr();
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

}  // namespace

/// audio=result: input audio is discarded, but still held back like the video.
GstFlowReturn BinAudio::end_here(bool first) {
  const auto tap = first ? this->tap() : nullptr;
  const auto running = host_.stream();
  if (!tap || !running) return GST_FLOW_OK;
  if (running->is_live()) return GST_FLOW_OK;
  const auto capacity = [&] { return running->audio_capacity(false); };
  return tap->wait_for_room(capacity) ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

/// All requested pads have a src pad. gst-launch then reports what it could not link, instead of
/// waiting forever.
void BinAudio::report_when_complete() {
  for (const AudioPad& one : passthroughs()) {
    if (one.passthrough->src()) continue;
    GST_DEBUG_OBJECT(one.sink.get(), "has no caps yet, so its src pad is still to come");
    return;
  }
  {
    const std::lock_guard lock(lock_);
    if (std::exchange(complete_, true)) return;
  }
  GST_DEBUG_OBJECT(host_.element, "every audio pad has its caps: no more pads");
  gst_element_no_more_pads(host_.element);
}

std::string BinAudio::pads_without_caps() const {
  std::string names;
  if (result_audio()) return names;
  for (const AudioPad& one : passthroughs()) {
    if (one.passthrough->src()) continue;
    const CharPtr name(gst_pad_get_name(one.sink.get()));
    names += (names.empty() ? "" : ", ") + std::string(name.get());
  }
  return names;
}

AudioPassthrough::Host BinAudio::passthrough_host(GstPad* sink, guint index) const {
  GstElement* element = host_.element;
  const auto new_src = [element, index] {
    GstPadTemplate* templ =
        gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(element), "audio_src_%u");
    return gst_pad_new_from_template(templ, ("audio_src_" + std::to_string(index)).c_str());
  };
  const auto stream = host_.stream;
  // Until the video has begun, the audio's own source says whether it is live.
  const auto live = [stream, sink] {
    const auto running = stream();
    if (!running || running->is_live()) return bool(running);
    return sink && !running->has_begun() && comes_live(sink);
  };
  const auto capacity = [stream, live] {
    const auto running = stream();
    return running ? running->audio_capacity(live()) : GST_CLOCK_TIME_NONE;
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
    g_warning("omniv2vbin already has a pad %s", full.c_str());
    return nullptr;
  }
  GstPad* sink = gst_pad_new_from_template(sink_template, full.c_str());
  auto passthrough = std::make_shared<AudioPassthrough>(passthrough_host(sink, index));
  {
    const std::lock_guard lock(lock_);
    const bool first = passthroughs_.empty();
    g_object_set_data_full(G_OBJECT(sink), "omni-context", new PadContext{this, passthrough, first},
                           [](gpointer data) { delete static_cast<PadContext*>(data); });
    gst_pad_set_element_private(sink, g_object_get_data(G_OBJECT(sink), "omni-context"));
    passthroughs_.push_back({PadPtr::share(sink), passthrough});
  }
  gst_pad_set_chain_function(sink, chain);
  gst_pad_set_event_function(sink, sink_event);
  gst_pad_set_query_function(sink, sink_query);
  gst_pad_set_iterate_internal_links_function(sink, linked_pad);
  if (running) {
    passthrough->start();
    gst_pad_set_active(sink, TRUE);
  }
  gst_element_add_pad(host_.element, sink);
  return sink;
}

void BinAudio::release(GstPad* sink) {
  std::shared_ptr<AudioPassthrough> passthrough;
  {
    const std::lock_guard lock(lock_);
    for (const AudioPad& one : passthroughs_)
      if (one.sink.get() == sink) passthrough = one.passthrough;
    std::erase_if(passthroughs_, [sink](const AudioPad& one) { return one.sink.get() == sink; });
  }
  if (!passthrough) return;
  passthrough->stop();
  const auto tap = context_of(sink).first ? this->tap() : nullptr;
  if (tap) tap->stop();
  gst_pad_set_active(sink, FALSE);
  if (tap) tap->audio().end();
  if (const PadPtr src = passthrough->src()) {
    // A sink that waits for the video may block its task for minutes.
    gst_pad_push_event(src.get(), gst_event_new_flush_start());
    gst_pad_set_active(src.get(), FALSE);
  }
  passthrough->finish();
  gst_element_remove_pad(host_.element, sink);
}

std::vector<BinAudio::AudioPad> BinAudio::passthroughs() const {
  const std::lock_guard lock(lock_);
  return passthroughs_;
}

void BinAudio::start(bool tapped, bool of_results) {
  auto result_audio =
      of_results ? std::make_shared<ResultAudio>(passthrough_host(nullptr, 0)) : nullptr;
  if (result_audio) result_audio->start();
  {
    const std::lock_guard lock(lock_);
    running_ = true;
    complete_ = false;
    tap_ = tapped ? std::make_shared<ReferenceAudioTap>() : nullptr;
    result_audio_ = std::move(result_audio);
  }
  for (const AudioPad& one : passthroughs()) one.passthrough->start();
}

void BinAudio::stop() {
  {
    const std::lock_guard lock(lock_);
    running_ = false;
  }
  for (const AudioPad& one : passthroughs()) one.passthrough->stop();
  if (const auto passthrough = result_audio()) passthrough->stop();
  if (const auto tap = this->tap()) tap->stop();
}

void BinAudio::finish() {
  for (const AudioPad& one : passthroughs()) one.passthrough->finish();
  if (const auto passthrough = result_audio()) passthrough->finish();
}

std::shared_ptr<ResultAudio> BinAudio::result_audio() const {
  const std::lock_guard lock(lock_);
  return result_audio_;
}

std::shared_ptr<ReferenceAudioTap> BinAudio::tap() const {
  const std::lock_guard lock(lock_);
  return tap_;
}

}  // namespace omni
