// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Collects the audio next to video that is cut into segments, and returns the part for each segment
// as a track of an MP4. Knows no pads and no GstSegment: times are running times.
#pragma once

#include <gst/base/gstadapter.h>
#include <gst/gst.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "media/aac-setup.h"
#include "media/bus-cancellation.h"
#include "media/gst-ptr.h"
#include "media/mp4/samples.h"
#include "media/recode.h"

namespace omni {

struct SoundFormat;

/// A piece of audio and its position in samples, counted from running time 0.
struct SoundPiece {
  std::shared_ptr<const SoundFormat> format;
  BufferPtr buffer;
  std::uint64_t start = 0;
  std::uint64_t count = 0;
  std::uint64_t end() const { return start + count; }
};

/// Thread-safe; one take() at a time.
class ReferenceAudio {
 public:
  ReferenceAudio();
  ~ReferenceAudio();
  ReferenceAudio(const ReferenceAudio&) = delete;
  ReferenceAudio& operator=(const ReferenceAudio&) = delete;

  /// audio/x-raw, interleaved, or AAC: stream-format=raw with codec_data, or adts. False for other
  /// audio: it is ignored, and take() finds nothing, until other caps arrive.
  bool set_caps(const GstCaps* caps);
  /// Keeps a reference and does not copy. Without a time, the buffer follows the previous one
  /// directly.
  void push(GstBuffer* buffer, GstClockTime running_time);
  /// There is no audio before this time (a GAP event).
  void skip_to(GstClockTime running_time);
  /// Nothing more will arrive.
  void end();
  /// Forgets everything except the caps; a take() that waits finds nothing.
  void flush();
  /// Nothing before this time will be requested.
  void drop_before(GstClockTime running_time);

  /// Waits until the audio up to `end` has arrived, no more will arrive, or `patience` is over;
  /// forever with GST_CLOCK_TIME_NONE. Everything before `start` is dropped for good. The track
  /// starts at `start` and holds [start, end); nothing when there is no audio. Its edits are in
  /// `movie_timescale`. AAC is copied bit for bit; where it starts later or ends earlier, so does
  /// the track. Raw audio is encoded, with silence where there is none. Audio whose caps differ
  /// from those at the start of the range is left out. The same audio gives the same bytes. Throws
  /// Failure: cancelled, bad_input, invalid_request.
  std::optional<mp4::SampleTrack> take(GstClockTime start, GstClockTime end,
                                       std::uint32_t movie_timescale, BusCancellation& cancellation,
                                       GstClockTime patience = GST_CLOCK_TIME_NONE);

 private:
  using FormatPtr = std::shared_ptr<const SoundFormat>;
  using Pieces = std::vector<SoundPiece>;

  void set_format(const SoundFormat& format);
  void push_adts(GstBuffer* buffer, GstClockTime time);
  bool take_adts_unit();
  void add(BufferPtr buffer, GstClockTime time, bool discont);
  std::uint64_t place(GstClockTime time, bool exact) const;
  bool has_all(GstClockTime end) const;
  BusPtr waiter_if_ready();
  void trim(Pieces& old);
  bool wait_for(GstClockTime end, BusCancellation& cancellation, GstClockTime patience);
  Pieces cut(GstClockTime start, GstClockTime end) const;

  mutable std::mutex mutex_;  // guards everything below
  FormatPtr format_;          // of the input; null before caps, or with ADTS before the first unit
  bool adts_ = false;
  bool ignored_ = false;  // unusable caps
  bool ended_ = false;
  ObjectPtr<GstAdapter> adapter_;  // ADTS: bytes that are not a complete unit yet
  GstClockTime adts_time_ = GST_CLOCK_TIME_NONE;
  std::deque<SoundPiece> pieces_;
  std::optional<std::uint64_t> next_;  // where the last piece ended
  bool overlapped_ = false;            // the last buffer lay entirely before next_
  GstClockTime skipped_to_ = 0;
  GstClockTime floor_ = 0;  // nothing before this is needed
  BusPtr waiter_;           // of take()
  GstClockTime waits_for_ = 0;
};

}  // namespace omni
