// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// audio=result: the sound of the results, placed in time, on an audio_src_0 of its own. Raw sound
// in one format, without a gap from segment to segment: silence where a result has none. Where
// segments overlap, it fades as the picture does. It waits and goes out as all sound of the bin
// does (audio-passthrough.h).
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <future>
#include <memory>

#include "elements/omniv2vbin/audio/audio-passthrough.h"
#include "elements/omniv2vbin/segment.h"
#include "media/bus-cancellation.h"
#include "media/recode.h"
#include "service/byte-rope.h"

namespace omni {

/// The sound of one part, on its way out of the decoder. Null: silence.
using ClipAudio = std::future<BytesPtr>;

class ResultAudio {
 public:
  /// `host.sink` is not used.
  explicit ResultAudio(AudioPassthrough::Host host);

  void start() { passthrough_.start(); }
  void stop();
  void finish() { passthrough_.finish(); }

  /// With the first picture's caps, so that the pad is there early.
  void begin();
  /// STREAM_START, SEGMENT, EOS and flushes, as the picture has them.
  void event(GstEvent* event);

  /// Decodes the sound of what is shown for a segment, on a thread of its own.
  ClipAudio decode(std::shared_ptr<const ByteRope> part, const Segment& segment);
  /// The sound of a segment goes out; nothing is silence.
  void place(const Segment& segment, ClipAudio sound);

 private:
  /// Of a segment's sound, in samples of running time.
  struct Stretch {
    guint64 first, end;
    guint64 tail;  // how many its clip goes on with after the end: the overlap
  };
  static Stretch stretch_of(const Segment& segment);
  void begin_stream();
  void fade(GstBuffer* buffer, guint64 at) const;
  std::shared_ptr<BusCancellation> cancellation() const;

  const LogSink log_;
  PadPtr sink_;  // stands where a passthrough has its request pad
  AudioPassthrough passthrough_;
  GstAudioInfo format_;
  bool begun_ = false;
  // The placing thread's:
  bool discont_ = true;
  bool ended_ = false;  // EOS went in
  guint64 next_sample_ = 0;
  BytesPtr tail_;  // what the part before has of the segment that is placed: it fades away
  mutable std::mutex lock_;  // innermost: guards cancellation_
  std::shared_ptr<BusCancellation> cancellation_ = std::make_shared<BusCancellation>();
};

}  // namespace omni
