// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Encodes PCM in memory as AAC, in a pipeline of its own and as fast as possible, and builds the
// track of an MP4 from it. Where the PCM comes from is decided elsewhere.
#pragma once

#include <gst/audio/audio.h>

#include <vector>

#include "media/bus-cancellation.h"
#include "media/mp4/samples.h"
#include "media/recode.h"

namespace omni {

BufferPtr make_silence(const GstAudioInfo& format, std::uint64_t samples);

/// `pieces` follow each other without a gap. Throws Failure: bad_input, invalid_request, cancelled.
AudioCoded encode_sound(const GstAudioInfo& format, std::vector<BufferPtr> pieces,
                        unsigned bits_per_second, BusCancellation& cancellation);

/// Timescale, sample entry, media and samples. No edits yet: the first `priming` samples must be
/// skipped. Encoder output beyond the last input sample is left out. Throws Failure (bad_input).
mp4::SampleTrack aac_track(const AudioCoded& coded);

}  // namespace omni
