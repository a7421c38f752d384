// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The audio that goes along with references: a copy of what comes to the first audio pad.
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "media/reference-audio.h"

namespace omni {

class ReferenceAudioTap {
 public:
  ReferenceAudioTap() { gst_segment_init(&segment_, GST_FORMAT_UNDEFINED); }
  /// False for sound that cannot go along; told once for each caps.
  bool take_event(GstEvent* event);
  void take(GstBuffer* buffer);
  /// Is there anything to wait for?
  bool has_caps() const { return has_caps_; }
  ReferenceAudio& audio() { return audio_; }

  /// Where no passthrough holds the sound back: waits while it is further ahead of the references
  /// than this, which is asked for again and again. False when flushing.
  bool wait_for_room(const std::function<GstClockTime()>& capacity);
  /// References have their sound up to here.
  void used_until(GstClockTime running_time);
  void stop();

 private:
  bool set_caps(const GstCaps* caps);

  ReferenceAudio audio_;
  std::atomic<bool> has_caps_{false};
  // Under the pad's stream lock
  GstSegment segment_;
  std::optional<GstAudioInfo> planar_;  // decoders often give one channel after the other
  GstClockTime taken_until_ = 0;        // running time of what came last

  std::mutex lock_;  // innermost: guards what follows
  std::condition_variable changed_;
  GstClockTime used_ = 0;
  bool flushing_ = false;
  bool stopped_ = false;
};

}  // namespace omni
