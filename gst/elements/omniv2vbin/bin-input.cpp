// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/bin-input.h"

#include <gst/video/video.h>

#include "elements/common/debug.h"
#include "elements/common/messages.h"
#include "elements/omniv2vbin/audio/result-audio.h"
#include "elements/omniv2vbin/orientation.h"
#include "media/frame-record.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

namespace omni {

namespace {

Error input_error(Reason reason, std::string text) {
  return {reason, std::move(text), 0, {}, {}};
}

/// What will be lost in a result.
std::string losses(const GstVideoInfo& info) {
  std::string text;
  const auto add = [&](const char* what) {
    text += (text.empty() ? "" : ", ") + std::string(what);
  };
  if (GST_VIDEO_FORMAT_INFO_HAS_ALPHA(info.finfo)) add("alpha (dropped)");
  if (GST_VIDEO_FORMAT_INFO_DEPTH(info.finfo, 0) > 8) add("more than 8 bits (rounded to 8)");
  const auto transfer = info.colorimetry.transfer;
  if (transfer == GST_VIDEO_TRANSFER_SMPTE2084 || transfer == GST_VIDEO_TRANSFER_ARIB_STD_B67)
    add("HDR (not tone-mapped)");
  return text;
}

}  // namespace

BinInput::BinInput(const BinHost& host, BinQueue& queue, Deadlines& deadlines, Cutter& cutter)
    : host_(host), queue_(queue), deadlines_(deadlines), cutter_(cutter) {
}

void BinInput::reset() {
  waits_since_ = g_get_monotonic_time();
  refused_ = false;
  ready_ = false;
}

/// The flow return for a frame now; OK when it is accepted.
GstFlowReturn BinInput::refusal() const {
  const QueueLock lock = queue_.lock();
  if (queue_.is_flushing(lock)) return GST_FLOW_FLUSHING;
  const GstFlowReturn flow = queue_.flow(lock);
  if (flow != GST_FLOW_OK) return flow == GST_FLOW_ERROR ? kFlowAfterError : flow;
  return refused_ ? kFlowAfterError : GST_FLOW_OK;
}

/// An error unrelated to one segment. The output posts it, after everything queued before.
GstFlowReturn BinInput::fail_now(const Error& error) {
  GST_DEBUG_OBJECT(host_.element, "input refused: %s", error.message.c_str());
  refused_ = true;
  queue_.push(error);
  return kFlowAfterError;
}

void BinInput::learn_latency() {
  GstQuery* query = gst_query_new_latency();
  if (gst_pad_peer_query(host_.sink, query)) {
    gboolean live = FALSE;
    GstClockTime least = 0;
    gst_query_parse_latency(query, &live, &least, nullptr);
    deadlines_.set_live(live);
    deadlines_.set_upstream_latency(least);
  }
  gst_query_unref(query);
  // A pipeline that plays already asked for latency before this element was in it.
  if (deadlines_.is_live())
    gst_element_post_message(host_.element, gst_message_new_latency(GST_OBJECT(host_.element)));
}

/// Called at the first caps, so that the change to PAUSED needs neither a key nor a network.
bool BinInput::start() {
  began_ = g_get_monotonic_time();
  learn_latency();
  try {
    cutter_.start(host_.settings());
    return true;
  } catch (const Failure& failure) {
    fail_now(failure.error());
    return false;
  }
}

GstClockTime BinInput::frame_duration(GstBuffer* buffer) const {
  if (GST_BUFFER_DURATION_IS_VALID(buffer)) return GST_BUFFER_DURATION(buffer);
  GstVideoInfo info;
  if (caps_ && gst_video_info_from_caps(&info, caps_.get()) && info.fps_n > 0)
    return gst_util_uint64_scale_int(GST_SECOND, info.fps_d, info.fps_n);
  return kDefaultFrameDuration;
}

GstFlowReturn BinInput::chain(BufferPtr buffer) {
  waits_since_ = kNotWaiting;
  any_frame_ = true;
  const GstFlowReturn flow = take_buffer(std::move(buffer));
  if (flow == GST_FLOW_OK) waits_since_ = g_get_monotonic_time();
  return flow;
}

GstFlowReturn BinInput::take_buffer(BufferPtr buffer) {
  if (const GstFlowReturn flow = refusal(); flow != GST_FLOW_OK) return flow;
  if (!get_ready()) return kFlowAfterError;
  if (!cutter_.has_segment())
    return fail_now(input_error(Reason::bad_input, "A frame arrived before a SEGMENT event."));
  const GstClockTime duration = frame_duration(buffer.get());
  try {
    cutter_.add_frame(std::move(buffer), caps_, duration);
  } catch (const Failure& failure) {
    return fail_now(failure.error());
  }
  return refusal();
}

gboolean BinInput::event(EventPtr event) {
  GST_LOG_OBJECT(host_.element, "input: %s event", GST_EVENT_TYPE_NAME(event.get()));
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_CAPS:
      if (!set_caps(event.get())) return FALSE;
      break;
    case GST_EVENT_SEGMENT:
      if (!set_segment(event.get())) return FALSE;
      break;
    case GST_EVENT_TAG:
      check_orientation(event.get());
      break;
    case GST_EVENT_GAP:
      cutter_.add_gap(std::move(event));
      return TRUE;
    case GST_EVENT_EOS:
      GST_DEBUG_OBJECT(host_.element, "received EOS");
      waits_since_ = kNotWaiting;
      report_empty();
      cutter_.finish();
      break;
    case GST_EVENT_SEGMENT_DONE:
      cutter_.cut("SEGMENT_DONE");
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (take_custom(event.get())) return TRUE;
      break;
    default:
      break;
  }
  if (!GST_EVENT_IS_SERIALIZED(event.get())) return gst_pad_push_event(host_.src, event.release());
  cutter_.add_event(std::move(event));
  return TRUE;
}

