// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The sound beside a picture that is cut into segments: collects it as it passes, and gives each
// segment its stretch of it as a track for an MP4. Knows no pads and no segments of GStreamer:
// times are running times.
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

/// Where a stretch of sound lies: samples, counted from running time 0.
struct SoundPiece {
  std::shared_ptr<const SoundFormat> format;
  BufferPtr buffer;
  std::uint64_t start = 0;
  std::uint64_t count = 0;
  std::uint64_t end() const { return start + count; }
};

/// All of it may be called from any thread; one take() at a time.
class ReferenceAudio {
 public:
  ReferenceAudio();
  ~ReferenceAudio();
  ReferenceAudio(const ReferenceAudio&) = delete;
  ReferenceAudio& operator=(const ReferenceAudio&) = delete;

  /// audio/x-raw, interleaved, or AAC: stream-format=raw with codec_data, or adts. False: nothing
  /// that can go along; what comes is ignored, and take() finds nothing, until other caps come.
  bool set_caps(const GstCaps* caps);
  /// Keeps a reference, and does not copy. Without a time: right behind the one before.
  void push(GstBuffer* buffer, GstClockTime running_time);
  /// There is no sound before this (a GAP event).
  void skip_to(GstClockTime running_time);
  /// Nothing more will come.
  void end();
  /// All is forgotten but the caps; a take() that waits finds nothing.
  void flush();
  /// Nothing before this will be asked for.
  void drop_before(GstClockTime running_time);

  /// Waits until the sound up to `end` is there, no more will come, or `patience` is over; for ever
  /// with GST_CLOCK_TIME_NONE. What is before `start` is
  /// dropped for good. The track begins at `start` and holds what is in [start, end); nothing when
  /// there is no sound. Its edits are in `movie_timescale`. AAC goes bit for bit; where it begins
  /// later or ends earlier, so does the track. Raw sound is encoded, and silence is where there is
  /// none. Sound whose caps are other than at the beginning of the stretch is left out. The same
  /// sound gives the same bytes. Throws Failure: cancelled, bad_input, invalid_request.
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

  mutable std::mutex mutex_;  // guards all of the below
  FormatPtr format_;          // of what comes; none before caps, or with ADTS before a unit
  bool adts_ = false;
  bool ignored_ = false;  // caps of no use
  bool ended_ = false;
  ObjectPtr<GstAdapter> adapter_;  // of ADTS: what is no whole unit yet
  GstClockTime adts_time_ = GST_CLOCK_TIME_NONE;
  std::deque<SoundPiece> pieces_;
  std::optional<std::uint64_t> next_;  // where the last piece ended
  bool overlapped_ = false;            // the last one was all before that
  GstClockTime skipped_to_ = 0;
  GstClockTime floor_ = 0;  // nothing before is needed
  BusPtr waiter_;           // of take()
  GstClockTime waits_for_ = 0;
};

}  // namespace omni
