// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "regenerate.h"

#include <gst/gst.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "media/libav.h"
#include "pace.h"

namespace emu {
namespace {

using ElementPtr = omni::RefPtr<GstElement, &gst_object_ref, &gst_object_unref>;

constexpr gint64 kStallMicroseconds = 120 * G_USEC_PER_SEC;

void unref_buffer(GstBuffer* buffer) {
  gst_buffer_unref(buffer);
}
GstBuffer* ref_buffer(GstBuffer* buffer) {
  return gst_buffer_ref(buffer);
}
using BufferPtr = omni::RefPtr<GstBuffer, &ref_buffer, &unref_buffer>;

/// Ends the video after exactly `wanted` frames: drops any more, and repeats the last frame if
/// there are fewer. With `keep` it passes all frames and only counts them. Used by one streaming
/// thread; `passed` is read once the pipeline has stopped.
struct FrameGate {
  guint64 wanted = 0;
  guint64 passed = 0;
  bool keep = false;
  bool ended = false;
  BufferPtr last;
  Ticket* ticket = nullptr;
};

/// Ends the audio at running time `end`, exact to the sample.
struct SoundGate {
  GstClockTime end = 0;
  gint rate = 0;
  gint bytes_per_frame = 0;
  bool ended = false;
};

/// Paints over a source's black frames. Used by one streaming thread.
struct Brush {
  Painter* painter = nullptr;
  Canvas canvas;  // sizes only
  guint64 painted = 0;
  guint64 wanted = 0;
  double fps = 0;
};

/// Pushes EOS downstream once, then returns GST_FLOW_EOS upstream.
GstPadProbeReturn end_of_stream(GstPad* pad, GstPadProbeInfo* info) {
  gst_pad_push_event(pad, gst_event_new_eos());
  gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = nullptr;
  GST_PAD_PROBE_INFO_FLOW_RETURN(info) = GST_FLOW_EOS;
  return GST_PAD_PROBE_HANDLED;
}

/// The same segment without its stop: the encoder would drop frames beyond the end of the
/// reference. Takes ownership of `event`.
GstEvent* endless(GstEvent* event) {
  GstSegment segment;
  gst_event_copy_segment(event, &segment);
  segment.stop = GST_CLOCK_TIME_NONE;
  GstEvent* changed = gst_event_new_segment(&segment);
  gst_event_set_seqnum(changed, gst_event_get_seqnum(event));
  gst_event_unref(event);
  return changed;
}

void count_frame(FrameGate& gate, GstBuffer* buffer) {
  ++gate.passed;
  gate.last = BufferPtr::share(buffer);
  gate.ticket->progress =
      std::min(1.0, static_cast<double>(gate.passed) / static_cast<double>(gate.wanted));
}

GstPadProbeReturn frame_passes(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto& gate = *static_cast<FrameGate*>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    if (gate.passed >= gate.wanted && !gate.keep) return end_of_stream(pad, info);
    count_frame(gate, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
  }
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
    GST_PAD_PROBE_INFO_DATA(info) = endless(event);
    return GST_PAD_PROBE_OK;
  }
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS) return GST_PAD_PROBE_OK;
  if (gate.ended) return GST_PAD_PROBE_DROP;
  gate.ended = true;
  // Push past this pad, which is already at EOS, to the next, which is not.
  GstPad* next = gst_pad_get_peer(pad);
  while (next && gate.last && gate.passed < gate.wanted && !gate.keep) {
    GstBuffer* again = gst_buffer_copy(gate.last.get());
    GST_BUFFER_PTS(again) += GST_BUFFER_DURATION(again);
    count_frame(gate, again);
    if (gst_pad_chain(next, again) != GST_FLOW_OK) break;
  }
  if (next) gst_object_unref(next);
  gate.last = nullptr;
  return GST_PAD_PROBE_OK;
}