void BinInput::check_orientation(GstEvent* event) {
  if (turn_told_) return;
  GstTagList* tags = nullptr;
  gst_event_parse_tag(event, &tags);
  const std::string turn = missing_turn(host_.sink, tags);
  if (turn.empty()) return;
  turn_told_ = true;
  post_warning(host_.element,
               input_error(Reason::bad_input,
                           "The frames are to be shown turned (image-orientation=" + turn +
                               "), and no element before this one turns them. Put `videoflip "
                               "video-direction=auto` before it."),
               "the model sees the video as it is stored");
}

/// Else a file of nothing is made without a word.
void BinInput::report_empty() {
  if (any_frame_ || std::exchange(empty_told_, true)) return;
  post_warning(host_.element,
               input_error(Reason::bad_input,
                           "The stream ended without a frame. What stands before the element had "
                           "none to show: an edit list or a seek may hide all of them."),
               "EOS goes out");
}

void BinInput::begin_stream() {
  waits_since_ = g_get_monotonic_time();
  cutter_.cut("another stream");
}

bool BinInput::set_caps(GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return false;
  // Other caps fields are no reason to start a segment, which costs money.
  const bool same = caps_ && same_picture(caps_.get(), caps);
  GST_DEBUG_OBJECT(host_.element, "%s caps: %" GST_PTR_FORMAT, same ? "equivalent" : "new", caps);
  if (!same) cutter_.cut("new caps");
  caps_ = CapsPtr::share(caps);
  if (same) return true;
  ready_ = false;
  if (!get_ready()) return true;
  if (host_.result_audio) host_.result_audio->begin();
  const std::string lost = losses(info);
  if (!lost.empty())
    post_warning(host_.element,
                 input_error(Reason::bad_input,
                             "Results are 8-bit standard dynamic range without "
                             "alpha. The input has " +
                                 lost + "."),
                 "the video is converted");
  return true;
}

/// Are frames with these caps accepted? Errors are reported again after a flush, because upstream
/// does not send its caps again then.
bool BinInput::get_ready() {
  if (ready_) return true;
  GstVideoInfo info;
  if (!caps_ || !gst_video_info_from_caps(&info, caps_.get())) {
    fail_now(input_error(Reason::bad_input, "A frame arrived before valid caps."));
    return false;
  }
  if (!cutter_.is_started() && !start()) return false;
  if (GST_VIDEO_INFO_INTERLACE_MODE(&info) != GST_VIDEO_INTERLACE_MODE_PROGRESSIVE) {
    fail_now(input_error(Reason::bad_input,
                         "The input is interlaced, and services need progressive video. Put "
                         "`deinterlace` before omniv2vbin."));
    return false;
  }
  ready_ = true;
  return true;
}

