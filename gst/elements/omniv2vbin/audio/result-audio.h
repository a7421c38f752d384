// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// audio=result: the audio of the results, time-aligned, on an audio_src_0 of its own. Raw audio in
// one format, gapless from segment to segment, with silence where a result has none. Where segments
// overlap, it fades like the video. It is queued and output like all audio of the bin
// (audio-passthrough.h).
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

/// The audio of one clip, while it is being decoded. Null: silence.
using ClipAudio = std::future<BytesPtr>;

class ResultAudio {
 public:
  /// `host.sink` is not used.
  explicit ResultAudio(AudioPassthrough::Host host);

  void start() { passthrough_.start(); }
  void stop();
  void finish() { passthrough_.finish(); }

  /// At the first video caps, so that the pad is added early.
  void begin();
  /// STREAM_START, SEGMENT, EOS and flushes, as for the video.
  void event(GstEvent* event);

  /// Decodes the audio of what is shown for a segment, on its own thread.
  ClipAudio decode(std::shared_ptr<const ByteRope> part, const Segment& segment);
  /// Outputs the audio of a segment; null is silence.
  void place(const Segment& segment, ClipAudio sound);

 private:
  /// Part of a segment's audio, in samples of running time.
  struct Stretch {
    guint64 first, end;
    guint64 tail;  // length of the overlap that follows the end
  };
  static Stretch stretch_of(const Segment& segment);
  void begin_stream();
  void fade(GstBuffer* buffer, guint64 at) const;
  std::shared_ptr<BusCancellation> cancellation() const;

  const LogSink log_;
  PadPtr sink_;  // takes the place of a passthrough's request pad
  AudioPassthrough passthrough_;
  GstAudioInfo format_;
  bool begun_ = false;
  // Used by the thread that calls place():
  bool discont_ = true;
  bool ended_ = false;  // EOS was queued
  guint64 next_sample_ = 0;
  BytesPtr tail_;            // the previous clip's part of the current segment, to fade out
  mutable std::mutex lock_;  // innermost: guards cancellation_
  std::shared_ptr<BusCancellation> cancellation_ = std::make_shared<BusCancellation>();
};

}  // namespace omni