void read_sound_caps(SoundGate& gate, GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  gint channels = 0;
  gst_structure_get_int(structure, "channels", &channels);
  gst_structure_get_int(structure, "rate", &gate.rate);
  gate.bytes_per_frame = 2 * channels;  // S16LE, as set by the caps filter
}

GstPadProbeReturn sound_passes(GstPad* pad, GstPadProbeInfo* info, gpointer data) {
  auto& gate = *static_cast<SoundGate*>(data);
  if (!(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)) {
    GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) read_sound_caps(gate, event);
    if (GST_EVENT_TYPE(event) != GST_EVENT_EOS) return GST_PAD_PROBE_OK;
    return std::exchange(gate.ended, true) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
  }
  GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  GstEvent* event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
  if (!event || gate.rate <= 0 || gate.bytes_per_frame <= 0) {
    if (event) gst_event_unref(event);
    return GST_PAD_PROBE_OK;
  }
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event, &segment);
  const GstClockTime start =
      gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  gst_event_unref(event);
  if (!GST_CLOCK_TIME_IS_VALID(start)) return GST_PAD_PROBE_OK;
  if (start >= gate.end) return end_of_stream(pad, info);
  const guint64 room =
      gst_util_uint64_scale(gate.end - start, static_cast<guint64>(gate.rate), GST_SECOND) *
      static_cast<guint64>(gate.bytes_per_frame);
  if (gst_buffer_get_size(buffer) > room) {
    buffer = gst_buffer_make_writable(buffer);
    gst_buffer_set_size(buffer, static_cast<gssize>(room));
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
  }
  return GST_PAD_PROBE_OK;
}

/// The planes of an I420 frame as laid out by GStreamer: strides are multiples of 4.
bool lay_out(Canvas& canvas, const GstMapInfo& map) {
  const unsigned half = canvas.width / 2;
  canvas.strides[0] = (canvas.width + 3U) & ~3U;
  canvas.strides[1] = canvas.strides[2] = (half + 3U) & ~3U;
  const std::size_t luma = canvas.strides[0] * canvas.height;
  const std::size_t chroma = canvas.strides[1] * (canvas.height / 2);
  canvas.planes[0] = map.data;
  canvas.planes[1] = map.data + luma;
  canvas.planes[2] = map.data + luma + chroma;
  return map.size >= luma + 2 * chroma;
}

GstPadProbeReturn paint_frame(GstPad*, GstPadProbeInfo* info, gpointer data) {
  if (!(GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)) return GST_PAD_PROBE_OK;
  auto& brush = *static_cast<Brush*>(data);
  GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READWRITE)) return GST_PAD_PROBE_DROP;
  const auto nth = static_cast<double>(brush.painted++);
  const double last = std::max(1.0, static_cast<double>(brush.wanted) - 1);
  bool painted = false;
  try {
    painted = lay_out(brush.canvas, map);
    if (painted) brush.painter->paint(brush.canvas, std::min(nth / last, 1.0), nth / brush.fps);
  } catch (const std::exception&) {
    painted = false;  // no exception may cross GStreamer; without frames the job fails
  }
  gst_buffer_unmap(buffer, &map);
  return painted ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

const char* aac_encoder() {
  for (const char* name : {"avenc_aac", "fdkaacenc", "voaacenc"}) {
    GstElementFactory* factory = gst_element_factory_find(name);
    if (!factory) continue;
    gst_object_unref(factory);
    return name;
  }
  return nullptr;
}

/// Frames keep the reference's timestamps, scaled by --stretch: there is no constant rate.
bool has_own_times(const RenderSpec& spec) {
  return keeps_frames(spec) && spec.fps == 0;
}

struct Rate {
  int n = 0;
  int d = 1;
  double value() const { return static_cast<double>(n) / d; }
};

/// The rate of the result. With --stretch the same frames have another rate, unless --fps is set.
Rate rate_of(const RenderSpec& spec, const Probe& probe) {
  if (spec.fps > 0) return {.n = static_cast<int>(spec.fps), .d = 1};
  Rate rate{.n = probe.fps_n, .d = probe.fps_d};
  if (spec.has_reference && spec.stretch != 1) pace_rate(rate.n, rate.d, spec.stretch);
  return rate;
}