bool BinInput::set_segment(GstEvent* event) {
  GstSegment segment;
  gst_event_copy_segment(event, &segment);
  GST_DEBUG_OBJECT(host_.element, "segment: %" GST_SEGMENT_FORMAT, &segment);
  if (segment.format != GST_FORMAT_TIME) {
    fail_now(
        input_error(Reason::bad_input,
                    "The input is not raw video in time format. Put `decodebin ! videoconvert` "
                    "before omniv2vbin, or use omniv2v for an MP4."));
    return true;
  }
  if (segment.rate != 1.0 || segment.applied_rate != 1.0) {
    fail_now(input_error(Reason::bad_input,
                         "The playback rate of the input is not 1: only forward playback at normal "
                         "speed can be regenerated."));
    return true;
  }
  cutter_.set_segment(segment);
  return true;
}

/// True for an event that was meant for this element.
bool BinInput::take_custom(GstEvent* event) {
  if (gst_video_event_is_force_key_unit(event)) {
    GstClockTime running = GST_CLOCK_TIME_NONE;
    gst_video_event_parse_downstream_force_key_unit(event, nullptr, nullptr, &running, nullptr,
                                                    nullptr);
    cutter_.request_cut_at(running);
    return false;
  }
  if (!gst_event_has_name(event, "omni/prompt")) return false;
  const char* prompt = gst_structure_get_string(gst_event_get_structure(event), "prompt");
  if (prompt) cutter_.add_prompt(prompt);
  return true;
}

bool BinInput::query(GstQuery* query, gboolean* answer) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_ALLOCATION:
      // The encoder's converter handles any layout; the memory stays upstream's.
      gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
      *answer = TRUE;
      return true;
    case GST_QUERY_CAPS: {
      GstCaps* filter = nullptr;
      gst_query_parse_caps(query, &filter);
      const auto own = CapsPtr::adopt(gst_pad_get_pad_template_caps(host_.sink));
      const bool as_input = host_.settings().output == OutputMode::source;
      auto caps = own;
      if (as_input) caps = CapsPtr::adopt(gst_pad_peer_query_caps(host_.src, own.get()));
      if (filter)
        caps =
            CapsPtr::adopt(gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
      gst_query_set_caps_result(query, caps.get());
      *answer = TRUE;
      return true;
    }
    default:
      return false;
  }
}

GstClockTime BinInput::idle_for() const {
  const gint64 since = waits_since_;
  if (since == kNotWaiting) return 0;
  const auto idle = static_cast<GstClockTime>(g_get_monotonic_time() - since) * GST_USECOND;
  const QueueLock lock = queue_.lock();
  return cutter_.on_their_way(lock) == 0 ? idle : 0;
}

/// Before the first caps it is not known here yet.
bool BinInput::upstream_is_live() const {
  if (deadlines_.has_begun()) return deadlines_.is_live();
  gboolean live = FALSE;
  GstQuery* query = gst_query_new_latency();
  if (gst_pad_peer_query(host_.sink, query))
    gst_query_parse_latency(query, &live, nullptr, nullptr);
  gst_query_unref(query);
  return live;
}

void BinInput::report_wait(std::string what, const char* until) {
  post_warning(host_.element, input_error(Reason::bad_input, std::move(what)), until);
}

void BinInput::look_after_wait() {
  const auto patience = static_cast<gint64>(GST_TIME_AS_USECONDS(kPatience));
  const gint64 began = began_;
  if (!pads_told_ && began != kNotWaiting && g_get_monotonic_time() - began >= patience) {
    const std::string pads = host_.pads_without_caps();
    pads_told_ = !pads.empty();
    if (pads_told_)
      report_wait("No caps have come to " + pads +
                      " for 5 s, so its src pad is still to come, and what is to be linked to it "
                      "waits. Bring audio there, or leave the pad out.",
                  "waits for caps");
  }
  if (idle_for() < kPatience || upstream_is_live()) return;
  cutter_.release_held();
  if (std::exchange(wait_told_, true)) return;
  report_wait(
      "No frame has come for 5 s, and no job is under way. Where another branch of the pipeline is "
      "full, it holds up this one: its queue has to hold more than a segment "
      "(max-size-time=10000000000 max-size-bytes=0 max-size-buffers=0), and audio has to go "
      "through the element. A player that starts by decoding a little of each stream, such as "
      "playbin, cannot use the element as a filter.",
      "waits for frames");
}

void BinInput::note_played_out(const QueueLock& lock) {
  gint64 since = waits_since_;
  if (cutter_.on_their_way(lock) == 0 && since != kNotWaiting)
    waits_since_.compare_exchange_strong(since, g_get_monotonic_time());
}

}  // namespace omni
