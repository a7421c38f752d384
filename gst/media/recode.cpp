#include "media/recode.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/audio/audio.h>
#include <gst/pbutils/missing-plugins.h>
#include <gst/video/video.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "media/mp4-samples.h"
#include "service/error.h"

namespace omni {
namespace {

constexpr const char* kInterruptName = "omni/interrupt";
constexpr const char* kOverName = "omni/over";
constexpr const char* kBase = "gstreamer1.0-plugins-base";
constexpr const char* kGood = "gstreamer1.0-plugins-good";
constexpr const char* kBad = "gstreamer1.0-plugins-bad";

void post(GstBus* bus, const char* name) {
  gst_bus_post(bus, gst_message_new_application(nullptr, gst_structure_new_empty(name)));
}

PadPtr pad_of(const ElementPtr& element, const char* name) {
  return PadPtr::adopt(gst_element_get_static_pad(element.get(), name));
}

/// appsrc ! qtdemux ! decodebin ! CHAIN ! appsink, made, run and taken down.
class Recoder {
 public:
  Recoder(std::shared_ptr<const Bytes> file, std::uint64_t max_bytes);
  ~Recoder();
  Recoder(const Recoder&) = delete;
  Recoder& operator=(const Recoder&) = delete;

  /// The next element from the decoder on; the first is that which the decoder is linked to.
  void add(const ElementPtr& element);
  /// When `encoder` is in the chain: what it is fed with ends up in the result.
  void set_encoder(const ElementPtr& encoder) { encoder_ = encoder; }
  /// Called once with what the decoder gives, before the chain is linked to it.
  void on_decoded(std::function<void(const GstCaps*)> use) { on_decoded_ = std::move(use); }
  /// What comes out goes there, and is not collected. False: that was enough.
  void on_coded(std::function<bool(GstBuffer*)> use) { on_coded_ = std::move(use); }
  /// How a failure is told.
  void set_blame(Reason reason, const char* what) {
    blame_ = reason;
    blamed_ = what;
  }
  const Coded& coded() const { return coded_; }
  void set_frame_rate(unsigned numerator, unsigned denominator);
  void run(Interrupt& interrupt);
  Coded take() { return std::move(coded_); }

 private:
  static void need_data(GstAppSrc* source, guint length, gpointer self);
  static gboolean seek_data(GstAppSrc* source, guint64 offset, gpointer self);
  static GstFlowReturn new_sample(GstAppSink* sink, gpointer self);
  static void demuxed_pad(GstElement* demuxer, GstPad* pad, gpointer self);
  static void decoded_pad(GstElement* decoder, GstPad* pad, gpointer self);
  static GstPadProbeReturn note_time(GstPad* pad, GstPadProbeInfo* info, gpointer time);
  static GstPadProbeReturn mend_rate(GstPad* pad, GstPadProbeInfo* info, gpointer self);
  void add_input();
  GstFlowReturn collect(GstSample* sample);
  GstFlowReturn stop();
  void wait(bool failed);
  [[noreturn]] void fail(GstMessage* message) const;

  std::shared_ptr<const Bytes> file_;
  std::uint64_t max_bytes_;
  std::uint64_t position_ = 0;  // of the reader, on the streaming thread
  ElementPtr pipeline_;
  BusPtr bus_;
  ElementPtr decoder_;
  ElementPtr head_;  // of the chain
  ElementPtr last_;
  ElementPtr encoder_;
  std::function<void(const GstCaps*)> on_decoded_;
  std::function<bool(GstBuffer*)> on_coded_;
  Reason blame_ = Reason::bad_input;
  std::string blamed_ = "the reference";
  unsigned rate_numerator_ = 0;
  unsigned rate_denominator_ = 1;
  std::string missing_;  // what a plugin is missing for
  Coded coded_;          // filled by the streaming thread, read when it is gone
};

Recoder::Recoder(std::shared_ptr<const Bytes> file, std::uint64_t max_bytes)
    : file_(std::move(file)), max_bytes_(max_bytes) {
  GstElement* pipeline = gst_pipeline_new(nullptr);
  pipeline_ = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(pipeline)));
  bus_ = BusPtr::adopt(gst_element_get_bus(pipeline));
  gst_pipeline_use_clock(GST_PIPELINE(pipeline), nullptr);  // as fast as it can
  add_input();
}

