// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/bytes-source.h"

#include <gst/app/gstappsrc.h>

#include <algorithm>
#include <utility>

#include "media/encoder.h"
#include "media/gst-util.h"

namespace omni {
namespace {

/// Used only by the source's streaming thread.
struct Reader {
  std::shared_ptr<const ByteRope> bytes;
  std::uint64_t position = 0;
};

/// A demuxer wants exactly the size it asked for, so a read may span pieces.
void need_data(GstAppSrc* source, guint length, gpointer data) {
  auto& reader = *static_cast<Reader*>(data);
  const std::uint64_t size = reader.bytes->size();
  if (reader.position >= size) {
    gst_app_src_end_of_stream(source);
    return;
  }
  const std::uint64_t count = std::min<std::uint64_t>(length, size - reader.position);
  ByteRope parts;
  parts.append_slice(*reader.bytes, reader.position, count);
  GstBuffer* buffer = gst_buffer_new();
  for (const BytesPtr& part : parts.pieces()) {
    gsize length_of_part = 0;
    gconstpointer memory = g_bytes_get_data(part.get(), &length_of_part);
    gst_buffer_append_memory(
        buffer, gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, const_cast<gpointer>(memory),
                                       length_of_part, 0, length_of_part, g_bytes_ref(part.get()),
                                       reinterpret_cast<GDestroyNotify>(&g_bytes_unref)));
  }
  GST_BUFFER_OFFSET(buffer) = reader.position;
  reader.position += count;
  GST_BUFFER_OFFSET_END(buffer) = reader.position;
  gst_app_src_push_buffer(source, buffer);
}

gboolean seek_data(GstAppSrc*, guint64 offset, gpointer data) {
  static_cast<Reader*>(data)->position = offset;
  return TRUE;
}

void free_reader(gpointer data) {
  delete static_cast<Reader*>(data);
}

}  // namespace

ElementPtr make_bytes_source(std::shared_ptr<const ByteRope> bytes) {
  ElementPtr source = make_element("appsrc", kPluginsBase);
  GstAppSrc* input = GST_APP_SRC(source.get());
  g_object_set(input, "format", GST_FORMAT_BYTES, nullptr);
  gst_app_src_set_stream_type(input, GST_APP_STREAM_TYPE_RANDOM_ACCESS);
  gst_app_src_set_size(input, static_cast<gint64>(bytes->size()));
  GstAppSrcCallbacks callbacks = {&need_data, nullptr, &seek_data, {}};
  gst_app_src_set_callbacks(input, &callbacks, new Reader{std::move(bytes)}, &free_reader);
  return source;
}

}  // namespace omni
