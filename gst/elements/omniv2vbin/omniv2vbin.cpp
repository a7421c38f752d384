// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

/**
 * SECTION:element-omniv2vbin
 * @title: omniv2vbin
 * @short_description: Regenerates a continuous stream with an AI video-to-video service
 *
 * omniv2vbin cuts raw video into segments, submits each one as the reference of a job, keeps many
 * jobs running at once, and puts the results back in order: every input frame leaves once, with its
 * timestamps, flags, timecode and captions, and a new image. It is an element, not a #GstBin.
 *
 * ## Cutting
 *
 * The stream is cut at multiples of #GstOmniV2vBin:segment-duration in stream time, or of the
 * nearest length that the model takes. A rest at the end that is too short for a segment of its own
 * joins the last one, if upstream knows the duration and the model takes both together; else it is
 * padded for the service and trimmed again. Of a segment the nearest length that the model takes is
 * bought: 8.2 s buy 8. The same input gives the same references, byte for byte. A
 * `force-key-unit` event or the action signal #GstOmniV2vBin::cut cuts earlier, as soon as the
 * segment is long enough for the model.
 *
 * With #GstOmniV2vBin:overlap the reference of a segment includes the first frames of the next one.
 * References are not longer than without, so cuts are closer together. Where two results show the
 * same frames, the earlier one fades into the later one, and so does its audio. If a stream ends
 * within an overlap, or changes its caps there, it ends with the earlier segment: nothing is bought
 * for the rest. Cuts on demand are hard cuts.
 *
 * A prompt applies to a segment from its first frame. The newest of these is used: the property,
 * #GstOmniV2vBin::prompt-at, and a custom downstream event `omni/prompt` with the field `prompt`.
 *
 * ## Consistent style across segments
 *
 * Jobs are independent, so two results of the same prompt may differ in faces, clothes and light.
 * With #GstOmniV2vBin:anchor=first a still of the first regenerated segment (the frame at half
 * time, a JPEG of at most 1280 pixels) is sent as a reference image with every later job, after
 * #GstOmniV2vBin:images. The first job runs alone, and the others start when its result is there. A
 * live stream does not wait: its segments are sent without a still until there is one. If the first
 * segment fails, the next one takes its place. The still is kept until READY, over flushes and new
 * caps. If the service takes no further image, that is an error at the first caps, before anything
 * is paid. With several prompts in one stream the first one sets the style: do not use it if the
 * look should change.
 *
 * ## Placing results
 *
 * A result of any frame rate, length, size or format is fitted to its segment: see
 * #GstOmniV2vBin:fit and #GstOmniV2vBin:output. Services generate 8-bit SDR video; a warning says
 * so if the input has more. Interlaced input is refused. If frames are missing in the input,
 * references repeat the last one, because some services ignore timestamps. With
 * #GstOmniV2vBin:dry-run the references are shown, and nothing is submitted.
 *
 * ## Audio
 *
 * Each `audio_sink_N` has an `audio_src_N`, which appears with the first caps, or with EOS. Audio
 * of any format is passed through, delayed to stay in sync with the video. With
 * #GstOmniV2vBin:audio=result the audio of the results is output instead, on `audio_src_0`, as raw
 * 16-bit stereo at 48 kHz, time-aligned and without gaps. If a result has no audio, or a segment is
 * replaced, it is the audio of what is shown, or silence. #GstOmniV2vBin:reference-audio adds the
 * audio of the first audio pad to the references.
 *
 * ## Live
 *
 * With a live source the element adds a segment, the overlap and #GstOmniV2vBin:latency to the
 * latency. A result that is not there at its deadline is replaced according to
 * #GstOmniV2vBin:late-policy, and a warning says which latency would have been enough. Live sources
 * are never blocked. If a source stops within a segment (no frame has arrived for a second longer
 * than the segment needed), the part that is there is submitted. A part that is shorter than the
 * model's shortest length is not bought: it is replaced according to #GstOmniV2vBin:late-policy.
 * The same goes for the rest of that segment when the source comes back, and for a short end of the
 * stream. A late input is cut as any other; one warning says how late it is.
 *
 * All sinks of a pipeline wait for each other before they start: send the audio through this
 * element. Other branches need `sync=false async=false` on their sinks if the source is live, and a
 * queue that holds more than a segment if it is not.
 *
 * ## Messages
 *
 * `omni/job` as described for `omniv2v`, for each segment. A segment whose result came too late has
 * the state `late`. Warnings and errors have the same details as there.
 *
 * `omni/progress` with each job that is submitted and each segment that has been output, with the
 * fields `segments-done`, `segments-running`, `segments-total` (uint, 0 if not known yet) and
 * `position` (guint64, ns of stream time). PROGRESS with the code `generate` until the first
 * output, if the stream is not live.
 *
 * ## Example launch lines
 * |[
 * export OMNI_API_KEY=...
 * gst-launch-1.0 filesrc location=in.mp4 ! decodebin name=d ! queue ! videoconvert ! videoflip
 * video-direction=auto ! omniv2vbin name=v prompt="rainy neon night" ! x264enc ! mp4mux name=m !
 * filesink location=out.mp4 d. ! queue ! v.audio_sink_0 v.audio_src_0 ! audioconvert ! avenc_aac !
 * m.
 * ]| A film of any length, with its audio. Frames that are stored sideways are turned first.
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! omniv2vbin prompt="oil painting" latency=240000000000 !
 * autovideosink
 * ]| A camera, delayed by four minutes and a segment.
 */
