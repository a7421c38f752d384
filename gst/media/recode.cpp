// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/recode.h"

#include <gst/app/gstappsink.h>
#include <gst/audio/audio.h>
#include <gst/pbutils/missing-plugins.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "media/bus-cancellation.h"
#include "media/bytes-source.h"
#include "media/decode-input.h"
#include "media/gst-util.h"
#include "media/mp4/samples.h"
#include "service/error.h"

namespace omni {
namespace {

constexpr GstClockTime kSameTime = 100 * GST_USECOND;  // more than roundings, less than a frame
constexpr const char* kOverName = "omni/over";

void post(GstBus* bus, const char* name) {
  gst_bus_post(bus, gst_message_new_application(nullptr, gst_structure_new_empty(name)));
}

PadPtr pad_of(const ElementPtr& element, const char* name) {
  return PadPtr::adopt(gst_element_get_static_pad(element.get(), name));
}

/// Builds, runs and stops input ! CHAIN ! appsink.
class Recoder {
 public:
  Recoder(std::shared_ptr<const ByteRope> file, std::uint64_t max_bytes);
  ~Recoder();
  Recoder(const Recoder&) = delete;
  Recoder& operator=(const Recoder&) = delete;

  /// Adds the next element after the decoder; the first is the one that the decoder is linked to.
  void add(const ElementPtr& element);
  /// When `encoder` is in the chain: the caps of its input become part of the result.
  void set_encoder(const ElementPtr& encoder) { encoder_ = encoder; }
  /// Called once with the decoder's caps, before the chain is linked to it.
  void on_decoded(std::function<void(const GstCaps*)> use) { on_decoded_ = std::move(use); }
  /// Takes the output, which is not collected then. False: enough.
  void on_coded(std::function<bool(GstBuffer*)> use) { on_coded_ = std::move(use); }
  /// How a failure is reported.
  void set_blame(Reason reason, const char* what) {
    blame_ = reason;
    blamed_ = what;
  }
  const Coded& coded() const { return coded_; }
  /// Frames at other times are decoded, and go no further.
  void set_shown(const std::vector<GstClockTime>& times) { shown_ = times; }
  void set_frame_rate(unsigned numerator, unsigned denominator);
  void run(BusCancellation& cancellation);
  Coded take() { return std::move(coded_); }

 private:
  static GstFlowReturn new_sample(GstAppSink* sink, gpointer self);
  static GstPadProbeReturn note_time(GstPad* pad, GstPadProbeInfo* info, gpointer time);
  static GstPadProbeReturn drop_hidden(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  static GstPadProbeReturn mend_rate(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  bool take_track(GstPad* demuxed);
  void link_decoded(GstPad* pad);
  GstFlowReturn collect(GstSample* sample);
  GstFlowReturn stop();
  void wait(bool failed);
  [[noreturn]] void fail(GstMessage* message) const;

  std::uint64_t max_bytes_;
  ElementPtr pipeline_;
  BusPtr bus_;
  std::optional<DecodeInput> input_;
  ElementPtr head_;  // of the chain
  ElementPtr last_;
  ElementPtr encoder_;
  std::function<void(const GstCaps*)> on_decoded_;
  std::function<bool(GstBuffer*)> on_coded_;
  Reason blame_ = Reason::bad_input;
  std::string blamed_ = "the reference";
  std::vector<GstClockTime> shown_;
  unsigned rate_numerator_ = 0;
  unsigned rate_denominator_ = 1;
  std::string missing_;  // what GStreamer has no plugin for
  Coded coded_;          // filled by the streaming thread, read after it has ended
};

Recoder::Recoder(std::shared_ptr<const ByteRope> file, std::uint64_t max_bytes)
    : max_bytes_(max_bytes) {
  GstElement* pipeline = gst_pipeline_new(nullptr);
  pipeline_ = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(pipeline)));
  bus_ = BusPtr::adopt(gst_element_get_bus(pipeline));
  gst_pipeline_use_clock(GST_PIPELINE(pipeline), nullptr);  // as fast as possible
  input_.emplace(
      pipeline_, std::move(file), [this](GstPad* pad) { return take_track(pad); },
      [this](GstPad* pad) { link_decoded(pad); });
}

Recoder::~Recoder() {
  input_->stop();
}

void Recoder::add(const ElementPtr& element) {
  gst_bin_add(GST_BIN(pipeline_.get()), element.get());
  if (last_ && !gst_element_link(last_.get(), element.get())) {
    throw Failure(Reason::invalid_request,
                  std::string("the GStreamer elements ") + GST_OBJECT_NAME(last_.get()) + " and " +
                      GST_OBJECT_NAME(element.get()) + " cannot be linked");
  }
  if (!head_) head_ = element;
  last_ = element;
}

void Recoder::set_frame_rate(unsigned numerator, unsigned denominator) {
  rate_numerator_ = numerator;
  rate_denominator_ = denominator;
}

bool Recoder::take_track(GstPad* demuxed) {
  gst_pad_add_probe(demuxed, GST_PAD_PROBE_TYPE_BUFFER, &note_time, &coded_.first_demuxed, nullptr);
  return true;
}

void Recoder::link_decoded(GstPad* pad) {
  const PadPtr sink = pad_of(head_, "sink");
  if (gst_pad_is_linked(sink.get())) return;
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  if (caps && on_decoded_) on_decoded_(caps.get());
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_BUFFER, &note_time, &coded_.first_decoded,
                    nullptr);
  if (!shown_.empty())
    gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_BUFFER, &drop_hidden, this, nullptr);
  if (rate_numerator_ != 0) {
    gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, &mend_rate, this, nullptr);
  }
  input_->link(pad, sink.get());
}

