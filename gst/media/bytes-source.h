// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// An appsrc that reads from a rope with random access, for a demuxer.
#pragma once

#include <gst/gst.h>

#include <memory>

#include "media/gst-ptr.h"
#include "service/byte-rope.h"

namespace omni {

/// The source keeps the bytes for its lifetime. Throws Failure (invalid_request) when appsrc is not
/// installed.
ElementPtr make_bytes_source(std::shared_ptr<const ByteRope> bytes);

}  // namespace omni
