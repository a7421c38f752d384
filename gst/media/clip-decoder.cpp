// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/clip-decoder.h"

#include <gst/pbutils/missing-plugins.h>
#include <gst/video/video.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "media/bytes-source.h"
#include "media/demuxed-video.h"
#include "media/encoder.h"
#include "media/gst-util.h"
#include "media/mp4/probe.h"
#include "media/mp4/samples.h"
#include "service/error.h"

namespace omni {
namespace {

constexpr std::size_t kAhead = 3;    // raw frames that may wait; they are large
constexpr double kSameShape = 0.02;  // aspect ratios may differ this much without black bars

PadPtr pad_of(const ElementPtr& element, const char* name) {
  return PadPtr::adopt(gst_element_get_static_pad(element.get(), name));
}

double shape_of(const GstVideoInfo& info) {
  const double pixel =
      static_cast<double>(GST_VIDEO_INFO_PAR_N(&info)) / std::max(1, GST_VIDEO_INFO_PAR_D(&info));
  return pixel * GST_VIDEO_INFO_WIDTH(&info) / std::max(1, GST_VIDEO_INFO_HEIGHT(&info));
}

/// Do the caps fully describe one frame format? GStreamer logs an error when others are parsed.
bool is_one_picture(const GstCaps* caps) {
  return gst_caps_is_fixed(caps) &&
         gst_structure_has_field(gst_caps_get_structure(caps, 0), "format") &&
         gst_structure_has_field(gst_caps_get_structure(caps, 0), "width");
}

/// The fields that describe a frame; not its timing or other fields.
CapsPtr picture_only(const GstCaps* caps) {
  auto only = CapsPtr::adopt(gst_caps_new_empty());
  for (guint i = 0; i < gst_caps_get_size(caps); ++i) {
    const GstStructure* from = gst_caps_get_structure(caps, i);
    GstStructure* to = gst_structure_new_empty("video/x-raw");
    for (const char* field :
         {"format", "width", "height", "pixel-aspect-ratio", "colorimetry", "chroma-site"}) {
      if (const GValue* value = gst_structure_get_value(from, field))
        gst_structure_set_value(to, field, value);
    }
    gst_caps_append_structure(only.get(), to);
  }
  // Caps without colorimetry mean the default for that size. A conversion would keep the
  // colorimetry of the clip.
  GstVideoInfo info;
  if (!is_one_picture(only.get()) || !gst_video_info_from_caps(&info, only.get())) return only;
  if (gst_structure_has_field(gst_caps_get_structure(only.get(), 0), "colorimetry")) return only;
  const CharPtr usual(gst_video_colorimetry_to_string(&info.colorimetry));
  if (usual) gst_caps_set_simple(only.get(), "colorimetry", G_TYPE_STRING, usual.get(), nullptr);
  return only;
}

/// Does a conversion between YUV frames change only the range? GStreamer 1.22 treats the two as
/// equal.
bool is_range_all(const GstVideoInfo& from, const GstVideoInfo& to) {
  if (!GST_VIDEO_INFO_IS_YUV(&from) || !GST_VIDEO_INFO_IS_YUV(&to)) return false;
  const GstVideoColorimetry &one = from.colorimetry, &other = to.colorimetry;
  return one.matrix == other.matrix && one.range != other.range;
}

/// These caps as RGB, with more than 8 bits.
CapsPtr as_rgb(const GstCaps* caps) {
  auto rgb = CapsPtr::adopt(gst_caps_copy(caps));
  GstStructure* structure = gst_caps_get_structure(rgb.get(), 0);
  gst_structure_remove_fields(structure, "colorimetry", "chroma-site", nullptr);
  gst_structure_set(structure, "format", G_TYPE_STRING, "GBR_10LE", nullptr);
  return rgb;
}

/// The caps with a matrix, if they are of YUV in full range and leave it open: the usual one of
/// that size. GStreamer would take the range for the usual one as well. Null: they are good as they
/// are.
CapsPtr with_matrix(const GstCaps* caps) {
  GstVideoInfo usual;
  GstVideoColorimetry own;
  const char* text = gst_structure_get_string(gst_caps_get_structure(caps, 0), "colorimetry");
  if (!text || !gst_video_colorimetry_from_string(&own, text) ||
      own.matrix != GST_VIDEO_COLOR_MATRIX_UNKNOWN || own.range != GST_VIDEO_COLOR_RANGE_0_255 ||
      !gst_video_info_from_caps(&usual, caps) || !GST_VIDEO_INFO_IS_YUV(&usual))
    return {};
  own.matrix = usual.colorimetry.matrix;
  const CharPtr named(gst_video_colorimetry_to_string(&own));
  auto changed = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(changed.get(), "colorimetry", G_TYPE_STRING, named.get(), nullptr);
  return changed;
}

/// Caps with these colours, in any format that videoflip knows; not in RGB if these are not.
CapsPtr same_colours(const GstCaps* caps) {
  static GstStaticCaps yuv = GST_STATIC_CAPS(
      "video/x-raw,format={ I420, NV12, YV12, NV21, UYVY, YUY2, Y444, AYUV, "
      "I420_10LE, I422_10LE, Y444_10LE, I420_12LE, I422_12LE, Y444_12LE }");
  GstVideoInfo info;
  const bool is_yuv = gst_video_info_from_caps(&info, caps) && GST_VIDEO_INFO_IS_YUV(&info);
  auto same = CapsPtr::adopt(is_yuv ? gst_caps_make_writable(gst_static_caps_get(&yuv))
                                    : gst_caps_new_empty_simple("video/x-raw"));
  const char* text = gst_structure_get_string(gst_caps_get_structure(caps, 0), "colorimetry");
  if (text) gst_caps_set_simple(same.get(), "colorimetry", G_TYPE_STRING, text, nullptr);
  return same;
}

/// Is it the video that is shown? Thumbnails are video tracks, too.
bool is_shown(GstPad* demuxed, const std::string& shown) {
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(demuxed));
  const char* name = caps ? gst_structure_get_name(gst_caps_get_structure(caps.get(), 0)) : "";
  if (!g_str_has_prefix(name, "video/") && !g_str_has_prefix(name, "image/")) return false;
  const CharPtr id(gst_pad_get_stream_id(demuxed));
  return shown.empty() || !id || g_str_has_suffix(id.get(), shown.c_str());
}

}  // namespace