#include "elements/omniv2vbin/omniv2vbin.h"

#include <memory>
#include <mutex>
#include <new>
#include <optional>

#include "elements/common/debug.h"
#include "elements/common/element.h"
#include "elements/common/messages.h"
#include "elements/common/pad-forwarder.h"
#include "elements/common/spend-tracker.h"
#include "elements/omniv2vbin/audio/bin-audio.h"
#include "elements/omniv2vbin/bin-enums.h"
#include "elements/omniv2vbin/bin-settings.h"
#include "elements/omniv2vbin/bin-stream.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

using omni::BinStream;

namespace {

enum {
  PROP_0,
  PROP_STATS,
  PROP_MAX_OBSERVED_DELAY,
  PROP_OWN,  // bin-settings.cpp's properties start here, then settings.cpp's
};

guint first_shared = 0;
guint publish_signal = 0;
GParamSpec* delay_spec = nullptr;

GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw"));
// A list, not ANY: gst-launch would link video here.
#define AUDIO_CAPS                                                                          \
  "audio/x-raw(ANY); audio/mpeg; audio/x-opus; audio/x-ac3; audio/x-eac3; audio/x-vorbis; " \
  "audio/x-flac; audio/x-alaw; audio/x-mulaw"

GstStaticPadTemplate audio_sink_template = GST_STATIC_PAD_TEMPLATE(
    "audio_sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS(AUDIO_CAPS));
GstStaticPadTemplate audio_src_template = GST_STATIC_PAD_TEMPLATE(
    "audio_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS(AUDIO_CAPS));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw"));

}  // namespace

struct _GstOmniV2vBin {
  GstElement parent;
};

struct GstOmniV2vBinPrivate {
  // Guards settings, stream, max_observed_delay, early_prompts. Innermost: nothing is called under
  // it.
  std::mutex lock;
  omni::BinSettings settings;
  omni::SpendTracker spend;
  GstClockTime max_observed_delay = 0;
  GstPad* sink = nullptr;  // owned by the element
  GstPad* src = nullptr;
  /// From READY->PAUSED to PAUSED->READY. Shared, because a query from the application may still be
  /// running when the state changes.
  std::shared_ptr<BinStream> stream;
  omni::Prompts early_prompts;  // set before there is a stream
  std::optional<omni::BinAudio> audio;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstOmniV2vBin, gst_omni_v2v_bin, GST_TYPE_ELEMENT,
                              G_ADD_PRIVATE(GstOmniV2vBin)
                                  G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))
GST_ELEMENT_REGISTER_DEFINE(omniv2vbin, "omniv2vbin", GST_RANK_NONE, GST_TYPE_OMNI_V2V_BIN)

