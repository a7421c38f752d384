// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One picture of an MP4 as a JPEG, to be shown to a service as a reference image. Whose picture it
// is, and where it goes, is decided elsewhere.
#pragma once

#include <memory>

#include "media/bus-cancellation.h"
#include "media/recode.h"
#include "service/byte-rope.h"
#include "service/glib-ptr.h"

namespace omni {

/// The picture that is shown at half time (the first one may be black): square pixels, at most 1280
/// of them on the long side, each side the nearest multiple of 16, colours as they are shown. The
/// same file gives the same bytes. Blocks.
/// Throws Failure: bad_result, invalid_request (an element is not installed), cancelled.
BytesPtr make_still(std::shared_ptr<const ByteRope> file, BusCancellation& cancellation);

/// Throws Failure (invalid_request) when a still cannot be made here at all.
void require_still_encoder();

}  // namespace omni
