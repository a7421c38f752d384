// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Between GstBuffer and ByteRope, both ways, without a copy.
#pragma once

#include "media/gst-ptr.h"
#include "service/byte-rope.h"

namespace omni {

/// The buffer's memory, kept mapped while somebody needs it; nullptr when it cannot be mapped.
BytesPtr as_bytes(BufferPtr buffer);

/// Part of a rope: at most `most` bytes from `offset`.
BufferPtr slice(const ByteRope& bytes, guint64 offset, gsize most);

/// A whole rope.
BufferPtr as_buffer(const ByteRope& bytes);

/// video/quicktime as the services deliver it.
CapsPtr result_caps();

}  // namespace omni
