// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decodes one track of an MP4 and encodes it anew, in a pipeline of its own and as fast as it can.
// What comes out are coded units with their times; the container is none of its business.
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
  CapsPtr caps;                                      // of what was encoded, with codec_data
  CapsPtr raw;                                       // of what went into the encoder
  GstClockTime first_demuxed = GST_CLOCK_TIME_NONE;  // PTS of the first sample, in file order
  GstClockTime first_decoded = GST_CLOCK_TIME_NONE;  // PTS of the first that is shown or heard
  bool over = false;                                 // given up: more bytes than allowed came out
};

/// Adds what an encoder gave; its bytes are copied, since encoders reuse theirs.
void add_unit(Coded& coded, GstBuffer* buffer, GstCaps* caps);

struct VideoRecode : EncodePlan {
  unsigned rate_numerator = 25;  // taken where the file's own rate is not known
  unsigned rate_denominator = 1;
  std::uint64_t max_bytes = 0;      // 0 = no limit
  std::vector<GstClockTime> shown;  // PTS of the frames to be encoded, in order; empty = all
};

/// `file` holds this one track, see only_track(). Throws Failure: bad_input, invalid_request,
/// cancelled.
Coded recode_video(std::shared_ptr<const ByteRope> file, const VideoRecode& plan,
                   BusCancellation& cancellation);

struct AudioCoded : Coded {
  unsigned priming = 0;       // samples that come out before the first one
  std::uint64_t samples = 0;  // that went in
};
AudioCoded recode_audio(std::shared_ptr<const ByteRope> file, unsigned bits_per_second,
                        BusCancellation& cancellation);

/// What is decoded is given to `use`, on another thread, with its time counted from that of the
/// file's first sample; false: that was enough. Neither gaps nor overlaps are left in it. Throws
/// Failure: bad_result, invalid_request, cancelled.
using UseSound = std::function<bool(GstBuffer* buffer, GstClockTime since_first)>;
void decode_audio(std::shared_ptr<const ByteRope> file, const GstAudioInfo& format,
                  const UseSound& use, BusCancellation& cancellation);

}  // namespace omni