GstPadProbeReturn Recoder::note_time(GstPad*, GstPadProbeInfo* info, gpointer time) {
  *static_cast<GstClockTime*>(time) = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  return GST_PAD_PROBE_REMOVE;
}

GstPadProbeReturn Recoder::drop_hidden(GstPad*, GstPadProbeInfo* info, gpointer self) {
  const std::vector<GstClockTime>& shown = static_cast<Recoder*>(self)->shown_;
  const GstClockTime time = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  const auto found = std::lower_bound(shown.begin(), shown.end(), time - std::min(time, kSameTime));
  const bool keep = found != shown.end() && *found <= time + kSameTime;
  return keep ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

/// Encoders work out their rate from the frame rate: none can do without one.
GstPadProbeReturn Recoder::mend_rate(GstPad*, GstPadProbeInfo* info, gpointer self) {
  auto* me = static_cast<Recoder*>(self);
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  gint numerator = 0;
  gint denominator = 1;
  gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &numerator,
                             &denominator);
  if (numerator > 0) return GST_PAD_PROBE_OK;
  const auto mended = CapsPtr::adopt(gst_caps_copy(caps));
  gst_caps_set_simple(mended.get(), "framerate", GST_TYPE_FRACTION,
                      static_cast<gint>(me->rate_numerator_),
                      static_cast<gint>(me->rate_denominator_), nullptr);
  GstEvent* other = gst_event_new_caps(mended.get());
  gst_event_set_seqnum(other, gst_event_get_seqnum(event));
  gst_event_unref(event);
  GST_PAD_PROBE_INFO_DATA(info) = other;
  return GST_PAD_PROBE_OK;
}

GstFlowReturn Recoder::new_sample(GstAppSink* sink, gpointer self) {
  const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  return static_cast<Recoder*>(self)->collect(sample.get());
}

/// The encoder may still drain before the pipeline is stopped: nothing counts after "enough".
GstFlowReturn Recoder::collect(GstSample* sample) {
  if (coded_.over) return GST_FLOW_EOS;
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  if (on_coded_) return on_coded_(buffer) ? GST_FLOW_OK : stop();
  add_unit(coded_, buffer, gst_sample_get_caps(sample));
  if (max_bytes_ == 0 || coded_.media->size() <= max_bytes_) return GST_FLOW_OK;
  return stop();  // it can only grow
}

GstFlowReturn Recoder::stop() {
  coded_.over = true;
  post(bus_.get(), kOverName);
  return GST_FLOW_EOS;
}

