// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/decode-input.h"

#include <chrono>
#include <utility>

#include "media/bytes-source.h"
#include "media/demuxed-video.h"
#include "media/encoder.h"
#include "media/gst-util.h"
#include "media/libav.h"

namespace omni {
namespace {

// decodebin takes some milliseconds to build its chain. Waiting forever would be worse than the
// problem that the wait avoids.
constexpr std::chrono::seconds kMostPlugging{2};

}  // namespace

DecodeInput::DecodeInput(const ElementPtr& pipeline, std::shared_ptr<const ByteRope> file,
                         Wants wants, Use use)
    : pipeline_(pipeline),
      file_(std::move(file)),
      demuxer_(make_element("qtdemux", kPluginsGood)),
      decoder_(make_element("decodebin", kPluginsBase)),
      decoder_sink_(PadPtr::adopt(gst_element_get_static_pad(decoder_.get(), "sink"))),
      wants_(std::move(wants)),
      use_(std::move(use)) {
  copy_decoded_frames(decoder_.get());
  const ElementPtr source = make_bytes_source(file_);
  gst_bin_add_many(GST_BIN(pipeline_.get()), source.get(), demuxer_.get(), decoder_.get(), nullptr);
  gst_element_link(source.get(), demuxer_.get());
  gst_pad_add_probe(decoder_sink_.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, &flowing, this,
                    nullptr);
  g_signal_connect(demuxer_.get(), "pad-added", G_CALLBACK(&demuxed_pad), this);
  g_signal_connect(decoder_.get(), "pad-added", G_CALLBACK(&decoded_pad), this);
}

void DecodeInput::demuxed_pad(GstElement*, GstPad* pad, gpointer self) {
  auto* me = static_cast<DecodeInput*>(self);
  if (gst_pad_is_linked(me->decoder_sink_.get()) || !me->wants_(pad)) return;
  const CharPtr name(gst_pad_get_name(pad));
  if (g_str_has_prefix(name.get(), "video")) correct_demuxed_video(pad, me->file_);
  me->link(pad, me->decoder_sink_.get());
}

void DecodeInput::decoded_pad(GstElement*, GstPad* pad, gpointer self) {
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, &flowing, self, nullptr);
  static_cast<DecodeInput*>(self)->use_(pad);
}

/// The first decoded buffer, or EOS at the decoder's input.
GstPadProbeReturn DecodeInput::flowing(GstPad*, GstPadProbeInfo* info, gpointer self) {
  const bool is_event = GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM;
  if (is_event && GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  auto* me = static_cast<DecodeInput*>(self);
  const std::lock_guard lock(me->lock_);
  me->plugged_ = true;
  me->changed_.notify_all();
  return GST_PAD_PROBE_REMOVE;
}

/// A decoder that finds nothing to decode posts its error first and adds its pad afterwards, when
/// the pipeline may already be on its way to NULL. GStreamer warns of a loop if the graph changes
/// at that point.
void DecodeInput::link(GstPad* pad, GstPad* sink) {
  const std::lock_guard lock(lock_);
  if (!closing_ && !gst_pad_is_linked(sink)) gst_pad_link(pad, sink);
}

/// GStreamer 1.22 cannot stop decodebin while it builds its chain: it warns, or takes the flush for
/// a missing decoder and leaks caps. So wait for that. Then stop the demuxer first; the flush wakes
/// its thread, wherever it blocks. Its state is locked, because the pipeline may still be going to
/// PLAYING and would start it again.
void DecodeInput::stop() {
  {
    std::unique_lock lock(lock_);
    if (closing_) return;
    closing_ = true;
    if (gst_pad_is_linked(decoder_sink_.get()))
      changed_.wait_for(lock, kMostPlugging, [this] { return plugged_; });
  }
  gst_pad_send_event(decoder_sink_.get(), gst_event_new_flush_start());
  gst_element_set_locked_state(demuxer_.get(), TRUE);
  gst_element_set_state(demuxer_.get(), GST_STATE_NULL);
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

}  // namespace omni
