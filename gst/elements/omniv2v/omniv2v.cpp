// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

/**
 * SECTION:element-omniv2v
 * @title: omniv2v
 * @short_description: Regenerates an MP4 with an AI video-to-video service
 *
 * omniv2v collects an MP4 from upstream and sends it with a prompt to a video service, as the
 * reference of a video-to-video job. It waits until the result is there, which takes minutes,
 * checks it and outputs it.
 *
 * ## Input modes
 *
 * - `input-mode=stream` (default): everything up to EOS is one MP4. The result is seekable in
 *   bytes, so `omniv2v ! decodebin` can play any MP4.
 * - `input-mode=buffer`: every buffer is one whole MP4. Up to #GstOmniV2v:max-in-flight jobs run at
 *   once; results leave in the order of their inputs, with their timestamps.
 *
 * ## How the service gets the clip
 *
 * Inside the request if the model takes that, else by URL: served from this process, stored with
 * HTTP PUT or in an S3 bucket (#GstOmniV2v:reference-transport), or published by the application
 * (#GstOmniV2v::publish-reference). The element requests a published URL itself, as the service
 * will, before anything is paid.
 *
 * A clip that exceeds the service's limits, or is not a plain MP4 with H.264, is refused,
 * transcoded or sent by URL, depending on #GstOmniV2v:oversize. A clip that is too long is always
 * refused and never cut.
 *
 * ## Cost
 *
 * Every job is billed by the service. A job is submitted again only if the service certainly did
 * not take it; everything else ends as `unknown-outcome`. #GstOmniV2v:dry-run shows what would be
 * sent, #GstOmniV2v:max-jobs and #GstOmniV2v:max-seconds set a limit.
 *
 * ## Messages
 *
 * - PROGRESS with the codes `submit`, `generate`, `download` (stream mode).
 * - an element message `omni/job` at each change of state, with the fields `segment` (uint),
 *   `state` (fitting, waiting, publishing, submitting, pending, running, downloading, done, failed,
 *   cancelled, planned), `task-id`, `progress` (double, 0 to 100, if the service reports it),
 *   `running-time`, `duration` (guint64, ns), `seconds` (uint, what is billed), `prompt`, `reused`
 *   (boolean), `ledger-id`, and on failure `reason`, `message`, `http-status`.
 * - an element message `omni/plan` at the end of a dry run, with `jobs`, `seconds` (uint) and
 *   `bytes` (guint64).
 * - errors and warnings have a details structure with `reason` (one of unauthorized,
 *   payment-required, rate-limited, invalid-request, moderated, timed-out, too-large, bad-input,
 *   bad-result, unreachable, service-error, unknown-outcome, budget), `http-status-code` and
 *   `task-id`.
 *
 * ## Example launch lines
 * |[
 * export OMNI_API_KEY=...
 * gst-launch-1.0 filesrc location=in.mp4 ! omniv2v prompt="rainy neon night" ! filesink
 * location=out.mp4
 * ]| Regenerates a clip.
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! omniv2v prompt=@prompt.txt ! decodebin ! videoconvert !
 * autovideosink
 * ]| Regenerates a clip and plays it.
 * |[
 * gst-launch-1.0 multifilesrc location=in-%d.mp4 stop-index=9 ! omniv2v input-mode=buffer
 * prompt="film noir" max-in-flight=4 ! multifilesink location=out-%d.mp4
 * ]| Ten clips, four at a time, in order.
 */
#include "elements/omniv2v/omniv2v.h"

#include <memory>
#include <mutex>
#include <new>

#include "elements/common/debug.h"
#include "elements/common/element.h"
#include "elements/common/enums.h"
#include "elements/common/messages.h"
#include "elements/common/pad-forwarder.h"
#include "elements/common/settings.h"
#include "elements/common/spend-tracker.h"
#include "elements/omniv2v/v2v-stream.h"

#define GST_CAT_DEFAULT omni::v2v_category()

using omni::V2vStream;

namespace {

enum {
  PROP_0,
  PROP_INPUT_MODE,
  PROP_STATS,
  PROP_SHARED,  // the shared properties start here: see settings.cpp
};

guint publish_signal = 0;

GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                                                             GST_STATIC_CAPS("video/quicktime"));
GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/quicktime"));

}  // namespace

struct _GstOmniV2v {
  GstElement parent;
};

struct GstOmniV2vPrivate {
  std::mutex lock;  // guards settings, input_mode, stream; innermost
  omni::Settings settings;
  omni::InputMode input_mode = omni::InputMode::stream;
  omni::SpendTracker spend;
  GstPad* sink = nullptr;  // owned by the element
  GstPad* src = nullptr;
  /// From READY->PAUSED to PAUSED->READY. Shared, because a query from the application may still be
  /// running when the state changes.
  std::shared_ptr<V2vStream> stream;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstOmniV2v, gst_omni_v2v, GST_TYPE_ELEMENT,
                              G_ADD_PRIVATE(GstOmniV2v)
                                  G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))
