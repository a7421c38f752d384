// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "support/audio-ends.h"

namespace omni::test {

namespace {

PadPtr new_pad(const char* name, GstPadDirection direction) {
  return PadPtr::adopt(GST_PAD(gst_object_ref_sink(gst_pad_new(name, direction))));
}

gboolean live_query(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  gst_query_set_latency(query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

}  // namespace

AudioEnds::AudioEnds(GstElement* element)
    : element_(ElementPtr::share(element)),
      source_(new_pad("from", GST_PAD_SRC)),
      sink_(new_pad("to", GST_PAD_SINK)) {
  gst_pad_set_element_private(sink_.get(), this);
  gst_pad_set_chain_function(sink_.get(), &chain);
  gst_pad_set_event_function(sink_.get(), &event);
  gst_pad_set_active(source_.get(), TRUE);
  gst_pad_set_active(sink_.get(), TRUE);
  handler_ = g_signal_connect(element, "pad-added", G_CALLBACK(&added), this);
  // That of results comes with the picture's caps, and may be there already.
  if (const auto pad = PadPtr::adopt(gst_element_get_static_pad(element, "audio_src_0")))
    added(element, pad.get(), this);
}

AudioEnds::~AudioEnds() {
  let_go();
  g_signal_handler_disconnect(element_.get(), handler_);
  gst_pad_set_active(sink_.get(), FALSE);
  if (!request_) return;
  gst_pad_unlink(source_.get(), request_.get());
  gst_element_release_request_pad(element_.get(), request_.get());
}

void AudioEnds::added(GstElement*, GstPad* pad, gpointer self) {
  auto* me = static_cast<AudioEnds*>(self);
  if (g_str_equal(GST_PAD_NAME(pad), "audio_src_0")) gst_pad_link(pad, me->sink_.get());
}

GstFlowReturn AudioEnds::chain(GstPad* pad, GstObject*, GstBuffer* buffer) {
  auto* me = static_cast<AudioEnds*>(gst_pad_get_element_private(pad));
  const auto owned = BufferPtr::adopt(buffer);
  std::unique_lock lock(me->lock_);
  me->changed_.wait(lock, [&] { return !me->held_; });
  me->bytes_ += gst_buffer_get_size(buffer);
  return GST_FLOW_OK;
}

gboolean AudioEnds::event(GstPad* pad, GstObject*, GstEvent* event) {
  auto* me = static_cast<AudioEnds*>(gst_pad_get_element_private(pad));
  const auto owned = EventPtr::adopt(event);
  const std::lock_guard lock(me->lock_);
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) ++me->ends_;
  me->changed_.notify_all();
  return TRUE;
}

void AudioEnds::begin(bool live) {
  if (live) gst_pad_set_query_function(source_.get(), &live_query);
  request_ = PadPtr::adopt(gst_element_request_pad_simple(element_.get(), "audio_sink_0"));
  gst_pad_link(source_.get(), request_.get());
  push_event(gst_event_new_stream_start("sound"));
  push_event(gst_event_new_caps(CapsPtr::adopt(gst_caps_from_string("audio/x-raw,format=S16LE,rate="
                                                                    "48000,channels=2,layout="
                                                                    "interleaved"))
                                    .get()));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  push_event(gst_event_new_segment(&segment));
}

GstFlowReturn AudioEnds::push(GstClockTime from, GstClockTime length) {
  const gsize size = gst_util_uint64_scale(length, 48'000, GST_SECOND) * 4;
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, size, nullptr);
  gst_buffer_memset(buffer, 0, 0, size);
  GST_BUFFER_PTS(buffer) = from;
  GST_BUFFER_DURATION(buffer) = length;
  return gst_pad_push(source_.get(), buffer);
}

void AudioEnds::hold() {
  const std::lock_guard lock(lock_);
  held_ = true;
}

void AudioEnds::let_go() {
  const std::lock_guard lock(lock_);
  held_ = false;
  changed_.notify_all();
}

gsize AudioEnds::wait_ends(unsigned count) {
  std::unique_lock lock(lock_);
  changed_.wait(lock, [&] { return ends_ >= count; });
  return bytes_;
}

}  // namespace omni::test
