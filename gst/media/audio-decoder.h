// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decodes the audio of a result to PCM, for output next to the result's video.
#pragma once

#include <gst/audio/audio.h>

#include <cstdint>
#include <memory>

#include "media/bus-cancellation.h"
#include "media/recode.h"
#include "service/byte-rope.h"

namespace omni {

/// Exactly `samples` samples in this format (interleaved), from running time 0 of the file. Edit
/// lists are applied, so priming is not output. Silence where the file has no audio, and after its
/// end. Played at the file's own speed. Throws Failure: bad_result, invalid_request, cancelled.
BytesPtr decode_sound(std::shared_ptr<const ByteRope> file, const GstAudioInfo& format,
                      std::uint64_t samples, BusCancellation& cancellation);

}  // namespace omni
