// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The sound of a result as PCM, for whoever plays it beside the result's picture.
#pragma once

#include <gst/audio/audio.h>

#include <cstdint>
#include <memory>

#include "media/bus-cancellation.h"
#include "media/recode.h"
#include "service/byte-rope.h"

namespace omni {

/// Exactly `samples` samples in this format (interleaved), from the file's running time 0 on: edit
/// lists are followed, so priming is not heard. Silence where the file has no sound, and behind its
/// end. Neither faster nor slower than in the file. Throws Failure: bad_result, invalid_request,
/// cancelled.
BytesPtr decode_sound(std::shared_ptr<const ByteRope> file, const GstAudioInfo& format,
                      std::uint64_t samples, BusCancellation& cancellation);

}  // namespace omni
