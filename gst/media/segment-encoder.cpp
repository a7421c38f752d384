// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/segment-encoder.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "media/bytes-source.h"
#include "media/frame-record.h"
#include "media/gst-util.h"
#include "media/mp4/coded-track.h"
#include "service/error.h"

namespace omni {
namespace {

constexpr double kTables = 20'000;  // bytes besides the media
constexpr double kLeastRich = 2e6;  // bits per second: saving on small frames gains nothing
constexpr double kFastest = 240;    // a higher rate stands for "any"
constexpr double kLate = 0.75;      // frames: less is jitter, and no frame is missing
constexpr double kUsualRate = 30;   // frames per second, where the caps give no rate
constexpr unsigned kKeyframes = 2;  // seconds
constexpr std::uint32_t kFineTicks = 90'000;
constexpr std::uint32_t kCoarsest = 10'000;  // ticks per second

double frame_rate_of(const GstCaps* raw) {
  const GstStructure* structure = gst_caps_get_structure(raw, 0);
  for (const char* name : {"framerate", "max-framerate"}) {
    gint numerator = 0, denominator = 1;
    if (gst_structure_get_fraction(structure, name, &numerator, &denominator) && numerator > 0)
      return std::clamp(static_cast<double>(numerator) / denominator, 0.1, kFastest);
  }
  return kUsualRate;
}

bool is_constant_rate(const GstCaps* raw) {
  gint numerator = 0, denominator = 1;
  gst_structure_get_fraction(gst_caps_get_structure(raw, 0), "framerate", &numerator, &denominator);
  return numerator > 0 && static_cast<double>(numerator) / denominator <= kFastest;
}

/// Duration of a repeated frame. Where the rate is not reliable, more frames would only cost time.
GstClockTime frame_duration_of(const GstCaps* raw) {
  const double rate = frame_rate_of(raw);
  return static_cast<GstClockTime>(GST_SECOND /
                                   (is_constant_rate(raw) ? rate : std::min(rate, kUsualRate)));
}

/// A timescale in which frame times at a constant rate are whole numbers.
std::uint32_t timescale_of(const GstCaps* raw) {
  gint numerator = 0, denominator = 1;
  gst_structure_get_fraction(gst_caps_get_structure(raw, 0), "framerate", &numerator, &denominator);
  if (numerator <= 0 || static_cast<std::uint32_t>(numerator) > kFineTicks) return kFineTicks;
  auto ticks = static_cast<std::uint32_t>(numerator);
  while (ticks < kCoarsest) ticks *= 10;
  return ticks;
}

/// Encoders derive their rate from the frame rate, and none works without one.
CapsPtr with_frame_rate(const GstCaps* raw) {
  auto caps = CapsPtr::adopt(gst_caps_copy(raw));
  gint numerator = 0, denominator = 1;
  gst_util_double_to_fraction(frame_rate_of(raw), &numerator, &denominator);
  gst_structure_remove_field(gst_caps_get_structure(caps.get(), 0), "max-framerate");
  gst_caps_set_simple(caps.get(), "framerate", GST_TYPE_FRACTION, numerator, denominator, nullptr);
  return caps;
}

/// The frame without its metas, at its time in the segment. Reuses the buffer if it is not shared,
/// so that a pooled one returns to its pool when the encoder is done.
BufferPtr picture_at(BufferPtr frame, GstClockTime time) {
  auto picture = BufferPtr::adopt(gst_buffer_make_writable(frame.release()));
  strip_frame(picture.get());
  GST_BUFFER_PTS(picture.get()) = time;
  GST_BUFFER_DTS(picture.get()) = GST_BUFFER_DURATION(picture.get()) = GST_CLOCK_TIME_NONE;
  return picture;
}

}  // namespace

EncodePlan plan_segment(const GstCaps* raw, const SegmentLimits& limits,
                        const std::string& encoder) {
  EncodePlan plan;
  plan.encoder = encoder;
  plan.long_side = limits.max_side;
  plan.short_side = limits.max_short_side;
  const double frame_rate = frame_rate_of(raw);
  plan.settings.keyframe_interval =
      static_cast<unsigned>(std::clamp(frame_rate * kKeyframes, 1.0, 600.0));
  const PictureSize size = encoded_size(raw, plan);
  const double rich =
      std::max(kLeastRich, kRichBitsPerPixel * size.width * size.height * frame_rate);
  const double seconds = static_cast<double>(limits.longest) / GST_SECOND;
  const double bytes = kSizeTarget * static_cast<double>(limits.max_bytes) - kTables;
  const double most = std::max(bytes * 8 / seconds - limits.sound_rate, 20'000.0);
  const double rate = std::min(rich, most);
  plan.settings.bits_per_second = static_cast<std::uint64_t>(rate);
  const PictureRate picture{size, frame_rate};
  if (const unsigned lines = fitting_short_side(picture, rate, std::min(size.width, size.height)))
    plan.short_side = lines;
  return plan;
}

SegmentEncoder::SegmentEncoder(const GstCaps* raw, const EncodePlan& plan, unsigned ahead)
    : ahead_(ahead),
      frame_duration_(frame_duration_of(raw)),
      constant_rate_(is_constant_rate(raw)),
      timescale_(timescale_of(raw)) {
  GstElement* pipeline = gst_pipeline_new(nullptr);
  pipeline_ = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(pipeline)));
  gst_pipeline_use_clock(GST_PIPELINE(pipeline), nullptr);  // as fast as possible
  const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline));
  gst_bus_set_sync_handler(bus.get(), &bus_message, this, nullptr);
  start(raw, plan);
}