void Recoder::run(BusCancellation& cancellation) {
  const ElementPtr sink = make_element("appsink", kPluginsBase);
  g_object_set(sink.get(), "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE,
               "max-buffers", 4, nullptr);
  add(sink);
  GstAppSinkCallbacks callbacks = {nullptr, nullptr, &new_sample, nullptr, {}};
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, this, nullptr);
  {
    const BusCancellation::Guard guard(cancellation, bus_.get());
    const auto change = gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    wait(change == GST_STATE_CHANGE_FAILURE);
  }
  if (encoder_) {
    coded_.raw = CapsPtr::adopt(gst_pad_get_current_caps(pad_of(encoder_, "sink").get()));
  }
  input_->stop();
}

/// `failed`: the pipeline did not start. Usually an error says why, and nothing else would come.
void Recoder::wait(bool failed) {
  const auto types = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS |
                                                 GST_MESSAGE_APPLICATION | GST_MESSAGE_ELEMENT);
  for (;;) {
    const auto message = MessagePtr::adopt(
        gst_bus_timed_pop_filtered(bus_.get(), failed ? 0 : GST_CLOCK_TIME_NONE, types));
    if (!message)
      throw Failure(blame_, blamed_ + " cannot be decoded: the GStreamer pipeline does not start");
    switch (GST_MESSAGE_TYPE(message.get())) {
      case GST_MESSAGE_EOS:
        return;
      case GST_MESSAGE_APPLICATION:
        if (gst_message_has_name(message.get(), kOverName)) return;
        throw Failure(Reason::cancelled, "decoding " + blamed_ + " was interrupted");
      case GST_MESSAGE_ELEMENT:
        if (gst_is_missing_plugin_message(message.get())) {
          missing_ = CharPtr(gst_missing_plugin_message_get_description(message.get())).get();
        }
        break;
      default:
        if (!coded_.over) fail(message.get());
        return;
    }
  }
}

void Recoder::fail(GstMessage* message) const {
  if (!missing_.empty()) {
    throw Failure(blame_, blamed_ + " cannot be decoded: GStreamer has no plugin for " + missing_ +
                              ". Install it (Debian packages "
                              "gstreamer1.0-libav, gstreamer1.0-plugins-bad)");
  }
  throw Failure(blame_, blamed_ + " cannot be decoded: " + error_text(message));
}

}  // namespace

void add_unit(Coded& coded, GstBuffer* buffer, GstCaps* caps) {
  if (!coded.caps) coded.caps = CapsPtr::share(caps);
  CodedUnit unit;
  unit.offset = coded.media->size();
  unit.size = static_cast<std::uint32_t>(gst_buffer_get_size(buffer));
  unit.pts = GST_BUFFER_PTS(buffer);
  unit.sync = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  gpointer copy = nullptr;
  gsize size = 0;
  gst_buffer_extract_dup(buffer, 0, unit.size, &copy, &size);
  coded.media->append(BytesPtr::adopt(g_bytes_new_take(copy, size)));
  coded.units.push_back(unit);
}

Coded recode_video(std::shared_ptr<const ByteRope> file, const VideoRecode& plan,
                   BusCancellation& cancellation) {
  const ElementPtr queue = make_element("queue", kPluginsBase);
  // A raw frame may be 12 MB, and the encoder itself keeps enough of them.
  g_object_set(queue.get(), "max-size-buffers", 3, "max-size-bytes", 0, "max-size-time", guint64{0},
               nullptr);
  EncodeChain chain(plan);
  Recoder recoder(std::move(file), plan.max_bytes);
  recoder.add(queue);
  for (const ElementPtr& element : chain.elements()) recoder.add(element);
  recoder.set_encoder(chain.encoder());
  recoder.set_shown(plan.shown);
  recoder.set_frame_rate(plan.rate_numerator, plan.rate_denominator);
  recoder.on_decoded([&](const GstCaps* caps) { chain.set_input(caps); });
  recoder.run(cancellation);
  return recoder.take();
}

namespace {

// More than any AAC encoder holds back, in samples.
constexpr guint kAfterglow = 4096;

/// Encoder output is later than its input by the priming, so with the segment's stop the parser
/// downstream would drop the last units.
void open_end(GstPadProbeInfo* info) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  GstSegment segment;
  gst_event_copy_segment(event, &segment);
  segment.stop = GST_CLOCK_TIME_NONE;
  GstEvent* other = gst_event_new_segment(&segment);
  gst_event_set_seqnum(other, gst_event_get_seqnum(event));
  gst_event_unref(event);
  GST_PAD_PROBE_INFO_DATA(info) = other;
}

