// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Owning pointers for GStreamer's types; those for GLib's are in service/.
#pragma once

#include <gst/gst.h>

#include <functional>

#include "service/glib-ptr.h"

namespace omni {

// gst_buffer_ref and similar are static inline, which a template argument must not be.
inline void ref_mini_object(gpointer object) {
  gst_mini_object_ref(static_cast<GstMiniObject*>(object));
}
inline void unref_mini_object(gpointer object) {
  gst_mini_object_unref(static_cast<GstMiniObject*>(object));
}

template <class T>
using MiniObjectPtr = RefPtr<T, &ref_mini_object, &unref_mini_object>;
using BufferPtr = MiniObjectPtr<GstBuffer>;
using EventPtr = MiniObjectPtr<GstEvent>;
using CapsPtr = MiniObjectPtr<GstCaps>;
using MessagePtr = MiniObjectPtr<GstMessage>;
using SamplePtr = MiniObjectPtr<GstSample>;
using ElementPtr = RefPtr<GstElement, &gst_object_ref, &gst_object_unref>;
using PadPtr = RefPtr<GstPad, &gst_object_ref, &gst_object_unref>;
using PoolPtr = RefPtr<GstBufferPool, &gst_object_ref, &gst_object_unref>;
using BusPtr = RefPtr<GstBus, &gst_object_ref, &gst_object_unref>;
using StructurePtr = std::unique_ptr<GstStructure, FreeWith<&gst_structure_free>>;

}  // namespace omni