SegmentEncoder::~SegmentEncoder() {
  cancel();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void SegmentEncoder::start(const GstCaps* raw, const EncodePlan& plan) {
  source_ = make_element("appsrc", kPluginsBase);
  const CapsPtr caps = with_frame_rate(raw);
  g_object_set(source_.get(), "format", GST_FORMAT_TIME, "caps", caps.get(), "max-buffers",
               guint64{0}, "max-bytes", guint64{0}, "max-time", guint64{0}, nullptr);
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(source_.get(), "src"));
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, &frame_leaves, this, nullptr);
  EncodeChain chain(plan);
  chain.set_input(caps.get());
  encoder_ = chain.encoder();
  const ElementPtr sink = make_element("appsink", kPluginsBase);
  g_object_set(sink.get(), "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  GstAppSinkCallbacks callbacks = {&end_of_stream, nullptr, &new_sample, nullptr, {}};
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, this, nullptr);
  ElementPtr last = source_;
  gst_bin_add(GST_BIN(pipeline_.get()), source_.get());
  std::vector<ElementPtr> elements = chain.elements();
  elements.push_back(sink);
  for (const ElementPtr& element : elements) {
    gst_bin_add(GST_BIN(pipeline_.get()), element.get());
    gst_element_link(last.get(), element.get());
    last = element;
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);  // a failure is posted on the bus
}

GstPadProbeReturn SegmentEncoder::frame_leaves(GstPad*, GstPadProbeInfo*, gpointer self) {
  auto* me = static_cast<SegmentEncoder*>(self);
  const std::lock_guard lock(me->lock_);
  --me->waiting_;
  me->changed_.notify_all();
  return GST_PAD_PROBE_OK;
}

