// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The audio for references: a copy of what the first audio pad receives.
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
  /// False for audio that cannot be used; once for each caps.
  bool take_event(GstEvent* event);
  void take(GstBuffer* buffer);
  /// Is there any audio to wait for?
  bool has_caps() const { return has_caps_; }
  ReferenceAudio& audio() { return audio_; }

  /// Where no passthrough holds back the audio: waits while it is further ahead of the references
  /// than `capacity`, which is called repeatedly. False when flushing.
  bool wait_for_room(const std::function<GstClockTime()>& capacity);
  /// References include their audio up to here.
  void used_until(GstClockTime running_time);
  void stop();

 private:
  bool set_caps(const GstCaps* caps);

  ReferenceAudio audio_;
  std::atomic<bool> has_caps_{false};
  // Guarded by the pad's stream lock
  GstSegment segment_;
  std::optional<GstAudioInfo> planar_;  // decoders often output planar samples
  GstClockTime taken_until_ = 0;        // running time of the last buffer

  std::mutex lock_;  // innermost: guards everything below
  std::condition_variable changed_;
  GstClockTime used_ = 0;
  bool flushing_ = false;
  bool stopped_ = false;
};

}  // namespace omni
