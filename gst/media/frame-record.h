// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a source frame was, without its picture: raw pictures are far too large to wait for a
// service. Its times, its flags, and the metas that say something about it (timecode, captions,
// regions), so that the frame that comes out can be the same in all but the picture.
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
  BufferPtr metas;  // a buffer without memory; none where the frame has no such metas
};

/// Does a picture look the same with either of these caps, as far as anybody sees? When pictures
/// come is told by themselves.
bool same_picture(const GstCaps* a, const GstCaps* b);

FrameRecord record_frame(GstBuffer* frame);

/// Takes off a writable frame what record_frame() has written down of metas: an encoder may put
/// captions and the like into what it makes.
void strip_frame(GstBuffer* frame);

/// A frame with this picture (its memory is shared, not copied) and everything else as recorded.
BufferPtr restore_frame(const FrameRecord& record, GstBuffer* picture);

}  // namespace omni
