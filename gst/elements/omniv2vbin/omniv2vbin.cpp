// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

/**
 * SECTION:element-omniv2vbin
 * @title: omniv2vbin
 * @short_description: Regenerates a continuous stream with an AI video-to-video service
 *
 * omniv2vbin cuts raw video into segments, sends each as the reference of a job, keeps many jobs
 * under way at once, and puts the results back in order: every frame that comes in goes out once,
 * with its times, its flags, its timecode and captions, and another picture.
 *
 * ## Cutting
 *
 * The stream is cut every #GstOmniV2vBin:segment-duration of stream time, where that is a length
 * that the model takes, else at the nearest one that is. What is left at the end goes along with
 * the last segment where it can, else it is padded for the service and trimmed again; up to half a
 * second behind the end that upstream tells goes along as well. The same input gives the same
 * references, to the byte. A `force-key-unit` event or the action signal #GstOmniV2vBin::cut cuts
 * earlier, as soon as the segment is long enough for the model.
 *
 * With #GstOmniV2vBin:overlap a segment's reference goes on with the first frames of the next one,
 * and is as long as without; so the cuts are nearer to each other. Where two results show the same
 * moments, the earlier one fades into the later one, and so does its sound. A stream that ends
 * within an overlap, or changes its picture there, ends with the earlier segment: nothing is bought
 * for what is left. Cuts on demand are hard.
 *
 * A prompt holds for a segment from its first frame: the newest of the property,
 * #GstOmniV2vBin::prompt-at, and a custom downstream event `omni/prompt` with the field `prompt`.
 *
 * ## Style that holds
 *
 * Each job is made on its own, and two results of one prompt may differ in faces, clothes and
 * light. With #GstOmniV2vBin:anchor=first a still of the first regenerated segment (the picture at
 * half time, a JPEG of at most 1280 pixels) goes as one more reference image with each later job,
 * behind those of #GstOmniV2vBin:images. The cost: the first job runs alone, and the others begin
 * when its result is there. A live stream does not wait: its segments go without a still until
 * there is one. When the first segment fails, the next one takes its place. The still holds until
 * the element goes to READY, over flushes and new caps. Where the service takes no image more, that
 * is an error at the first caps, before anything is paid. Of several prompts in one stream the
 * first one sets the style: leave it off where the look shall change.
 *
 * ## SegmentPlayout
 *
 * Whatever rate, length, size or colours a result has: it is made to fit the segment. See
 * #GstOmniV2vBin:fit and #GstOmniV2vBin:output. Services make 8-bit pictures of standard dynamic
 * range; a warning says so when the input has more. Interlaced input is refused. Where frames are
 * missing in the input, references repeat the last one: not every service knows of times. With
 * #GstOmniV2vBin:dry-run the references are shown, and nothing is submitted.
 *
 * ## Sound
 *
 * Each `audio_sink_N` leads to an `audio_src_N`, which appears with the first caps. Sound of any
 * kind passes unchanged, in step with the picture: it waits in a queue as long as the picture
 * takes. Where one file brings both and a picture stands for minutes, so much of its sound waits.
 * With #GstOmniV2vBin:audio=result the sound of the results goes out instead, on `audio_src_0`, as
 * raw 16-bit stereo at 48 kHz, at its place and without a gap; where a result has none, or a
 * segment is replaced, it is that of what is shown, or silence. #GstOmniV2vBin:reference-audio
 * sends the sound of the first audio pad along.
 *
 * ## Live
 *
 * With a live source the element adds to the latency: a segment and #GstOmniV2vBin:latency. What is
 * not there at its deadline is replaced as #GstOmniV2vBin:late-policy says, and a warning names the
 * latency that would have been enough. Live sources are never held up. When a source stops in the
 * midst of a segment, what came of it goes on its way after a second.
 *
 * All sinks of a pipeline wait for each other before they begin: let the sound go through this
 * element. Other branches need `sync=false async=false` on their sinks when the source is live, and
 * a queue that holds more than a segment when it is not.
 *
 * ## Messages
 *
 * `omni/job` as described for `omniv2v`, for each segment; `late` is the state of one whose result
 * came too late. Warnings and errors carry the same details as there.
 *
 * ## Example launch lines
 * |[
 * export OMNI_API_KEY=...
 * gst-launch-1.0 filesrc location=in.mp4 ! decodebin name=d ! queue ! videoconvert ! omniv2vbin
 * name=v prompt="rainy neon night" ! x264enc ! mp4mux name=m ! filesink location=out.mp4 d. ! queue
 * ! v.audio_sink_0 v.audio_src_0 ! audioconvert ! avenc_aac ! m.
 * ]| An hour or a minute of film, with its sound.
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! omniv2vbin prompt="oil painting" latency=240000000000 !
 * autovideosink
 * ]| A camera, four minutes and a segment late.
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
  PROP_OWN,  // and those after it: see bin-settings.cpp, then settings.cpp
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
  /// From READY->PAUSED to PAUSED->READY. Shared, because a query of the application may still be
  /// inside when the state changes.
  std::shared_ptr<BinStream> stream;
  omni::Prompts early_prompts;  // given before there is a stream
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
                    audio_used, priv.audio->result_audio(), priv.spend, omni::log_sink(element)});
  omni::Prompts early;
  {
    const std::lock_guard lock(priv.lock);
    early = std::exchange(priv.early_prompts, {});
    priv.stream = stream;
  }
  // A prompt that comes at this moment is newer.
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

/// The element plays, or has another clock: deadlines are asked for anew.
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

/// What the new value means for who plays.
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
      "The longest time that a segment took from its cut to its result, in ns: a `latency` of this "
      "and a quarter of a second is enough",
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
   * As #GstOmniV2v::publish-reference. Emitted on a thread of the element's own.
   *
   * Returns: (nullable) (transfer full): the URL
   */
  publish_signal = omni::install_publish_signal(GST_TYPE_OMNI_V2V_BIN);
  /**
   * GstOmniV2vBin::cut:
   * @element: the element
   *
   * Cuts before the next frame, or as soon as the segment is long enough for the model.
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
   * This prompt holds for segments that begin at this time or later, until another one does. Kept
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
  gst_element_class_set_static_metadata(
      element_class, "AI video-to-video for streams", "Filter/Effect/Video/Network",
      "Regenerates a continuous stream, live or not, segment by segment with an AI video-to-video "
      "service, frame-exact",
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
