// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decodes one track of an MP4 and re-encodes it, in a pipeline of its own and as fast as possible.
// The output is encoded units with their times; containers are handled elsewhere.
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "media/bus-cancellation.h"
#include "media/encode-chain.h"
#include "media/mp4/only-track.h"
#include "service/byte-rope.h"

namespace omni {

struct CodedUnit {
  std::uint64_t offset = 0;  // in the media
  std::uint32_t size = 0;
  GstClockTime pts = 0;
  bool sync = true;
};

struct Coded {
  std::shared_ptr<ByteRope> media = std::make_shared<ByteRope>();
  std::vector<CodedUnit> units;
  CapsPtr caps;                                      // of the encoder's output, with codec_data
  CapsPtr raw;                                       // of the encoder's input
  GstClockTime first_demuxed = GST_CLOCK_TIME_NONE;  // PTS of the first sample, in file order
  GstClockTime first_decoded = GST_CLOCK_TIME_NONE;  // PTS of the first decoded buffer
  bool over = false;                                 // aborted: the output exceeded max_bytes
};

/// Adds one encoder output buffer; its bytes are copied, since encoders reuse their buffers.
void add_unit(Coded& coded, GstBuffer* buffer, GstCaps* caps);

struct VideoRecode : EncodePlan {
  unsigned rate_numerator = 25;  // used where the file does not give a rate
  unsigned rate_denominator = 1;
  std::uint64_t max_bytes = 0;      // 0 = no limit
  std::vector<GstClockTime> shown;  // PTS of the frames to be encoded, in order; empty = all
};

/// `file` holds this one track, see only_track(). Throws Failure: bad_input, invalid_request,
/// cancelled.
Coded recode_video(std::shared_ptr<const ByteRope> file, const VideoRecode& plan,
                   BusCancellation& cancellation);

struct AudioCoded : Coded {
  unsigned priming = 0;       // samples of output before the first one
  std::uint64_t samples = 0;  // of input
};
AudioCoded recode_audio(std::shared_ptr<const ByteRope> file, unsigned bits_per_second,
                        BusCancellation& cancellation);

/// Each decoded buffer goes to `use`, on another thread, with its time relative to the file's first
/// sample; false: enough. The audio has no gaps or overlaps. Throws Failure: bad_result,
/// invalid_request, cancelled.
using UseSound = std::function<bool(GstBuffer* buffer, GstClockTime since_first)>;
void decode_audio(std::shared_ptr<const ByteRope> file, const GstAudioInfo& format,
                  const UseSound& use, BusCancellation& cancellation);

}  // namespace omni