GST_ELEMENT_REGISTER_DEFINE(omniv2v, "omniv2v", GST_RANK_NONE, GST_TYPE_OMNI_V2V)

namespace {

GstOmniV2vPrivate& priv_of(gpointer element) {
  return *static_cast<GstOmniV2vPrivate*>(
      gst_omni_v2v_get_instance_private(static_cast<GstOmniV2v*>(element)));
}

std::shared_ptr<V2vStream> stream_of(gpointer element) {
  GstOmniV2vPrivate& priv = priv_of(element);
  const std::lock_guard lock(priv.lock);
  return priv.stream;
}

void begin_stream(GstElement* element) {
  GstOmniV2vPrivate& priv = priv_of(element);
  const auto settings = [&priv] {
    const std::lock_guard lock(priv.lock);
    return priv.settings;
  };
  const auto publisher = [element] { return omni::application_publisher(element, publish_signal); };
  const std::lock_guard lock(priv.lock);
  priv.stream = std::make_shared<V2vStream>(
      omni::V2vHost{element, priv.sink, priv.src, settings, publisher, priv.spend,
                    omni::log_sink(element), priv.input_mode});
}

void end_stream(GstElement* element) {
  const auto stream = stream_of(element);
  if (!stream) return;
  stream->close();
  GstOmniV2vPrivate& priv = priv_of(element);
  const std::lock_guard lock(priv.lock);
  priv.stream.reset();
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
  GST_DEBUG_OBJECT(element, "%s", gst_state_change_get_name(transition));
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) begin_stream(element);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    // Before the pads are deactivated: that waits for the threads that this wakes.
    if (const auto stream = stream_of(element)) stream->stop();
  }
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_omni_v2v_parent_class)->change_state(element, transition);
  const bool stopped = transition == GST_STATE_CHANGE_PAUSED_TO_READY;
  const bool not_started =
      transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE;
  if (stopped || not_started) end_stream(element);
  return result;
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstOmniV2vPrivate& priv = priv_of(object);
  const std::lock_guard lock(priv.lock);
  if (id == PROP_INPUT_MODE)
    priv.input_mode = static_cast<omni::InputMode>(g_value_get_enum(value));
  else if (!omni::set_shared_property(priv.settings, id, PROP_SHARED, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_stats(GObject* object, GValue* value) {
  const auto stream = stream_of(object);
  const omni::ClientStats stats = stream ? stream->stats() : priv_of(object).spend.totals(nullptr);
  g_value_take_boxed(value, omni::stats_structure(stats));
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (id == PROP_STATS) return get_stats(object, value);
  GstOmniV2vPrivate& priv = priv_of(object);
  const std::lock_guard lock(priv.lock);
  if (id == PROP_INPUT_MODE)
    g_value_set_enum(value, static_cast<gint>(priv.input_mode));
  else if (!omni::get_shared_property(priv.settings, id, PROP_SHARED, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  priv_of(object).~GstOmniV2vPrivate();
  G_OBJECT_CLASS(gst_omni_v2v_parent_class)->finalize(object);
}

void install_properties(GObjectClass* klass) {
  g_object_class_install_property(
      klass, PROP_INPUT_MODE,
      g_param_spec_enum("input-mode", "Input mode", "How input buffers form an MP4",
                        GST_TYPE_OMNI_V2V_INPUT_MODE, static_cast<gint>(omni::InputMode::stream),
                        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                 GST_PARAM_MUTABLE_READY)));
  omni::install_stats_property(klass, PROP_STATS);
  omni::install_shared_properties(klass, PROP_SHARED, GST_TYPE_OMNI_V2V_ON_FAILURE);
  /**
   * GstOmniV2v::publish-reference:
   * @element: the element
   * @reference: a whole MP4, or an image
   *
   * Stores a reference or an image so that the service can download it. Emitted on a streaming
   * thread for each reference and each local image that is sent by URL; if a handler is connected,
   * that is every reference, unless #GstOmniV2v:reference-transport is inline. The element requests
   * the URL itself before anything is paid, and never deletes it.
   *
   * Returns: (nullable) (transfer full): the URL; %NULL to leave it to
   * #GstOmniV2v:reference-transport
   */
  publish_signal = omni::install_publish_signal(GST_TYPE_OMNI_V2V);
}

}  // namespace

static void gst_omni_v2v_class_init(GstOmniV2vClass* klass) {
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties(object_class);

  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template(element_class, &sink_template);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "AI video-to-video", "Filter/Effect/Video/Network",
      "Regenerates an MP4 from a prompt with an AI video-to-video service", "The gst-omni authors");
  gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI, omni::kDocUri);
}

static void gst_omni_v2v_init(GstOmniV2v* self) {
  auto* priv = new (&priv_of(self)) GstOmniV2vPrivate;
  omni::PadForwarder<V2vStream, stream_of>::add_pads(GST_ELEMENT(self), &sink_template,
                                                     &src_template, &priv->sink, &priv->src);
}
