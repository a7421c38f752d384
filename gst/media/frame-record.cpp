// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/frame-record.h"

#include <gst/video/video.h>

namespace omni {
namespace {

// Describes this memory, not the frame.
constexpr guint kMemoryFlags = GST_BUFFER_FLAG_TAG_MEMORY;
constexpr guint kMiniObjectFlags = GST_MINI_OBJECT_FLAG_LAST - 1;

/// Metas about the memory would keep the raw frame alive, and a crop applies to the old frame only.
bool is_about_the_frame(const GstMeta* meta) {
  if (meta->info->api == GST_VIDEO_CROP_META_API_TYPE) return false;
  for (const char* tag : {GST_META_TAG_MEMORY_STR, "memory-reference"})
    if (gst_meta_api_type_has_tag(meta->info->api, g_quark_from_static_string(tag))) return false;
  return true;
}

void copy_meta(GstBuffer* to, const GstMeta* meta, GstBuffer* from) {
  if (!meta->info->transform_func) return;
  GstMetaTransformCopy whole = {FALSE, 0, static_cast<gsize>(-1)};
  meta->info->transform_func(to, const_cast<GstMeta*>(meta), from, _gst_meta_transform_copy,
                             &whole);
}

gboolean drop_if_about_the_frame(GstBuffer*, GstMeta** meta, gpointer) {
  if (is_about_the_frame(*meta)) *meta = nullptr;
  return TRUE;
}

}  // namespace

void strip_frame(GstBuffer* frame) {
  gst_buffer_foreach_meta(frame, &drop_if_about_the_frame, nullptr);
}

bool same_picture(const GstCaps* a, const GstCaps* b) {
  GstVideoInfo one, other;
  if (!gst_video_info_from_caps(&one, a) || !gst_video_info_from_caps(&other, b)) return false;
  one.fps_n = other.fps_n = 0;
  one.fps_d = other.fps_d = 1;
  one.flags = other.flags;
  one.chroma_site = other.chroma_site;  // differs by half a chroma sample
  return gst_video_info_is_equal(&one, &other);
}

FrameRecord record_frame(GstBuffer* frame) {
  FrameRecord record{GST_BUFFER_PTS(frame),
                     GST_BUFFER_DURATION(frame),
                     GST_BUFFER_OFFSET(frame),
                     GST_BUFFER_OFFSET_END(frame),
                     GST_BUFFER_FLAGS(frame) & ~(kMemoryFlags | kMiniObjectFlags),
                     {}};
  gpointer state = nullptr;
  while (const GstMeta* meta = gst_buffer_iterate_meta(frame, &state)) {
    if (!is_about_the_frame(meta)) continue;
    if (!record.metas) record.metas = BufferPtr::adopt(gst_buffer_new());
    copy_meta(record.metas.get(), meta, frame);
  }
  return record;
}

BufferPtr restore_frame(const FrameRecord& record, GstBuffer* picture) {
  auto frame = BufferPtr::adopt(gst_buffer_new());
  gst_buffer_copy_into(frame.get(), picture, GST_BUFFER_COPY_MEMORY, 0, -1);
  if (GstVideoMeta* meta = gst_buffer_get_video_meta(picture)) {
    gst_buffer_add_video_meta_full(frame.get(), meta->flags, meta->format, meta->width,
                                   meta->height, meta->n_planes, meta->offset, meta->stride);
  }
  GST_BUFFER_PTS(frame.get()) = record.pts;
  GST_BUFFER_DURATION(frame.get()) = record.duration;
  GST_BUFFER_OFFSET(frame.get()) = record.offset;
  GST_BUFFER_OFFSET_END(frame.get()) = record.offset_end;
  GST_BUFFER_FLAG_SET(frame.get(), record.flags);
  if (!record.metas) return frame;
  gpointer state = nullptr;
  while (const GstMeta* meta = gst_buffer_iterate_meta(record.metas.get(), &state))
    copy_meta(frame.get(), meta, record.metas.get());
  return frame;
}

}  // namespace omni