/// Decodes the reference, or is black: frames with the size and rate of the result.
std::string picture_text(const RenderSpec& spec, const Probe& probe, const Shape& shape) {
  const std::string size =
      ",width=" + std::to_string(shape.width) + ",height=" + std::to_string(shape.height);
  const Rate rate = rate_of(spec, probe);
  const std::string framerate =
      ",framerate=" + std::to_string(rate.n) + "/" + std::to_string(rate.d);
  if (!spec.has_reference) {
    return "videotestsrc pattern=black ! video/x-raw,format=I420,colorimetry=bt709,"
           "pixel-aspect-ratio=1/1" +
           framerate + size + " ! identity name=paint silent=true ";
  }
  const std::string aspect = std::to_string(shape.aspect_n) + "/" + std::to_string(shape.aspect_d);
  const std::string form = "video/x-raw,format=I420,pixel-aspect-ratio=1/1" + size;
  return "filesrc name=in ! decodebin name=decode "
         "decode. ! videoconvert n-threads=2 ! queue ! identity name=pace silent=true "
         "! videoflip video-direction=auto ! aspectratiocrop aspect-ratio=" +
         aspect + " ! videoscale add-borders=false ! " +
         (has_own_times(spec) ? form : "videorate ! " + form + framerate) + " ";
}

std::string sound_text(const RenderSpec& spec, const char* encoder) {
  // Planar samples also carry their rate in a meta on each buffer, which pacing would contradict.
  const std::string text = spec.has_reference
                               ? "decode. ! audioconvert ! audio/x-raw,layout=interleaved ! queue "
                                 "! identity name=pace-sound silent=true "
                               : "audiotestsrc freq=220 volume=0.1 ! audio/x-raw,rate=48000 ";
  // The video encoder looks ahead some seconds; the finished audio waits for it here.
  return text +
         "! audioconvert ! audioresample ! audio/x-raw,format=S16LE,layout=interleaved "
         "! identity name=sound silent=true ! audioconvert ! " +
         encoder +
         " ! aacparse ! queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 ! mux. ";
}

std::string build_pipeline(const RenderSpec& spec, const Probe& probe, const Shape& shape) {
  std::string text = picture_text(spec, probe, shape) + "! identity name=frames silent=true ";
  const std::string look = look_pipeline(*spec.look, shape.width, shape.height);
  text += "! queue ! " + (look.empty() ? "identity silent=true" : look);
  text +=
      " ! videoconvert n-threads=2 ! video/x-raw,format=I420 ! queue "
      "! x264enc speed-preset=veryfast pass=qual quantizer=21 ! h264parse ! queue ! mux. ";
  const char* aac = aac_encoder();
  if (probe.has_sound && aac) text += sound_text(spec, aac);
  // The muxer derives its timescale from the frame rate. Without one, this timescale is a multiple
  // of the usual rates, including those with 1001.
  const bool any_times = has_own_times(spec) || spec.stretch != 1;
  return text + "mp4mux name=mux faststart=true " + (any_times ? "trak-timescale=720000 " : "") +
         "! filesink name=out sync=false async=false";
}

void set_path(GstElement* pipeline, const char* element, const char* property,
              const std::string& path) {
  const auto found = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline), element));
  if (found) g_object_set(found.get(), property, path.c_str(), nullptr);
}

void watch_pad(GstElement* pipeline, const char* element, GstPadProbeCallback callback,
               void* gate) {
  const auto found = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline), element));
  if (!found) return;
  GstPad* pad = gst_element_get_static_pad(found.get(), "src");
  const auto what =
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
  gst_pad_add_probe(pad, what, callback, gate, nullptr);
  gst_object_unref(pad);
}