ClipDecoder::ClipDecoder(std::shared_ptr<const ByteRope> file, const GstCaps* wanted)
    : wanted_(picture_only(wanted)) {
  GstElement* pipeline = gst_pipeline_new(nullptr);
  pipeline_ = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(pipeline)));
  gst_pipeline_use_clock(GST_PIPELINE(pipeline), nullptr);  // as fast as possible
  const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline));
  gst_bus_set_sync_handler(bus.get(), &bus_message, this, nullptr);
  build(std::move(file));
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);  // a failure is posted on the bus
}

ClipDecoder::~ClipDecoder() {
  cancel();
  input_->stop();
}

ElementPtr ClipDecoder::add(ElementPtr element) {
  gst_bin_add(GST_BIN(pipeline_.get()), element.get());
  return element;
}

/// input ! convert for videoflip ! the same colours ! videoflip ! convert and scale ! intermediate
/// format ! convert ! appsink
void ClipDecoder::build(std::shared_ptr<const ByteRope> file) {
  const auto link_decoded = [this](GstPad* pad) { input_->link(pad, pad_of(head_, "sink").get()); };
  const auto wants = [shown = shown_stream(file)](GstPad* pad) { return is_shown(pad, shown); };
  input_.emplace(pipeline_, std::move(file), wants, link_decoded);
  head_ = add(make_element("videoconvert", kPluginsBase));  // videoflip knows few formats
  gst_pad_add_probe(pad_of(head_, "sink").get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                    &colours_probe, this, nullptr);
  same_colours_ = add(make_element("capsfilter", kPluginsBase));
  const ElementPtr flip = add(make_element("videoflip", kPluginsGood));
  gst_util_set_object_arg(G_OBJECT(flip.get()), "video-direction", "auto");
  convert_ = add(make_element("videoconvertscale", kPluginsBase));
  gst_util_set_object_arg(G_OBJECT(convert_.get()), "method", "lanczos");
  intermediate_ = add(make_element("capsfilter", kPluginsBase));
  g_object_set(intermediate_.get(), "caps", wanted_.get(), nullptr);
  const ElementPtr last = add(make_element("videoconvertscale", kPluginsBase));
  const ElementPtr filter = add(make_element("capsfilter", kPluginsBase));
  g_object_set(filter.get(), "caps", wanted_.get(), nullptr);
  const ElementPtr sink = add(make_element("appsink", kPluginsBase));
  g_object_set(sink.get(), "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  GstAppSinkCallbacks callbacks = {&end_of_stream, nullptr, &new_sample, nullptr, {}};
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, this, nullptr);
  gst_element_link_many(head_.get(), same_colours_.get(), flip.get(), convert_.get(),
                        intermediate_.get(), last.get(), filter.get(), sink.get(), nullptr);
  gst_pad_add_probe(pad_of(convert_, "sink").get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                    &shape_probe, this, nullptr);
}

/// The first converter would choose the colours that are wanted in the end, and it is not the one
/// that can convert them.
GstPadProbeReturn ClipDecoder::colours_probe(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* me = static_cast<ClipDecoder*>(self);
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const CapsPtr changed = with_matrix(caps);
  const CapsPtr colours = same_colours(changed ? changed.get() : caps);
  g_object_set(me->same_colours_.get(), "caps", colours.get(), nullptr);
  if (!changed) return GST_PAD_PROBE_OK;
  GST_PAD_PROBE_INFO_DATA(info) = gst_event_new_caps(changed.get());
  gst_event_unref(event);
  return GST_PAD_PROBE_OK;
}

