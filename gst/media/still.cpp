// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/still.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "media/bus-cancellation.h"
#include "media/bytes-source.h"
#include "media/clip-decoder.h"
#include "media/encoder.h"
#include "media/gst-util.h"
#include "media/mp4/probe.h"
#include "service/error.h"

namespace omni {
namespace {

constexpr unsigned kMostPixels = 1280;  // per side
constexpr gint kQuality = 90;

[[noreturn]] void no_still(const std::string& why) {
  throw Failure(Reason::bad_result, "No still can be made: " + why + ".");
}

/// A multiple of jpegenc's block size: otherwise it reads memory past the edge of the frame, and
/// the bytes differ each time.
gint scaled_side(unsigned side, double scale) {
  constexpr gint kBlock = 16;
  return std::max(kBlock, kBlock * static_cast<gint>(std::lround(side * scale / kBlock)));
}

/// Square pixels, as RGB: between two kinds of YUV with one matrix, GStreamer 1.22 ignores the
/// range.
CapsPtr rgb_caps(const mp4::Track& video) {
  const unsigned longest = std::max(video.width, video.height);
  const double scale = longest > kMostPixels ? static_cast<double>(kMostPixels) / longest : 1.0;
  return CapsPtr::adopt(gst_caps_new_simple(
      "video/x-raw", "format", G_TYPE_STRING, "RGBx", "width", G_TYPE_INT,
      scaled_side(video.width, scale), "height", G_TYPE_INT, scaled_side(video.height, scale),
      "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, nullptr));
}

/// JPEG's convention: full range, BT.601, chroma sited in the middle of four pixels.
constexpr char kJpegRaw[] = "video/x-raw,format=I420,colorimetry=1:4:0:0,chroma-site=jpeg";

using WeakDecoder = std::weak_ptr<ClipDecoder>;

GstBusSyncReply interrupt_decoder(GstBus*, GstMessage* message, gpointer decoder) {
  if (const auto running = static_cast<WeakDecoder*>(decoder)->lock()) running->cancel();
  gst_message_unref(message);
  return GST_BUS_DROP;
}

/// A bus without a reader: a message posted there ends the decoder's waiting. Messages may still be
/// posted after the decoder is gone.
BusPtr interrupting_bus(const std::shared_ptr<ClipDecoder>& decoder) {
  auto bus = BusPtr::adopt(gst_bus_new());
  const auto drop = [](gpointer weak) { delete static_cast<WeakDecoder*>(weak); };
  gst_bus_set_sync_handler(bus.get(), &interrupt_decoder, new WeakDecoder(decoder), drop);
  return bus;
}

ClipFrame middle_picture(const std::shared_ptr<const ByteRope>& file, const mp4::Info& info,
                         BusCancellation& cancellation) {
  const GstClockTime length = shown_duration(file);
  const GstClockTime middle = (length ? length : info.duration_ns) / 2;
  const auto any = CapsPtr::adopt(gst_caps_new_empty_simple("video/x-raw"));
  const auto decoder = std::make_shared<ClipDecoder>(file, any.get());
  const BusPtr bus = interrupting_bus(decoder);
  const BusCancellation::Guard guard(cancellation, bus.get());
  std::optional<ClipFrame> shown;
  while (std::optional<ClipFrame> next = decoder->next()) {
    if (shown && next->time > middle) break;
    shown = std::move(next);
  }
  if (!shown) no_still("the file has no frames");
  return std::move(*shown);
}

ElementPtr make_jpeg_encoder() {
  ElementPtr encoder = make_element("jpegenc", kPluginsGood);
  g_object_set(encoder.get(), "quality", kQuality, nullptr);
  gst_util_set_object_arg(G_OBJECT(encoder.get()), "idct-method", "islow");
  return encoder;
}

/// appsrc ! scale ! convert ! jpegenc ! appsink, for one frame. Always jpegenc, not the encoder
/// with the highest rank: another one would give other bytes.
class JpegPipeline {
 public:
  JpegPipeline(ClipFrame picture, const GstCaps* rgb);
  ~JpegPipeline() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  JpegPipeline(const JpegPipeline&) = delete;
  JpegPipeline& operator=(const JpegPipeline&) = delete;
  BytesPtr run(BusCancellation& cancellation);

 private:
  ElementPtr add(ElementPtr element);
  void add_conversion(const GstCaps* to);
  void wait(bool failed);

  ClipFrame picture_;
  ElementPtr pipeline_, source_, sink_;
  ElementPtr last_;
  BusPtr bus_;
};

JpegPipeline::JpegPipeline(ClipFrame picture, const GstCaps* rgb) : picture_(std::move(picture)) {
  GstElement* pipeline = gst_pipeline_new(nullptr);
  pipeline_ = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(pipeline)));
  bus_ = BusPtr::adopt(gst_element_get_bus(pipeline));
  gst_pipeline_use_clock(GST_PIPELINE(pipeline), nullptr);
  source_ = add(make_element("appsrc", kPluginsBase));
  g_object_set(source_.get(), "format", GST_FORMAT_TIME, "caps", picture_.caps.get(), nullptr);
  add_conversion(rgb);
  add_conversion(CapsPtr::adopt(gst_caps_from_string(kJpegRaw)).get());
  add(make_jpeg_encoder());
  sink_ = add(make_element("appsink", kPluginsBase));
  g_object_set(sink_.get(), "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE,
               "wait-on-eos", FALSE, nullptr);
}

/// Links it after the previous element. If that fails, a not-linked error follows.
ElementPtr JpegPipeline::add(ElementPtr element) {
  gst_bin_add(GST_BIN(pipeline_.get()), element.get());
  if (last_) gst_element_link(last_.get(), element.get());
  last_ = element;
  return element;
}

void JpegPipeline::add_conversion(const GstCaps* to) {
  const ElementPtr convert = add(make_element("videoconvertscale", kPluginsBase));
  gst_util_set_object_arg(G_OBJECT(convert.get()), "method", "lanczos");
  g_object_set(convert.get(), "add-borders", FALSE, nullptr);
  g_object_set(add(make_element("capsfilter", kPluginsBase)).get(), "caps", to, nullptr);
}

BytesPtr JpegPipeline::run(BusCancellation& cancellation) {
  const BusCancellation::Guard guard(cancellation, bus_.get());
  const auto change = gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  gst_app_src_push_buffer(GST_APP_SRC(source_.get()), BufferPtr(picture_.picture).release());
  gst_app_src_end_of_stream(GST_APP_SRC(source_.get()));
  wait(change == GST_STATE_CHANGE_FAILURE);
  const auto sample = SamplePtr::adopt(gst_app_sink_try_pull_sample(GST_APP_SINK(sink_.get()), 0));
  if (!sample) no_still("jpegenc returned nothing");
  gpointer copy = nullptr;
  gsize size = 0;
  GstBuffer* buffer = gst_sample_get_buffer(sample.get());
  gst_buffer_extract_dup(buffer, 0, gst_buffer_get_size(buffer), &copy, &size);
  return BytesPtr::adopt(g_bytes_new_take(copy, size));
}

/// `failed`: the pipeline did not start. Usually an error says why, and nothing else would come.
void JpegPipeline::wait(bool failed) {
  const auto types =
      static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_APPLICATION);
  const auto message = MessagePtr::adopt(
      gst_bus_timed_pop_filtered(bus_.get(), failed ? 0 : GST_CLOCK_TIME_NONE, types));
  if (!message) no_still("the GStreamer pipeline does not start");
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_APPLICATION)
    throw Failure(Reason::cancelled, "stopped");
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) no_still(error_text(message.get()));
}

}  // namespace

BytesPtr make_still(std::shared_ptr<const ByteRope> file, BusCancellation& cancellation) {
  const auto probed = mp4::probe(*file);
  if (const auto* problem = std::get_if<mp4::Problem>(&probed)) no_still(problem->text);
  const auto& info = std::get<mp4::Info>(probed);
  if (std::min(info.video()->width, info.video()->height) == 0)
    no_still("the file has no frame size");
  ClipFrame picture = middle_picture(file, info, cancellation);
  return JpegPipeline(std::move(picture), rgb_caps(*info.video()).get()).run(cancellation);
}

void require_still_encoder() {
  make_jpeg_encoder();
}

}  // namespace omni
