// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Makes a JPEG of one frame of an MP4, for use as a reference image. Which file, and where the
// image goes, is decided elsewhere.
#pragma once

#include <memory>

#include "media/bus-cancellation.h"
#include "media/recode.h"
#include "service/byte-rope.h"
#include "service/glib-ptr.h"

namespace omni {

/// The frame at half of the duration (the first one may be black): square pixels, at most 1280 on
/// the long side, each side the nearest multiple of 16, colours as displayed. The same file gives
/// the same bytes. Blocks. Throws Failure: bad_result, invalid_request (an element is not
/// installed), cancelled.
BytesPtr make_still(std::shared_ptr<const ByteRope> file, BusCancellation& cancellation);

/// Throws Failure (invalid_request) when stills cannot be made because an element is missing.
void require_still_encoder();

}  // namespace omni