/// Silence after the last samples flushes them out of the encoder. Only the samples before it are
/// counted.
GstPadProbeReturn add_silence(GstPad* pad, GstPadProbeInfo* info, gpointer samples) {
  const bool is_event = GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM;
  if (is_event && GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_SEGMENT)
    open_end(info);
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  GstAudioInfo audio;
  if (!caps || !gst_audio_info_from_caps(&audio, caps.get())) return GST_PAD_PROBE_OK;
  const gsize frame = static_cast<gsize>(GST_AUDIO_INFO_BPF(&audio));
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    *static_cast<guint64*>(samples) += gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info)) / frame;
    return GST_PAD_PROBE_OK;
  }
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS) return GST_PAD_PROBE_OK;
  GstBuffer* silence = gst_buffer_new_allocate(nullptr, kAfterglow * frame, nullptr);
  GstMapInfo map;
  if (gst_buffer_map(silence, &map, GST_MAP_WRITE)) {
    gst_audio_format_info_fill_silence(audio.finfo, map.data, map.size);
    gst_buffer_unmap(silence, &map);
  }
  const guint64 before = *static_cast<guint64*>(samples);
  gst_pad_chain(pad, silence);
  *static_cast<guint64*>(samples) = before;
  return GST_PAD_PROBE_OK;
}

}  // namespace

AudioCoded recode_audio(std::shared_ptr<const ByteRope> file, unsigned bits_per_second,
                        BusCancellation& cancellation) {
  AacEncoder aac = make_aac_encoder(bits_per_second);
  Recoder recoder(std::move(file), 0);
  const ElementPtr rate = make_element("audiorate", kPluginsBase);
  g_object_set(rate.get(), "skip-to-first", TRUE, nullptr);
  for (const ElementPtr& element :
       {make_element("queue", kPluginsBase), make_element("audioconvert", kPluginsBase),
        make_element("audioresample", kPluginsBase), rate, aac.element,
        make_element("aacparse", kPluginsGood),
        make_caps_filter("audio/mpeg,mpegversion=4,stream-format=raw")}) {
    recoder.add(element);
  }
  recoder.set_encoder(aac.element);
  AudioCoded coded;
  gst_pad_add_probe(
      pad_of(aac.element, "sink").get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      &add_silence, &coded.samples, nullptr);
  recoder.run(cancellation);
  static_cast<Coded&>(coded) = recoder.take();
  coded.priming = aac.priming;
  return coded;
}

namespace {

/// Dithering would make each run differ.
ElementPtr plain_convert() {
  ElementPtr convert = make_element("audioconvert", kPluginsBase);
  gst_util_set_object_arg(G_OBJECT(convert.get()), "dithering", "none");
  return convert;
}

}  // namespace

void decode_audio(std::shared_ptr<const ByteRope> file, const GstAudioInfo& format,
                  const UseSound& use, BusCancellation& cancellation) {
  Recoder recoder(std::move(file), 0);
  recoder.set_blame(Reason::bad_result, "the audio of the result");
  // Before the resampler, which closes gaps of up to an eighth of a second.
  const ElementPtr rate = make_element("audiorate", kPluginsBase);
  g_object_set(rate.get(), "skip-to-first", TRUE, nullptr);
  const ElementPtr filter = make_element("capsfilter", kPluginsBase);
  const auto caps = CapsPtr::adopt(gst_audio_info_to_caps(&format));
  g_object_set(filter.get(), "caps", caps.get(), nullptr);
  for (const ElementPtr& element :
       {make_element("queue", kPluginsBase), plain_convert(), rate,
        make_element("audioresample", kPluginsBase), plain_convert(), filter}) {
    recoder.add(element);
  }
  recoder.on_coded([&](GstBuffer* buffer) {
    const auto since = GST_CLOCK_DIFF(recoder.coded().first_demuxed, GST_BUFFER_PTS(buffer));
    return use(buffer, static_cast<GstClockTime>(std::max<GstClockTimeDiff>(0, since)));
  });
  recoder.run(cancellation);
}

}  // namespace omni
