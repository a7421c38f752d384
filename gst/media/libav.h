// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// libav's decoders, as decodebin chooses them. Header only: the emulator uses it without the media
// library.
#pragma once

#include <gst/gst.h>

namespace omni {

namespace detail {

inline void disable_direct_rendering(GstBin*, GstBin*, GstElement* added, gpointer) {
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(added), "direct-rendering"))
    g_object_set(added, "direct-rendering", FALSE, nullptr);
}

}  // namespace detail

/// Lets libav's decoders in `bin` decode into memory of their own. With GStreamer 1.24 and later, a
/// buffer that they decode into directly may have a video meta of the coded size (416x720) beside
/// caps of the shown one (406x720), and the next element ends the process with g_error(). Costs a
/// copy of each frame.
inline void copy_decoded_frames(GstElement* bin) {
  g_signal_connect(bin, "deep-element-added", G_CALLBACK(&detail::disable_direct_rendering),
                   nullptr);
}

}  // namespace omni
