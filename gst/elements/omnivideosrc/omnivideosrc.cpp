// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

/**
 * SECTION:element-omnivideosrc
 * @title: omnivideosrc
 * @short_description: Generates a video from a prompt and images with an AI video service
 *
 * |[
 * omnivideosrc prompt="a sunset over the sea" ! decodebin ! autovideosink
 * ]|
 *
 * omnivideosrc sends a prompt, and images if there are any, to a video service. It waits until the
 * result is there, which takes minutes, checks it and outputs it: one MP4, seekable in bytes once
 * it is there.
 *
 * It sends only properties that are set, such as #GstOmniVideoSrc:seconds,
 * #GstOmniVideoSrc:aspect-ratio and #GstOmniVideoSrc:resolution; the service decides the rest.
 * Fields without a property go through #GstOmniVideoSrc:parameters. Local images are sent as data
 * URIs, or published like references if the service takes URLs only (see
 * #GstOmniVideoSrc:reference-transport).
 *
 * A missing key, prompt or file is an error when the element goes to PAUSED. After that the job is
 * submitted once, regardless of seeks and flushes. Going to READY stops waiting for it, as does EOS
 * that is sent to the element; the service continues the job and bills it. With a ledger, the next
 * run takes its result instead of paying again.
 *
 * ## Messages
 *
 * PROGRESS with the codes `submit`, `generate`, `download`, `omni/job` at each change of state, and
 * errors with a `reason`, as for #GstOmniV2v.
 *
 * ## Example launch lines
 * |[
 * export OMNI_API_KEY=...
 * gst-launch-1.0 omnivideosrc prompt="a sunset over the sea" ! decodebin ! autovideosink
 * ]| From a prompt alone, with the provider's default model.
 * |[
 * gst-launch-1.0 omnivideosrc provider=apimart seconds=10 resolution=1080p
 *     images='<"scene.jpg","character.jpg","product.jpg">' prompt="combine these" !
 *     filesink location=out.mp4
 * ]| From three images.
 * |[
 * gst-launch-1.0 omnivideosrc provider=omnirouters seconds=5 resolution=1080p
 *     first-image=https://example.com/first.jpg last-image=https://example.com/last.jpg
 *     prompt="slow push in" ! filesink location=out.mp4
 * ]| From the first frame to the last.
 */
#include "elements/omnivideosrc/omnivideosrc.h"

#include <memory>
#include <mutex>
#include <new>

#include "elements/common/element.h"
#include "elements/common/enums.h"
#include "elements/common/messages.h"
#include "elements/common/settings.h"
#include "elements/common/spend-tracker.h"
#include "elements/omnivideosrc/videosrc-run.h"

using omni::VideoSrcRun;

namespace {

enum {
  PROP_0,
  PROP_STATS,
  PROP_SHARED,  // the shared properties start here: see settings.cpp
};

constexpr guint kBlockSize = 64 * 1024;

guint publish_signal = 0;

GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/quicktime"));

}  // namespace

struct _GstOmniVideoSrc {
  GstPushSrc parent;
};

struct GstOmniVideoSrcPrivate {
  std::mutex lock;  // guards settings, run; innermost
  omni::Settings settings;
  omni::SpendTracker spend;
  /// From start() to stop(). Shared, because a query from the application may still be running
  /// then.
  std::shared_ptr<VideoSrcRun> run;
};

G_DEFINE_FINAL_TYPE_WITH_CODE(GstOmniVideoSrc, gst_omni_video_src, GST_TYPE_PUSH_SRC,
                              G_ADD_PRIVATE(GstOmniVideoSrc)
                                  G_IMPLEMENT_INTERFACE(GST_TYPE_PRESET, nullptr))
GST_ELEMENT_REGISTER_DEFINE(omnivideosrc, "omnivideosrc", GST_RANK_NONE, GST_TYPE_OMNI_VIDEO_SRC)