GstBusSyncReply SegmentEncoder::bus_message(GstBus*, GstMessage* message, gpointer self) {
  auto* me = static_cast<SegmentEncoder*>(self);
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    const std::string text = error_text(message);
    const std::lock_guard lock(me->lock_);
    if (me->problem_.empty()) me->problem_ = text;
    me->changed_.notify_all();
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

void SegmentEncoder::end_of_stream(GstAppSink*, gpointer self) {
  auto* me = static_cast<SegmentEncoder*>(self);
  const std::lock_guard lock(me->lock_);
  me->ended_ = true;
  me->changed_.notify_all();
}

GstFlowReturn SegmentEncoder::new_sample(GstAppSink* sink, gpointer self) {
  const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  static_cast<SegmentEncoder*>(self)->note_unit(gst_sample_get_buffer(sample.get()),
                                                gst_sample_get_caps(sample.get()));
  return GST_FLOW_OK;
}

void SegmentEncoder::note_unit(GstBuffer* buffer, GstCaps* caps) {
  const std::lock_guard lock(lock_);
  add_unit(coded_, buffer, caps);
}

bool SegmentEncoder::wait_for_room() {
  std::unique_lock lock(lock_);
  changed_.wait(lock,
                [&] { return waiting_ < ahead_ || cancelled_ || ended_ || !problem_.empty(); });
  if (cancelled_ || ended_ || !problem_.empty()) return false;
  ++waiting_;
  return true;
}

bool SegmentEncoder::has_room(unsigned frames) const {
  const std::lock_guard lock(lock_);
  return waiting_ + frames <= ahead_;
}

bool SegmentEncoder::is_behind() const {
  return !has_room(1);
}

bool SegmentEncoder::push(BufferPtr frame, GstClockTime time) {
  if (!wait_for_room()) return false;
  last_ = picture_at(std::move(frame), time);
  times_.push_back(time);
  gst_app_src_push_buffer(GST_APP_SRC(source_.get()), BufferPtr(last_).release());
  return true;
}

/// Compares with the number of frames due by now, so that small delays of many frames add up.
void SegmentEncoder::bridge(GstClockTime time, bool wait) {
  if (!constant_rate_ || times_.empty()) return;
  const double due = static_cast<double>(time) / static_cast<double>(frame_duration_);
  const double missing = due - static_cast<double>(times_.size());
  if (missing >= kLate) repeat_last(time, static_cast<guint64>(std::llround(missing)), wait);
}

/// Repeats the last frame `count` times, evenly spaced. When it must not wait, half of the room is
/// left for real frames.
void SegmentEncoder::repeat_last(GstClockTime until, guint64 count, bool wait) {
  const BufferPtr last = last_;
  const GstClockTime from = times_.back();
  for (guint64 i = 1; i <= count; ++i) {
    const GstClockTime time = from + gst_util_uint64_scale(until - from, i, count + 1);
    if (!(wait || has_room(ahead_ / 2 + 1)) || !push(last, time)) return;
  }
}

/// Repeats the last frame at the nominal frame duration.
void SegmentEncoder::fill_up(GstClockTime until) {
  if (!last_ || until <= times_.back()) return;
  const guint64 shown = gst_util_uint64_scale_round(until - times_.back(), 1, frame_duration_);
  if (shown > 1) repeat_last(until, shown - 1, true);
}

void SegmentEncoder::drain() {
  gst_app_src_end_of_stream(GST_APP_SRC(source_.get()));
  std::unique_lock lock(lock_);
  changed_.wait(lock, [&] { return ended_ || cancelled_ || !problem_.empty(); });
  if (cancelled_) throw Failure(Reason::cancelled, "stopped");
  if (!problem_.empty())
    throw Failure(Reason::bad_input, "The segment cannot be encoded: " + problem_ +
                                         ". Put `videoconvert ! videoscale` before the element, or "
                                         "set `encoder` to another one.");
}

mp4::SampleTrack SegmentEncoder::complete(GstClockTime length) {
  fill_up(length);
  last_ = nullptr;
  drain();
  const auto sink = PadPtr::adopt(gst_element_get_static_pad(encoder_.get(), "sink"));
  coded_.raw = CapsPtr::adopt(gst_pad_get_current_caps(sink.get()));
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  return make_track(length);
}

mp4::SampleTrack SegmentEncoder::make_track(GstClockTime length) const {
  if (coded_.units.size() != times_.size()) {
    throw Failure(Reason::bad_input,
                  "The segment cannot be encoded: of its " + std::to_string(times_.size()) +
                      " frames, the encoder returned " + std::to_string(coded_.units.size()) +
                      ". Set `encoder` to another one, such as x264enc.");
  }
  const auto ticks = [&](GstClockTime time) {
    return static_cast<std::int64_t>(gst_util_uint64_scale_round(time, timescale_, GST_SECOND));
  };
  std::vector<ShownFrame> frames;
  for (const GstClockTime time : times_) {
    std::int64_t at = ticks(time);
    if (!frames.empty()) at = std::max(at, frames.back().time + 1);
    frames.push_back({at, 1});
  }
  const std::int64_t end = std::max(ticks(length), frames.back().time + 1);
  frames.back().duration = static_cast<std::uint32_t>(end - frames.back().time);
  const CodedPicture picture = coded_picture(coded_);
  mp4::SampleTrack track;
  track.id = 1;
  track.handler = "vide";
  track.codec = "avc1";
  track.timescale = timescale_;
  track.width = picture.width << 16;
  track.height = picture.height << 16;
  track.entries = {picture.entry};
  track.media = coded_.media;
  place_units(coded_, frames, 0, track);
  return track;
}

void SegmentEncoder::cancel() {
  const std::lock_guard lock(lock_);
  cancelled_ = true;
  changed_.notify_all();
}

}  // namespace omni
