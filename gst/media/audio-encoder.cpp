// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/audio-encoder.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <algorithm>
#include <string>
#include <utility>

#include "media/bus-cancellation.h"
#include "media/gst-util.h"
#include "media/mp4/sample-entry.h"
#include "media/mp4/writer.h"
#include "service/error.h"

namespace omni {
namespace {

constexpr std::uint32_t kAacFrame = 1024;  // samples
// More than any AAC encoder holds back, in samples.
constexpr guint64 kAfterglow = 4096;

[[noreturn]] void bad_sound(const std::string& why) {
  throw Failure(Reason::bad_input, "the reference's audio cannot be encoded as AAC: " + why);
}

/// Builds, runs and stops appsrc ! audioconvert ! audioresample ! ENCODER ! aacparse ! appsink. The
/// segment from appsrc has no end: units come out later than their input, so the parser would drop
/// the last ones.
class SoundEncoder {
 public:
  SoundEncoder(const GstAudioInfo& format, std::vector<BufferPtr> pieces, unsigned bits_per_second);
  ~SoundEncoder() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  SoundEncoder(const SoundEncoder&) = delete;
  SoundEncoder& operator=(const SoundEncoder&) = delete;
  AudioCoded run(BusCancellation& cancellation);

 private:
  static void need_data(GstAppSrc* source, guint length, gpointer self);
  static GstFlowReturn new_sample(GstAppSink* sink, gpointer self);
  void add(const ElementPtr& element);
  void collect(GstSample* sample);
  void wait(bool failed);
  void count_samples();

  GstAudioInfo format_;
  std::vector<BufferPtr> pieces_;
  std::size_t next_ = 0;  // piece; on the streaming thread
  guint64 samples_ = 0;   // in all pieces
  guint64 sent_ = 0;      // on the streaming thread
  ElementPtr pipeline_;
  BusPtr bus_;
  ElementPtr last_;
  AudioCoded coded_;  // filled by the streaming thread, read after it has ended
};

SoundEncoder::SoundEncoder(const GstAudioInfo& format, std::vector<BufferPtr> pieces,
                           unsigned bits_per_second)
    : format_(format), pieces_(std::move(pieces)) {
  for (const BufferPtr& piece : pieces_) {
    samples_ += gst_buffer_get_size(piece.get()) / static_cast<gsize>(format_.bpf);
  }
  // Silence after the last samples flushes them out of the encoder; more of it where resampling
  // reduces their number.
  pieces_.push_back(
      make_silence(format_, kAfterglow * (1 + static_cast<guint64>(format_.rate) / 48000)));
  GstElement* pipeline = gst_pipeline_new(nullptr);
  pipeline_ = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(pipeline)));
  bus_ = BusPtr::adopt(gst_element_get_bus(pipeline));
  gst_pipeline_use_clock(GST_PIPELINE(pipeline), nullptr);  // as fast as possible

  const ElementPtr source = make_element("appsrc", kPluginsBase);
  const auto caps = CapsPtr::adopt(gst_audio_info_to_caps(&format_));
  g_object_set(source.get(), "format", GST_FORMAT_TIME, "caps", caps.get(), nullptr);
  GstAppSrcCallbacks feed = {&need_data, nullptr, nullptr, {}};
  gst_app_src_set_callbacks(GST_APP_SRC(source.get()), &feed, this, nullptr);
  const AacEncoder aac = make_aac_encoder(bits_per_second);
  coded_.priming = aac.priming;
  const ElementPtr convert = make_element("audioconvert", kPluginsBase);
  gst_util_set_object_arg(G_OBJECT(convert.get()), "dithering", "none");  // dithering would make
                                                                          // each run differ
  const ElementPtr raw = make_element("capsfilter", kPluginsBase);
  gst_util_set_object_arg(G_OBJECT(raw.get()), "caps",
                          "audio/mpeg,mpegversion=4,stream-format=raw");
  const ElementPtr sink = make_element("appsink", kPluginsBase);
  g_object_set(sink.get(), "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  GstAppSinkCallbacks callbacks = {nullptr, nullptr, &new_sample, nullptr, {}};
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, this, nullptr);
  for (const ElementPtr& element :
       {source, convert, make_element("audioresample", kPluginsBase), aac.element,
        make_element("aacparse", kPluginsGood), raw, sink}) {
    add(element);
  }
}

void SoundEncoder::add(const ElementPtr& element) {
  gst_bin_add(GST_BIN(pipeline_.get()), element.get());
  if (last_)
    gst_element_link(last_.get(), element.get());  // otherwise not-linked is posted as an
                                                   // error
  last_ = element;
}

