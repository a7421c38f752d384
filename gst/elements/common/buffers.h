// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Converts between GstBuffer and ByteRope without copying.
#pragma once

#include "media/gst-ptr.h"
#include "service/byte-rope.h"

namespace omni {

/// The buffer's memory, mapped for as long as it is referenced; nullptr when it cannot be mapped.
BytesPtr as_bytes(BufferPtr buffer);

/// Part of a rope: at most `most` bytes from `offset`.
BufferPtr slice(const ByteRope& bytes, guint64 offset, gsize most);

/// A whole rope.
BufferPtr as_buffer(const ByteRope& bytes);

/// video/quicktime as the services deliver it.
CapsPtr result_caps();

}  // namespace omni