namespace {

GstOmniVideoSrcPrivate& priv_of(gpointer element) {
  return *static_cast<GstOmniVideoSrcPrivate*>(
      gst_omni_video_src_get_instance_private(static_cast<GstOmniVideoSrc*>(element)));
}

std::shared_ptr<VideoSrcRun> run_of(gpointer element) {
  GstOmniVideoSrcPrivate& priv = priv_of(element);
  const std::lock_guard lock(priv.lock);
  return priv.run;
}

omni::Settings settings_of(gpointer element) {
  GstOmniVideoSrcPrivate& priv = priv_of(element);
  const std::lock_guard lock(priv.lock);
  return priv.settings;
}

gboolean start(GstBaseSrc* src) {
  GstElement* element = GST_ELEMENT(src);
  return omni::guarded(src, gboolean{FALSE}, [&]() -> gboolean {
    GstOmniVideoSrcPrivate& priv = priv_of(src);
    try {
      auto run = std::make_shared<VideoSrcRun>(VideoSrcRun::Host{
          element, settings_of(src), omni::application_publisher(element, publish_signal),
          priv.spend, omni::log_sink(element)});
      const std::lock_guard lock(priv.lock);
      priv.run = std::move(run);
      return TRUE;
    } catch (const omni::Failure& failure) {
      omni::post_error(element, failure.error());
      return FALSE;
    }
  });
}

gboolean stop(GstBaseSrc* src) {
  GstOmniVideoSrcPrivate& priv = priv_of(src);
  std::shared_ptr<VideoSrcRun> last;
  {
    const std::lock_guard lock(priv.lock);
    last.swap(priv.run);
  }
  if (last) last->close();
  return TRUE;
}

gboolean unlock(GstBaseSrc* src) {
  if (const auto run = run_of(src)) run->interrupt();
  return TRUE;
}

gboolean unlock_stop(GstBaseSrc* src) {
  if (const auto run = run_of(src)) run->resume();
  return TRUE;
}

GstFlowReturn create(GstPushSrc* src, GstBuffer** buffer) {
  return omni::guarded(src, GST_FLOW_ERROR, [&] {
    GstBaseSrc* base = GST_BASE_SRC(src);
    const auto run = run_of(src);
    if (!run) return GST_FLOW_FLUSHING;
    omni::BufferPtr piece;
    const GstFlowReturn flow =
        run->create(piece, gst_base_src_get_blocksize(base), base->segment.stop);
    *buffer = piece.release();
    return flow;
  });
}

gboolean get_size(GstBaseSrc* src, guint64* size) {
  const auto run = run_of(src);
  const auto result = run ? run->result() : nullptr;
  if (!result) return FALSE;
  *size = result->size();
  return TRUE;
}

gboolean is_seekable(GstBaseSrc* src) {
  const auto run = run_of(src);
  return run && run->result();
}

gboolean do_seek(GstBaseSrc* src, GstSegment* segment) {
  // Before the first buffer the base class itself seeks to the start.
  const auto run = run_of(src);
  if (!run || segment->rate <= 0) return FALSE;
  return run->seek(segment->position) || segment->position == 0;
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstOmniVideoSrcPrivate& priv = priv_of(object);
  const std::lock_guard lock(priv.lock);
  if (!omni::set_shared_property(priv.settings, id, PROP_SHARED, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_stats(GObject* object, GValue* value) {
  const auto run = run_of(object);
  const omni::ClientStats stats = run ? run->stats() : priv_of(object).spend.totals(nullptr);
  g_value_take_boxed(value, omni::stats_structure(stats));
}

GstPadProbeReturn look_for_eos(GstPad* pad, GstPadProbeInfo* info, gpointer src) {
  if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) != GST_EVENT_EOS) return GST_PAD_PROBE_OK;
  if (const auto run = run_of(src)) run->ending(gst_pad_get_last_flow_return(pad));
  return GST_PAD_PROBE_OK;
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (id == PROP_STATS) return get_stats(object, value);
  GstOmniVideoSrcPrivate& priv = priv_of(object);
  const std::lock_guard lock(priv.lock);
  if (!omni::get_shared_property(priv.settings, id, PROP_SHARED, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  priv_of(object).~GstOmniVideoSrcPrivate();
  G_OBJECT_CLASS(gst_omni_video_src_parent_class)->finalize(object);
}

}  // namespace

static void gst_omni_video_src_class_init(GstOmniVideoSrcClass* klass) {
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  omni::install_stats_property(object_class, PROP_STATS);
  omni::install_shared_properties(object_class, PROP_SHARED, GST_TYPE_OMNI_VIDEO_SRC_ON_FAILURE);
  /**
   * GstOmniVideoSrc::publish-reference:
   * @element: the element
   * @reference: an image
   *
   * As #GstOmniV2v::publish-reference, for local images; emitted while the element goes to PAUSED.
   *
   * Returns: (nullable) (transfer full): the URL
   */
  publish_signal = omni::install_publish_signal(GST_TYPE_OMNI_VIDEO_SRC);

  GstBaseSrcClass* base_class = GST_BASE_SRC_CLASS(klass);
  base_class->start = start;
  base_class->stop = stop;
  base_class->unlock = unlock;
  base_class->unlock_stop = unlock_stop;
  base_class->get_size = get_size;
  base_class->is_seekable = is_seekable;
  base_class->do_seek = do_seek;
  GST_PUSH_SRC_CLASS(klass)->create = create;

  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  gst_element_class_add_static_pad_template(element_class, &src_template);
  gst_element_class_set_static_metadata(
      element_class, "AI video source", "Source/Video/Network",
      "Generates a video from a prompt and images with an AI video service",
      "The gst-omni authors");
  gst_element_class_add_static_metadata(element_class, GST_ELEMENT_METADATA_DOC_URI, omni::kDocUri);
}

static void gst_omni_video_src_init(GstOmniVideoSrc* self) {
  new (&priv_of(self)) GstOmniVideoSrcPrivate;
  gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_BYTES);
  gst_base_src_set_blocksize(GST_BASE_SRC(self), kBlockSize);
  gst_pad_add_probe(GST_BASE_SRC_PAD(self), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, look_for_eos, self,
                    nullptr);
}
