// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/cross-fade.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "media/frame-record.h"

namespace omni {

namespace {

/// A mapped video frame.
class Mapped {
 public:
  Mapped(const GstVideoInfo& info, GstBuffer* picture, GstMapFlags flags)
      : valid_(gst_video_frame_map(&frame_, &info, picture, flags)) {}
  ~Mapped() {
    if (valid_) gst_video_frame_unmap(&frame_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  explicit operator bool() const { return valid_; }
  gint planes() const { return static_cast<gint>(GST_VIDEO_FRAME_N_PLANES(&frame_)); }
  gint rows(gint plane) const {
    gint components[GST_VIDEO_MAX_COMPONENTS];
    gst_video_format_info_component(frame_.info.finfo, static_cast<guint>(plane), components);
    return GST_VIDEO_FRAME_COMP_HEIGHT(&frame_, components[0]);
  }
  guint8* row(gint plane, gint line) const {
    return static_cast<guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, plane)) +
           line * GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, plane);
  }
  /// Bytes of visible pixels in a row.
  std::size_t row_size(gint plane) const {
    gint components[GST_VIDEO_MAX_COMPONENTS], size = 0;
    gst_video_format_info_component(frame_.info.finfo, static_cast<guint>(plane), components);
    for (const gint component : components) {
      if (component < 0) break;
      size = std::max(size, GST_VIDEO_FRAME_COMP_WIDTH(&frame_, component) *
                                GST_VIDEO_FRAME_COMP_PSTRIDE(&frame_, component));
    }
    return static_cast<std::size_t>(size);
  }
  /// One line in the format's unpack format: four components per pixel.
  void unpack(gint line, gpointer to) const {
    const GstVideoFormatInfo* format = frame_.info.finfo;
    format->unpack_func(format, GST_VIDEO_PACK_FLAG_NONE, to, frame_.data, frame_.info.stride, 0,
                        line, frame_.info.width);
  }
  void pack(gint line, gpointer from) {
    const GstVideoFormatInfo* format = frame_.info.finfo;
    format->pack_func(format, GST_VIDEO_PACK_FLAG_NONE, from, 0, frame_.data, frame_.info.stride,
                      frame_.info.chroma_site, line, frame_.info.width);
  }

 private:
  GstVideoFrame frame_;
  bool valid_;
};

/// The weighted mean of `from` and `to`.
template <class Component>
void blend(const void* from, const void* to, void* result, std::size_t bytes, double share) {
  constexpr guint32 kWhole = guint32{std::numeric_limits<Component>::max()} + 1;
  const auto part = static_cast<guint32>(std::lround(std::clamp(share, 0.0, 1.0) * kWhole));
  const guint32 rest = kWhole - part;
  const auto* a = static_cast<const Component*>(from);
  const auto* b = static_cast<const Component*>(to);
  auto* out = static_cast<Component*>(result);
  for (std::size_t i = 0; i < bytes / sizeof(Component); ++i)
    out[i] = static_cast<Component>((a[i] * rest + b[i] * part + kWhole / 2) / kWhole);
}

/// Bytes per component where rows can be mixed directly: 1, or 2 in native byte order; 0 where they
/// have to be unpacked.
unsigned component_bytes(const GstVideoFormatInfo* format) {
  if (GST_VIDEO_FORMAT_INFO_IS_COMPLEX(format) || GST_VIDEO_FORMAT_INFO_IS_TILED(format)) return 0;
  bool bytes = true;
  bool words = GST_VIDEO_FORMAT_INFO_IS_LE(format) && G_BYTE_ORDER == G_LITTLE_ENDIAN &&
               GST_VIDEO_FORMAT_INFO_N_PLANES(format) > 1;
  for (guint i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); ++i) {
    const guint depth = format->depth[i];
    const gint step = format->pixel_stride[i];
    bytes = bytes && depth == 8 && format->shift[i] == 0 && step > 0;
    words = words && depth > 8 && depth <= 16 && (step == 2 || step == 4);
  }
  return bytes ? 1 : words ? 2 : 0;
}

}  // namespace

CrossFade::~CrossFade() {
  drop_pool();
}

void CrossFade::drop_pool() {
  if (pool_) gst_buffer_pool_set_active(pool_.get(), FALSE);
  pool_ = nullptr;
  caps_ = nullptr;
}

/// Frames with the same caps are mixed into the same few buffers.
bool CrossFade::prepare(GstCaps* caps) {
  if (caps_ && same_picture(caps_.get(), caps)) return true;
  drop_pool();
  if (!gst_video_info_from_caps(&info_, caps)) return false;
  // There is no value between two palette entries.
  if (!info_.finfo->unpack_func || GST_VIDEO_FORMAT_INFO_HAS_PALETTE(info_.finfo)) return false;
  auto pool = PoolPtr::adopt(gst_video_buffer_pool_new());
  GstStructure* config = gst_buffer_pool_get_config(pool.get());
  gst_buffer_pool_config_set_params(config, caps, static_cast<guint>(info_.size), 0, 0);
  gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  if (!gst_buffer_pool_set_config(pool.get(), config) ||
      !gst_buffer_pool_set_active(pool.get(), TRUE))
    return false;
  const GstVideoFormatInfo* unpacked = gst_video_format_get_info(info_.finfo->unpack_format);
  const gint pixel = GST_VIDEO_FORMAT_INFO_PSTRIDE(unpacked, 0);
  for (auto& line : lines_) line.resize(static_cast<std::size_t>(info_.width) * pixel);
  pool_ = std::move(pool);
  caps_ = CapsPtr::share(caps);
  return true;
}

BufferPtr CrossFade::mix(const ClipFrame& from, const ClipFrame& to, double share) {
  // The frame rate may differ: a fallback has another one than a result, and results may differ
  // too.
  if (!same_picture(from.caps.get(), to.caps.get()) || !prepare(to.caps.get())) return {};
  GstBuffer* raw = nullptr;
  if (gst_buffer_pool_acquire_buffer(pool_.get(), &raw, nullptr) != GST_FLOW_OK) return {};
  auto mixed = BufferPtr::adopt(raw);
  const Mapped before(info_, from.picture.get(), GST_MAP_READ);
  const Mapped after(info_, to.picture.get(), GST_MAP_READ);
  Mapped result(info_, mixed.get(), GST_MAP_WRITE);
  if (!before || !after || !result) return {};
  if (const unsigned bytes = component_bytes(info_.finfo)) {
    const auto blend_row = bytes == 1 ? blend<guint8> : blend<guint16>;
    for (gint plane = 0; plane < result.planes(); ++plane)
      for (gint row = 0; row < result.rows(plane); ++row)
        blend_row(before.row(plane, row), after.row(plane, row), result.row(plane, row),
                  result.row_size(plane), share);
    return mixed;
  }
  const GstVideoFormatInfo* unpacked = gst_video_format_get_info(info_.finfo->unpack_format);
  const auto blend_line =
      GST_VIDEO_FORMAT_INFO_DEPTH(unpacked, 0) > 8 ? blend<guint16> : blend<guint8>;
  for (gint line = 0; line < info_.height; ++line) {
    before.unpack(line, lines_[0].data());
    after.unpack(line, lines_[1].data());
    blend_line(lines_[0].data(), lines_[1].data(), lines_[1].data(), lines_[1].size(), share);
    result.pack(line, lines_[1].data());
  }
  return mixed;
}

}  // namespace omni
