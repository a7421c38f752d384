// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Keeps everything about a source frame except its pixels, because raw frames are far too large to
// wait for a service: its times, flags, and the metas that describe it (timecode, captions,
// regions). The output frame then differs in its pixels only.
#pragma once

#include <gst/gst.h>

#include "media/gst-ptr.h"

namespace omni {

struct FrameRecord {
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  guint64 offset = GST_BUFFER_OFFSET_NONE;
  guint64 offset_end = GST_BUFFER_OFFSET_NONE;
  guint flags = 0;
  BufferPtr metas;  // a buffer without memory; null where the frame has no such metas
};

/// Do frames look the same with either of these caps? The frame rate does not matter: every frame
/// has its own time.
bool same_picture(const GstCaps* a, const GstCaps* b);

FrameRecord record_frame(GstBuffer* frame);

/// Removes the metas that record_frame() has kept from a writable frame: an encoder may put
/// captions and the like into its output.
void strip_frame(GstBuffer* frame);

/// A frame with these pixels (memory is shared, not copied) and everything else as recorded.
BufferPtr restore_frame(const FrameRecord& record, GstBuffer* picture);

}  // namespace omni
