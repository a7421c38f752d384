// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/buffers.h"

#include <algorithm>
#include <memory>

namespace omni {

BytesPtr as_bytes(BufferPtr buffer) {
  struct Mapped {
    BufferPtr buffer;
    GstMapInfo info;
  };
  auto mapped = std::make_unique<Mapped>(Mapped{std::move(buffer), {}});
  if (!gst_buffer_map(mapped->buffer.get(), &mapped->info, GST_MAP_READ)) return nullptr;
  const gpointer data = mapped->info.data;
  const gsize size = mapped->info.size;
  return BytesPtr::adopt(g_bytes_new_with_free_func(
      data, size,
      [](gpointer self) {
        const std::unique_ptr<Mapped> owned(static_cast<Mapped*>(self));
        gst_buffer_unmap(owned->buffer.get(), &owned->info);
      },
      mapped.release()));
}

BufferPtr as_buffer(const ByteRope& bytes) {
  auto buffer = BufferPtr::adopt(gst_buffer_new());
  for (const BytesPtr& piece : bytes.pieces()) {
    const auto part = BufferPtr::adopt(gst_buffer_new_wrapped_bytes(piece.get()));
    gst_buffer_append_memory(buffer.get(), gst_buffer_get_all_memory(part.get()));
  }
  return buffer;
}

BufferPtr slice(const ByteRope& bytes, guint64 offset, gsize most) {
  ByteRope part;
  part.append_slice(bytes, offset, most);
  BufferPtr buffer = as_buffer(part);
  GST_BUFFER_OFFSET(buffer.get()) = offset;
  GST_BUFFER_OFFSET_END(buffer.get()) = offset + part.size();
  return buffer;
}

CapsPtr result_caps() {
  return CapsPtr::adopt(
      gst_caps_new_simple("video/quicktime", "variant", G_TYPE_STRING, "iso", nullptr));
}

}  // namespace omni