Recoder::~Recoder() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void Recoder::add_input() {
  const ElementPtr source = make_element("appsrc", kBase);
  const ElementPtr demuxer = make_element("qtdemux", kGood);
  decoder_ = make_element("decodebin", kBase);
  for (const ElementPtr& element : {source, demuxer, decoder_}) {
    gst_bin_add(GST_BIN(pipeline_.get()), element.get());
  }
  GstAppSrc* input = GST_APP_SRC(source.get());
  g_object_set(input, "format", GST_FORMAT_BYTES, nullptr);
  gst_app_src_set_stream_type(input, GST_APP_STREAM_TYPE_RANDOM_ACCESS);
  gst_app_src_set_size(input, static_cast<gint64>(file_->size()));
  GstAppSrcCallbacks callbacks = {&need_data, nullptr, &seek_data, {}};
  gst_app_src_set_callbacks(input, &callbacks, this, nullptr);
  gst_element_link(source.get(), demuxer.get());
  g_signal_connect(demuxer.get(), "pad-added", G_CALLBACK(&demuxed_pad), this);
  g_signal_connect(decoder_.get(), "pad-added", G_CALLBACK(&decoded_pad), this);
}

void Recoder::add(const ElementPtr& element) {
  gst_bin_add(GST_BIN(pipeline_.get()), element.get());
  if (last_ && !gst_element_link(last_.get(), element.get())) {
    throw Failure(Reason::invalid_request,
                  std::string("the GStreamer elements ") + GST_OBJECT_NAME(last_.get()) + " and " +
                      GST_OBJECT_NAME(element.get()) + " do not fit together");
  }
  if (!head_) head_ = element;
  last_ = element;
}

void Recoder::set_frame_rate(unsigned numerator, unsigned denominator) {
  rate_numerator_ = numerator;
  rate_denominator_ = denominator;
}

/// qtdemux takes what it asked for, not what is at hand: a read may span pieces.
void Recoder::need_data(GstAppSrc* source, guint length, gpointer self) {
  auto* me = static_cast<Recoder*>(self);
  const std::uint64_t size = me->file_->size();
  if (me->position_ >= size) {
    gst_app_src_end_of_stream(source);
    return;
  }
  const std::uint64_t count = std::min<std::uint64_t>(length, size - me->position_);
  Bytes parts;
  parts.append_slice(*me->file_, me->position_, count);
  GstBuffer* buffer = gst_buffer_new();
  for (const BytesPtr& part : parts.pieces()) {
    gsize bytes = 0;
    gconstpointer data = g_bytes_get_data(part.get(), &bytes);
    gst_buffer_append_memory(
        buffer, gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, const_cast<gpointer>(data), bytes,
                                       0, bytes, g_bytes_ref(part.get()),
                                       reinterpret_cast<GDestroyNotify>(&g_bytes_unref)));
  }
  GST_BUFFER_OFFSET(buffer) = me->position_;
  me->position_ += count;
  GST_BUFFER_OFFSET_END(buffer) = me->position_;
  gst_app_src_push_buffer(source, buffer);
}

gboolean Recoder::seek_data(GstAppSrc*, guint64 offset, gpointer self) {
  static_cast<Recoder*>(self)->position_ = offset;
  return TRUE;
}

void Recoder::demuxed_pad(GstElement*, GstPad* pad, gpointer self) {
  auto* me = static_cast<Recoder*>(self);
  const PadPtr sink = pad_of(me->decoder_, "sink");
  if (gst_pad_is_linked(sink.get())) return;
  gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, &note_time, &me->coded_.first_demuxed, nullptr);
  gst_pad_link(pad, sink.get());
}