namespace {

GstOmniV2vBinPrivate& priv_of(gpointer element) {
  return *static_cast<GstOmniV2vBinPrivate*>(
      gst_omni_v2v_bin_get_instance_private(static_cast<GstOmniV2vBin*>(element)));
}

std::shared_ptr<BinStream> stream_of(gpointer element) {
  GstOmniV2vBinPrivate& priv = priv_of(element);
  const std::lock_guard lock(priv.lock);
  return priv.stream;
}

void note_delay(GstElement* element, GstClockTime delay) {
  GstOmniV2vBinPrivate& priv = priv_of(element);
  {
    const std::lock_guard lock(priv.lock);
    if (delay <= priv.max_observed_delay) return;
    priv.max_observed_delay = delay;
  }
  g_object_notify_by_pspec(G_OBJECT(element), delay_spec);
}

void begin_stream(GstElement* element) {
  GstOmniV2vBinPrivate& priv = priv_of(element);
  const auto settings = [&priv] {
    const std::lock_guard lock(priv.lock);
    return priv.settings;
  };
  const auto publisher = [element] { return omni::application_publisher(element, publish_signal); };
  const auto delay = [element](GstClockTime time) { note_delay(element, time); };
  const auto reference_audio = [&priv]() -> std::shared_ptr<omni::ReferenceAudio> {
    const auto tap = priv.audio->tap();
    if (!tap || !tap->has_caps()) return nullptr;
    return {tap, &tap->audio()};
  };
  const auto audio_used = [&priv](GstClockTime until) {
    if (const auto tap = priv.audio->tap()) tap->used_until(until);
  };
  const omni::BinSettings now = settings();
  priv.audio->start(now.reference_audio, now.audio == omni::AudioMode::result);
  auto stream = std::make_shared<BinStream>(
      omni::BinHost{element, priv.sink, priv.src, settings, publisher, delay, reference_audio,
                    audio_used, [&priv] { return priv.audio->pads_without_caps(); },
                    priv.audio->result_audio(), priv.spend, omni::log_sink(element)});
  omni::Prompts early;
  {
    const std::lock_guard lock(priv.lock);
    early = std::exchange(priv.early_prompts, {});
    priv.stream = stream;
  }
  // A prompt that arrives now is newer.
  stream->add_prompts(early);
}

void end_stream(GstElement* element) {
  const auto stream = stream_of(element);
  if (!stream) return;
  priv_of(element).audio->finish();
  stream->close();
  GstOmniV2vBinPrivate& priv = priv_of(element);
  const std::lock_guard lock(priv.lock);
  priv.stream.reset();
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  GST_DEBUG_OBJECT(element, "%s", gst_state_change_get_name(transition));
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) begin_stream(element);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    // Before the pads are deactivated: that waits for the threads that this wakes.
    if (const auto stream = stream_of(element)) stream->stop();
    priv_of(element).audio->stop();
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_omni_v2v_bin_parent_class)->change_state(element, transition);
  const bool stopped = transition == GST_STATE_CHANGE_PAUSED_TO_READY;
  const bool not_started =
      transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (stopped || not_started) end_stream(element);
  return result;
}

/// The element plays, or has another clock: deadlines are recomputed.
void state_changed(GstElement* element, GstState before, GstState now, GstState pending) {
  if (const auto stream = stream_of(element)) stream->clock_changed();
  if (const auto parent = GST_ELEMENT_CLASS(gst_omni_v2v_bin_parent_class)->state_changed)
    parent(element, before, now, pending);
}

gboolean set_clock(GstElement* element, GstClock* clock) {
  const gboolean taken =
      GST_ELEMENT_CLASS(gst_omni_v2v_bin_parent_class)->set_clock(element, clock);
  if (const auto stream = stream_of(element)) stream->clock_changed();
  return taken;
}

/// Passes a new value to the running stream.
void tell_property(GstElement* element, const GParamSpec* spec) {
  const auto stream = stream_of(element);
  if (!stream) return;
  if (g_str_equal(spec->name, "prompt")) stream->prompt_property_set();
  if (g_str_equal(spec->name, "latency"))
    gst_element_post_message(element, gst_message_new_latency(GST_OBJECT(element)));
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstOmniV2vBinPrivate& priv = priv_of(object);
  {
    const std::lock_guard lock(priv.lock);
    if (!omni::set_shared_property(priv.settings, id, first_shared, value) &&
        !omni::set_bin_property(priv.settings, id, PROP_OWN, value)) {
      G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
      return;
    }
  }
  tell_property(GST_ELEMENT(object), spec);
}