void SoundEncoder::need_data(GstAppSrc* source, guint, gpointer self) {
  auto* me = static_cast<SoundEncoder*>(self);
  if (me->next_ == me->pieces_.size()) {
    gst_app_src_end_of_stream(source);
    return;
  }
  // A new buffer around the same memory: the piece itself may be shared.
  GstBuffer* piece = me->pieces_[me->next_++].get();
  GstBuffer* buffer =
      gst_buffer_copy_region(piece, GST_BUFFER_COPY_MEMORY, 0, gst_buffer_get_size(piece));
  const auto rate = static_cast<guint64>(me->format_.rate);
  GST_BUFFER_PTS(buffer) = gst_util_uint64_scale_round(me->sent_, GST_SECOND, rate);
  me->sent_ += gst_buffer_get_size(buffer) / static_cast<gsize>(me->format_.bpf);
  GST_BUFFER_DURATION(buffer) =
      gst_util_uint64_scale_round(me->sent_, GST_SECOND, rate) - GST_BUFFER_PTS(buffer);
  gst_app_src_push_buffer(source, buffer);
}

GstFlowReturn SoundEncoder::new_sample(GstAppSink* sink, gpointer self) {
  const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  static_cast<SoundEncoder*>(self)->collect(sample.get());
  return GST_FLOW_OK;
}

void SoundEncoder::collect(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  if (!coded_.caps) coded_.caps = CapsPtr::share(gst_sample_get_caps(sample));
  CodedUnit unit;
  unit.offset = coded_.media->size();
  unit.size = static_cast<std::uint32_t>(gst_buffer_get_size(buffer));
  unit.pts = GST_BUFFER_PTS(buffer);
  gpointer copy = nullptr;
  gsize size = 0;
  gst_buffer_extract_dup(buffer, 0, unit.size, &copy, &size);
  coded_.media->append(BytesPtr::adopt(g_bytes_new_take(copy, size)));
  coded_.units.push_back(unit);
}

AudioCoded SoundEncoder::run(BusCancellation& cancellation) {
  {
    const BusCancellation::Guard guard(cancellation, bus_.get());
    const auto change = gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    wait(change == GST_STATE_CHANGE_FAILURE);
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  count_samples();
  return std::move(coded_);
}

/// `failed`: the pipeline did not start. Usually an error says why, and nothing else would come.
void SoundEncoder::wait(bool failed) {
  const auto types =
      static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_APPLICATION);
  const auto message = MessagePtr::adopt(
      gst_bus_timed_pop_filtered(bus_.get(), failed ? 0 : GST_CLOCK_TIME_NONE, types));
  if (!message) bad_sound("the GStreamer pipeline does not start");
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) return;
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_APPLICATION) {
    throw Failure(Reason::cancelled, "encoding the reference's audio was interrupted");
  }
  GError* error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  const ErrorPtr owned(error);
  bad_sound(error->message);
}

/// At the rate of the output, which may differ.
void SoundEncoder::count_samples() {
  gint rate = 0;
  if (coded_.caps) {
    gst_structure_get_int(gst_caps_get_structure(coded_.caps.get(), 0), "rate", &rate);
  }
  coded_.samples = gst_util_uint64_scale_int_round(samples_, std::max(rate, 0), format_.rate);
}

}  // namespace

BufferPtr make_silence(const GstAudioInfo& format, std::uint64_t samples) {
  const gsize bytes = static_cast<gsize>(samples) * static_cast<gsize>(format.bpf);
  auto buffer = BufferPtr::adopt(gst_buffer_new_allocate(nullptr, bytes, nullptr));
  GstMapInfo map;
  if (gst_buffer_map(buffer.get(), &map, GST_MAP_WRITE)) {
    gst_audio_format_info_fill_silence(format.finfo, map.data, map.size);
    gst_buffer_unmap(buffer.get(), &map);
  }
  return buffer;
}

AudioCoded encode_sound(const GstAudioInfo& format, std::vector<BufferPtr> pieces,
                        unsigned bits_per_second, BusCancellation& cancellation) {
  return SoundEncoder(format, std::move(pieces), bits_per_second).run(cancellation);
}

mp4::SampleTrack aac_track(const AudioCoded& coded) {
  if (!coded.caps || coded.units.empty()) bad_sound("nothing came out");
  const GstStructure* caps = gst_caps_get_structure(coded.caps.get(), 0);
  gint rate = 0;
  gint channels = 0;
  gst_structure_get_int(caps, "rate", &rate);
  gst_structure_get_int(caps, "channels", &channels);
  const GValue* config = gst_structure_get_value(caps, "codec_data");
  if (rate <= 0 || !config) bad_sound("the encoder does not say how it is decoded");
  GstMapInfo map;
  GstBuffer* buffer = gst_value_get_buffer(config);
  gst_buffer_map(buffer, &map, GST_MAP_READ);
  const std::string setup(reinterpret_cast<const char*>(map.data), map.size);
  gst_buffer_unmap(buffer, &map);

  mp4::SampleTrack track;
  track.handler = "soun";
  track.codec = "mp4a";
  track.timescale = static_cast<std::uint32_t>(rate);
  track.entries = {mp4::aac_entry(static_cast<unsigned>(channels), track.timescale, setup)};
  track.media = coded.media;
  // What the encoder returned beyond the source's end is the appended silence.
  const auto wanted =
      static_cast<std::size_t>((coded.samples + coded.priming + kAacFrame - 1) / kAacFrame);
  for (const CodedUnit& unit : coded.units) {
    if (track.samples.size() == wanted) break;
    track.samples.push_back({unit.offset, unit.size, kAacFrame, 0, 1, true});
  }
  return track;
}

}  // namespace omni