void Recoder::decoded_pad(GstElement*, GstPad* pad, gpointer self) {
  auto* me = static_cast<Recoder*>(self);
  const PadPtr sink = pad_of(me->head_, "sink");
  if (gst_pad_is_linked(sink.get())) return;
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  if (caps && me->on_decoded_) me->on_decoded_(caps.get());
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_BUFFER, &note_time, &me->coded_.first_decoded,
                    nullptr);
  if (me->rate_numerator_ != 0) {
    gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, &mend_rate, me, nullptr);
  }
  gst_pad_link(pad, sink.get());  // what cannot be linked ends in an error: not-linked
}

GstPadProbeReturn Recoder::note_time(GstPad*, GstPadProbeInfo* info, gpointer time) {
  *static_cast<GstClockTime*>(time) = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  return GST_PAD_PROBE_REMOVE;
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

GstFlowReturn Recoder::collect(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  if (on_coded_) return on_coded_(buffer) ? GST_FLOW_OK : stop();
  if (!coded_.caps) coded_.caps = CapsPtr::share(gst_sample_get_caps(sample));
  CodedUnit unit;
  unit.offset = coded_.media->size();
  unit.size = static_cast<std::uint32_t>(gst_buffer_get_size(buffer));
  unit.pts = GST_BUFFER_PTS(buffer);
  unit.sync = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  gpointer copy = nullptr;
  gsize size = 0;
  gst_buffer_extract_dup(buffer, 0, unit.size, &copy, &size);
  coded_.media->append(BytesPtr::adopt(g_bytes_new_take(copy, size)));
  coded_.units.push_back(unit);
  if (max_bytes_ == 0 || coded_.media->size() <= max_bytes_) return GST_FLOW_OK;
  return stop();  // the rest cannot make it smaller
}

GstFlowReturn Recoder::stop() {
  coded_.over = true;
  post(bus_.get(), kOverName);
  return GST_FLOW_EOS;
}

void Recoder::run(Interrupt& interrupt) {
  const ElementPtr sink = make_element("appsink", kBase);
  g_object_set(sink.get(), "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE,
               "max-buffers", 4, nullptr);
  add(sink);
  GstAppSinkCallbacks callbacks = {nullptr, nullptr, &new_sample, nullptr, {}};
  gst_app_sink_set_callbacks(GST_APP_SINK(sink.get()), &callbacks, this, nullptr);
  {
    const Interrupt::Guard guard(interrupt, bus_.get());
    const auto change = gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    wait(change == GST_STATE_CHANGE_FAILURE);
  }
  if (encoder_) {
    coded_.raw = CapsPtr::adopt(gst_pad_get_current_caps(pad_of(encoder_, "sink").get()));
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

/// Failed to start: an error tells why, as a rule; nothing else would come.
void Recoder::wait(bool failed) {
  const auto types = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS |
                                                 GST_MESSAGE_APPLICATION | GST_MESSAGE_ELEMENT);
  for (;;) {
    const auto message = MessagePtr::adopt(
        gst_bus_timed_pop_filtered(bus_.get(), failed ? 0 : GST_CLOCK_TIME_NONE, types));
    if (!message)
      throw Failure(blame_, blamed_ + " cannot be decoded: GStreamer's pipeline does not start");
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
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  const ErrorPtr owned(error);
  const CharPtr owned_debug(debug);
  if (!missing_.empty()) {
    throw Failure(blame_, blamed_ + " cannot be decoded: GStreamer has no plugin for " + missing_ +
                              ". Install it (Debian packages "
                              "gstreamer1.0-libav, gstreamer1.0-plugins-bad)");
  }
  // Its first line says where in the sources; what was wrong is behind it.
  const std::string where = debug ? debug : "";
  const std::size_t line = where.find('\n');
  const std::string more = line == std::string::npos ? "" : " (" + where.substr(line + 1) + ")";
  throw Failure(blame_, blamed_ + " cannot be decoded: " + error->message + more);
}

/// Its size in square pixels, scaled into the limits; even, as 4:2:0 must be.
struct Frame {
  unsigned width = 0;
  unsigned height = 0;
  unsigned crop_right = 0;
  unsigned crop_bottom = 0;
};

Frame plan_frame(const GstVideoInfo& info, const VideoRecode& plan) {
  const auto coded_width = static_cast<double>(GST_VIDEO_INFO_WIDTH(&info));
  const auto coded_height = static_cast<double>(GST_VIDEO_INFO_HEIGHT(&info));
  const double aspect =
      static_cast<double>(GST_VIDEO_INFO_PAR_N(&info)) / std::max(1, GST_VIDEO_INFO_PAR_D(&info));
  const double width = coded_width * std::max(aspect, 1.0);
  const double height = coded_height / std::min(aspect, 1.0);
  double scale = 1.0;
  if (plan.long_side) scale = std::min(scale, plan.long_side / std::max(width, height));
  if (plan.short_side) scale = std::min(scale, plan.short_side / std::min(width, height));
  Frame frame;
  if (scale == 1.0 && aspect == 1.0) {  // a pixel less rather than all of them blurred
    frame.crop_right = GST_VIDEO_INFO_WIDTH(&info) % 2;
    frame.crop_bottom = GST_VIDEO_INFO_HEIGHT(&info) % 2;
    frame.width = static_cast<unsigned>(GST_VIDEO_INFO_WIDTH(&info)) - frame.crop_right;
    frame.height = static_cast<unsigned>(GST_VIDEO_INFO_HEIGHT(&info)) - frame.crop_bottom;
    return frame;
  }
  const auto even = [&](double side) {  // the nearest; below where a limit is
    const double half = scale < 1.0 ? std::floor(side * scale / 2 + 0.01) : std::round(side / 2);
    return std::max(8u, static_cast<unsigned>(half)) * 2;
  };
  frame.width = even(width);
  frame.height = even(height);
  return frame;
}

void set_frame(const GstCaps* caps, const VideoRecode& plan, GstElement* crop, GstElement* filter) {
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return;
  const Frame frame = plan_frame(info, plan);
  g_object_set(crop, "right", static_cast<gint>(frame.crop_right), "bottom",
               static_cast<gint>(frame.crop_bottom), nullptr);
  const auto wanted = CapsPtr::adopt(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "I420", "width", G_TYPE_INT,
      static_cast<gint>(frame.width), "height", G_TYPE_INT, static_cast<gint>(frame.height),
      "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr));
  const char* colours = gst_structure_get_string(gst_caps_get_structure(caps, 0), "colorimetry");
  if (colours && GST_VIDEO_INFO_IS_YUV(&info)) {
    gst_caps_set_simple(wanted.get(), "colorimetry", G_TYPE_STRING, colours, nullptr);
  }
  g_object_set(filter, "caps", wanted.get(), nullptr);
}

ElementPtr caps_filter(const char* caps) {
  ElementPtr filter = make_element("capsfilter", kBase);
  const auto parsed = CapsPtr::adopt(gst_caps_from_string(caps));
  g_object_set(filter.get(), "caps", parsed.get(), nullptr);
  return filter;
}

}  // namespace

void Interrupt::interrupt() {
  BusPtr bus;
  {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    bus = bus_;
  }
  if (bus) post(bus.get(), kInterruptName);
}

bool Interrupt::is_interrupted() const {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

Interrupt::Guard::Guard(Interrupt& interrupt, GstBus* bus) : interrupt_(interrupt) {
  const std::lock_guard lock(interrupt.mutex_);
  if (interrupt.interrupted_) {
    throw Failure(Reason::cancelled, "fitting the reference was interrupted");
  }
  interrupt.bus_ = BusPtr::share(bus);
}

Interrupt::Guard::~Guard() {
  BusPtr bus;
  const std::lock_guard lock(interrupt_.mutex_);
  std::swap(bus, interrupt_.bus_);
}

Coded recode_video(std::shared_ptr<const Bytes> file, const VideoRecode& plan,
                   Interrupt& interrupt) {
  const ElementPtr queue = make_element("queue", kBase);
  // A picture may be 12 MB, and the encoder keeps enough of them itself.
  g_object_set(queue.get(), "max-size-buffers", 3, "max-size-bytes", 0, "max-size-time", guint64{0},
               nullptr);
  const ElementPtr crop = make_element("videocrop", kGood);
  const ElementPtr scale = make_element("videoscale", kBase);
  g_object_set(scale.get(), "add-borders", FALSE, nullptr);
  gst_util_set_object_arg(G_OBJECT(scale.get()), "method", "lanczos");
  const ElementPtr filter = make_element("capsfilter", kBase);
  const ElementPtr encoder = make_h264_encoder(plan.settings, plan.encoder);
  Recoder recoder(std::move(file), plan.max_bytes);
  for (const ElementPtr& element : {queue, crop, make_element("videoconvert", kBase), scale, filter,
                                    encoder, make_element("h264parse", kBad),
                                    caps_filter("video/x-h264,stream-format=avc,alignment=au")}) {
    recoder.add(element);
  }
  recoder.set_encoder(encoder);
  recoder.set_frame_rate(plan.rate_numerator, plan.rate_denominator);
  recoder.on_decoded([&](const GstCaps* caps) { set_frame(caps, plan, crop.get(), filter.get()); });
  recoder.run(interrupt);
  return recoder.take();
}

namespace {

// More than any AAC encoder holds back, in samples.
constexpr guint kAfterglow = 4096;

/// What an encoder gives comes later than what it was given, by its priming: with the source's end
/// as the end of the segment the parser behind it would drop the last units.
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

/// Silence behind the last samples drives them out of the encoder. The samples before it are
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

AudioCoded recode_audio(std::shared_ptr<const Bytes> file, unsigned bits_per_second,
                        Interrupt& interrupt) {
  AacEncoder aac = make_aac_encoder(bits_per_second);
  Recoder recoder(std::move(file), 0);
  const ElementPtr rate = make_element("audiorate", kBase);
  g_object_set(rate.get(), "skip-to-first", TRUE, nullptr);
  for (const ElementPtr& element :
       {make_element("queue", kBase), make_element("audioconvert", kBase),
        make_element("audioresample", kBase), rate, aac.element, make_element("aacparse", kGood),
        caps_filter("audio/mpeg,mpegversion=4,stream-format=raw")}) {
    recoder.add(element);
  }
  recoder.set_encoder(aac.element);
  AudioCoded coded;
  gst_pad_add_probe(
      pad_of(aac.element, "sink").get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      &add_silence, &coded.samples, nullptr);
  recoder.run(interrupt);
  static_cast<Coded&>(coded) = recoder.take();
  coded.priming = aac.priming;
  return coded;
}

namespace {

/// With dithering no two runs would give the same.
ElementPtr plain_convert() {
  ElementPtr convert = make_element("audioconvert", kBase);
  gst_util_set_object_arg(G_OBJECT(convert.get()), "dithering", "none");
  return convert;
}

}  // namespace

void decode_audio(std::shared_ptr<const Bytes> file, const GstAudioInfo& format,
                  const UseSound& use, Interrupt& interrupt) {
  Recoder recoder(std::move(file), 0);
  recoder.set_blame(Reason::bad_result, "the result's sound");
  // Before the resampler, which closes gaps of up to an eighth of a second.
  const ElementPtr rate = make_element("audiorate", kBase);
  g_object_set(rate.get(), "skip-to-first", TRUE, nullptr);
  const ElementPtr filter = make_element("capsfilter", kBase);
  const auto caps = CapsPtr::adopt(gst_audio_info_to_caps(&format));
  g_object_set(filter.get(), "caps", caps.get(), nullptr);
  for (const ElementPtr& element :
       {make_element("queue", kBase), plain_convert(), rate, make_element("audioresample", kBase),
        plain_convert(), filter}) {
    recoder.add(element);
  }
  recoder.on_coded([&](GstBuffer* buffer) {
    const auto since = GST_CLOCK_DIFF(recoder.coded().first_demuxed, GST_BUFFER_PTS(buffer));
    return use(buffer, static_cast<GstClockTime>(std::max<GstClockTimeDiff>(0, since)));
  });
  recoder.run(interrupt);
}

}  // namespace omni