void get_stats(GObject* object, GValue* value) {
  const auto stream = stream_of(object);
  const omni::ClientStats stats = stream ? stream->stats() : priv_of(object).spend.totals(nullptr);
  g_value_take_boxed(value, omni::stats_structure(stats));
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (id == PROP_STATS) return get_stats(object, value);
  GstOmniV2vBinPrivate& priv = priv_of(object);
  const std::lock_guard lock(priv.lock);
  if (id == PROP_MAX_OBSERVED_DELAY)
    g_value_set_uint64(value, priv.max_observed_delay);
  else if (!omni::get_shared_property(priv.settings, id, first_shared, value) &&
           !omni::get_bin_property(priv.settings, id, PROP_OWN, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void cut(GstOmniV2vBin* self) {
  if (const auto stream = stream_of(self)) stream->request_cut();
}

void prompt_at(GstOmniV2vBin* self, guint64 running_time, const char* prompt) {
  if (!prompt) return;
  GstOmniV2vBinPrivate& priv = priv_of(self);
  std::shared_ptr<BinStream> stream;
  {
    const std::lock_guard lock(priv.lock);
    stream = priv.stream;
    if (!stream) priv.early_prompts.add(running_time, prompt, false);
  }
  if (stream) stream->prompt_at(running_time, prompt);
}

GstPad* request_new_pad(GstElement* element, GstPadTemplate* templ, const char* name,
                        const GstCaps*) {
  return priv_of(element).audio->request(templ, name);
}

void release_pad(GstElement* element, GstPad* pad) {
  priv_of(element).audio->release(pad);
}

void finalize(GObject* object) {
  priv_of(object).~GstOmniV2vBinPrivate();
  G_OBJECT_CLASS(gst_omni_v2v_bin_parent_class)->finalize(object);
}

void install_properties(GObjectClass* klass) {
  omni::install_stats_property(klass, PROP_STATS);
  delay_spec = g_param_spec_uint64(
      "max-observed-delay", "Max observed delay",
      "Longest time in ns from the cut of a segment to its result. A latency of this plus a "
      "quarter of a second is enough",
      0, G_MAXUINT64, 0, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property(klass, PROP_MAX_OBSERVED_DELAY, delay_spec);
  first_shared = omni::install_bin_properties(klass, PROP_OWN);
  omni::install_shared_properties(klass, first_shared, GST_TYPE_OMNI_V2V_BIN_ON_FAILURE);
}

void install_signals() {
  /**
   * GstOmniV2vBin::publish-reference:
   * @element: the element
   * @reference: a whole MP4, or an image
   *
   * As #GstOmniV2v::publish-reference. Emitted on a thread of the element.
   *
   * Returns: (nullable) (transfer full): the URL
   */
  publish_signal = omni::install_publish_signal(GST_TYPE_OMNI_V2V_BIN);
  /**
   * GstOmniV2vBin::cut:
   * @element: the element
   *
   * Begins a new segment at the next frame, or as soon as the current one is long enough for the
   * model.
   */
  g_signal_new_class_handler("cut", GST_TYPE_OMNI_V2V_BIN,
                             static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
                             G_CALLBACK(cut), nullptr, nullptr, nullptr, G_TYPE_NONE, 0);
  /**
   * GstOmniV2vBin::prompt-at:
   * @element: the element
   * @running_time: of the input, in ns
   * @prompt: the prompt
   *
   * Sets the prompt for segments that begin at this time or later, until the next change. Kept
   * until the element goes to READY.
   */
  g_signal_new_class_handler("prompt-at", GST_TYPE_OMNI_V2V_BIN,
                             static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
                             G_CALLBACK(prompt_at), nullptr, nullptr, nullptr, G_TYPE_NONE, 2,
                             G_TYPE_UINT64, G_TYPE_STRING);
}

}  // namespace

static void gst_omni_v2v_bin_class_init(GstOmniV2vBinClass* klass) {
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties(object_class);
  install_signals();

  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  element_class->state_changed = state_changed;
  element_class->set_clock = set_clock;
  element_class->request_new_pad = request_new_pad;
  element_class->release_pad = release_pad;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_add_static_pad_template(element_class, &audio_sink_template);
  gst_element_class_add_static_pad_template(element_class, &audio_src_template);
  gst_element_class_set_static_metadata(element_class, "AI video-to-video for streams",
                                        "Filter/Effect/Video/Network",
                                        "Regenerates a continuous stream, live or not, in "
                                        "segments with an AI video-to-video service",
                                        "The gst-omni authors");
  gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI, omni::kDocUri);
}

static void gst_omni_v2v_bin_init(GstOmniV2vBin* self) {
  auto* priv = new (&priv_of(self)) GstOmniV2vBinPrivate;
  priv->audio.emplace(omni::BinAudio::Host{GST_ELEMENT(self), [self] { return stream_of(self); },
                                           omni::log_sink(GST_ELEMENT(self))});
  omni::PadForwarder<BinStream, stream_of>::add_pads(GST_ELEMENT(self), &sink_template,
                                                     &src_template, &priv->sink, &priv->src);
}