/// Black bars only where the aspect ratio really differs, because services round sizes. Colours are
/// converted by way of RGB only where there is no correct direct conversion.
GstPadProbeReturn ClipDecoder::shape_probe(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* me = static_cast<ClipDecoder*>(self);
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstVideoInfo from, to;
  const bool known = is_one_picture(me->wanted_.get()) && gst_video_info_from_caps(&from, caps) &&
                     gst_video_info_from_caps(&to, me->wanted_.get());
  const bool bars = known && std::abs(shape_of(from) / shape_of(to) - 1) > kSameShape;
  g_object_set(me->convert_.get(), "add-borders", static_cast<gboolean>(bars), nullptr);
  const bool range = known && is_range_all(from, to);
  const auto way = range ? as_rgb(me->wanted_.get()) : me->wanted_;
  g_object_set(me->intermediate_.get(), "caps", way.get(), nullptr);
  return GST_PAD_PROBE_OK;
}

void ClipDecoder::note_problem(const std::string& text) {
  const std::lock_guard lock(lock_);
  if (problem_.empty()) problem_ = text;
  changed_.notify_all();
}

GstBusSyncReply ClipDecoder::bus_message(GstBus*, GstMessage* message, gpointer self) {
  auto* me = static_cast<ClipDecoder*>(self);
  if (gst_is_missing_plugin_message(message)) {
    const CharPtr what(gst_missing_plugin_message_get_description(message));
    const std::lock_guard lock(me->lock_);
    me->missing_ = what.get();
  } else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    me->note_problem(error_text(message));
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

void ClipDecoder::end_of_stream(GstAppSink*, gpointer self) {
  auto* me = static_cast<ClipDecoder*>(self);
  const std::lock_guard lock(me->lock_);
  me->ended_ = true;
  me->changed_.notify_all();
}

GstFlowReturn ClipDecoder::new_sample(GstAppSink* sink, gpointer self) {
  const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  return static_cast<ClipDecoder*>(self)->keep(sample.get());
}

/// Edit lists and reordering make a result's PTS start above 0, so running time is used.
GstFlowReturn ClipDecoder::keep(const GstSample* sample) {
  auto* of = const_cast<GstSample*>(sample);
  GstBuffer* buffer = gst_sample_get_buffer(of);
  const GstClockTime time = gst_segment_to_running_time(gst_sample_get_segment(of), GST_FORMAT_TIME,
                                                        GST_BUFFER_PTS(buffer));
  if (!GST_CLOCK_TIME_IS_VALID(time)) return GST_FLOW_OK;  // outside the segment
  ClipFrame frame{BufferPtr::share(buffer), CapsPtr::share(gst_sample_get_caps(of)), time};
  std::unique_lock lock(lock_);
  changed_.wait(lock, [&] { return frames_.size() < kAhead || cancelled_; });
  if (cancelled_) return GST_FLOW_FLUSHING;
  frames_.push_back(std::move(frame));
  changed_.notify_all();
  return GST_FLOW_OK;
}

std::optional<ClipFrame> ClipDecoder::next() {
  std::unique_lock lock(lock_);
  changed_.wait(lock,
                [&] { return !frames_.empty() || ended_ || cancelled_ || !problem_.empty(); });
  if (cancelled_) throw Failure(Reason::cancelled, "stopped");
  if (!frames_.empty()) {
    ClipFrame frame = std::move(frames_.front());
    frames_.pop_front();
    changed_.notify_all();
    return frame;
  }
  if (!missing_.empty())
    throw Failure(Reason::bad_result, "The video cannot be decoded: GStreamer has no plugin for " +
                                          missing_ +
                                          ". Install it (Debian packages gstreamer1.0-libav, "
                                          "gstreamer1.0-plugins-bad).");
  if (!problem_.empty())
    throw Failure(Reason::bad_result, "The video cannot be decoded: " + problem_ + ".");
  return std::nullopt;
}

void ClipDecoder::cancel() {
  const std::lock_guard lock(lock_);
  cancelled_ = true;
  changed_.notify_all();
}

GstClockTime shown_duration(const std::shared_ptr<const ByteRope>& file) {
  try {
    const mp4::Movie movie = mp4::read_movie(file);
    const mp4::SampleTrack* track = movie.video();
    if (!track) return 0;
    std::uint64_t edited = 0;
    for (const mp4::Edit& edit : track->edits) edited += edit.duration;
    const auto media = track->timescale ? gst_util_uint64_scale_round(track->media_duration(),
                                                                      GST_SECOND, track->timescale)
                                        : 0;
    if (edited == 0 || movie.timescale == 0) return media;
    return gst_util_uint64_scale_round(edited, GST_SECOND, movie.timescale);
  } catch (const mp4::Problem&) {
  }
  return 0;
}

}  // namespace omni