std::string error_text(GstMessage* message) {
  GError* raw = nullptr;
  gst_message_parse_error(message, &raw, nullptr);
  const omni::ErrorPtr error(raw);
  return error->message;
}

/// Runs until EOS. Throws on an error, on cancellation, and if nothing moves for a long time.
void run_pipeline(GstElement* pipeline, const char* what, Ticket& ticket) {
  GstBus* bus = gst_element_get_bus(pipeline);
  const omni::RefPtr<GstBus, &gst_object_ref, &gst_object_unref> own =
      omni::RefPtr<GstBus, &gst_object_ref, &gst_object_unref>::adopt(bus);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  double seen = -1;
  gint64 moved = g_get_monotonic_time();
  for (;;) {
    GstMessage* message = gst_bus_timed_pop_filtered(
        bus, 50 * GST_MSECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    if (message) {
      const bool failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
      const std::string text = failed ? error_text(message) : std::string();
      gst_message_unref(message);
      if (!failed) return;
      throw TaskFailure("generation_failed", std::string(what) + " cannot be made: " + text);
    }
    if (g_cancellable_is_cancelled(ticket.cancel.get())) throw TaskFailure("cancelled", "stopped");
    const gint64 now = g_get_monotonic_time();
    if (ticket.progress != seen) {
      seen = ticket.progress;
      moved = now;
    } else if (now - moved > kStallMicroseconds) {
      throw TaskFailure("generation_failed", "rendering stalled");
    }
  }
}

/// Stops the pipeline on every exit path.
struct Stopper {
  GstElement* pipeline;
  std::string leftover;
  ~Stopper() {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    std::remove(leftover.c_str());
  }
};

}  // namespace

void regenerate(const RenderSpec& spec, const Probe& probe, const Shape& shape, Painter* painter,
                Ticket& ticket) {
  GError* raw = nullptr;
  const std::string text = build_pipeline(spec, probe, shape);
  GstElement* parsed =
      gst_parse_launch_full(text.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &raw);
  const omni::ErrorPtr error(raw);
  if (!parsed) throw TaskFailure("internal_error", error->message);
  gst_object_ref_sink(parsed);
  const auto pipeline = ElementPtr::adopt(parsed);
  omni::copy_decoded_frames(parsed);
  const std::string moov_file = spec.result + ".part";
  const double seconds = result_seconds(spec, probe) * spec.stretch;
  const double fps = rate_of(spec, probe).value();
  FrameGate frames;
  frames.wanted = static_cast<guint64>(std::max(1L, std::lround(seconds * fps)));
  frames.keep = has_own_times(spec);
  double factor = spec.stretch;
  frames.ticket = &ticket;
  Brush brush{.painter = painter, .canvas = {}, .wanted = frames.wanted, .fps = fps};
  brush.canvas.width = shape.width;
  brush.canvas.height = shape.height;
  SoundGate sound;
  sound.end = static_cast<GstClockTime>(seconds * GST_SECOND);
  set_path(pipeline.get(), "in", "location", spec.reference);
  set_path(pipeline.get(), "out", "location", spec.result);
  set_path(pipeline.get(), "mux", "faststart-file", moov_file);
  watch_pad(pipeline.get(), "paint", &paint_frame, &brush);
  watch_pad(pipeline.get(), "frames", &frame_passes, &frames);
  if (factor != 1) {
    watch_pad(pipeline.get(), "pace", &pace, &factor);
    watch_pad(pipeline.get(), "pace-sound", &pace, &factor);
  }
  if (!frames.keep) watch_pad(pipeline.get(), "sound", &sound_passes, &sound);
  {
    const Stopper stopper{pipeline.get(), moov_file};
    run_pipeline(pipeline.get(), painter ? "the video" : "a video from the reference", ticket);
  }
  if (frames.passed == 0) {
    throw painter ? TaskFailure("internal_error", "no frame can be painted")
                  : TaskFailure("invalid_video", "no frame of the reference video can be decoded");
  }
}

}  // namespace emu
