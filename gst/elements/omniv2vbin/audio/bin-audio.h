// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The sound of omniv2vbin: a lane for each audio pad that was requested, and the sound that goes
// along with references. The pads live as long as the user wants them; what runs in them is made
// anew from READY to READY.
#pragma once

#include <gst/audio/audio.h>
#include <gst/gst.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "elements/omniv2vbin/audio/audio-passthrough.h"
#include "elements/omniv2vbin/audio/result-audio.h"
#include "elements/omniv2vbin/bin-stream.h"
#include "media/reference-audio.h"

namespace omni {

/// Listens to the first audio pad.
class ReferenceAudioTap {
 public:
  ReferenceAudioTap() { gst_segment_init(&segment_, GST_FORMAT_UNDEFINED); }
  /// False for sound that cannot go along; told once for each caps.
  bool hear_event(GstEvent* event);
  void hear(GstBuffer* buffer);
  /// Is there anything to wait for?
  bool has_caps() const { return has_caps_; }
  ReferenceAudio& sound() { return sound_; }

  /// Where no lane holds the sound back: waits while it is further ahead of the references than
  /// this, which is asked for again and again. False when flushing.
  bool wait_for_room(const std::function<GstClockTime()>& capacity);
  /// References have their sound up to here.
  void used_until(GstClockTime running_time);
  void stop();

 private:
  bool set_caps(const GstCaps* caps);

  ReferenceAudio sound_;
  std::atomic<bool> has_caps_{false};
  // Under the pad's stream lock
  GstSegment segment_;
  std::optional<GstAudioInfo> planar_;  // decoders often give one channel after the other
  GstClockTime heard_ = 0;              // running time of what came last

  std::mutex lock_;  // innermost: guards what follows
  std::condition_variable changed_;
  GstClockTime used_ = 0;
  bool flushing_ = false;
  bool stopped_ = false;
};

class BinAudio {
 public:
  struct Host {
    GstElement* element;  // outlives this
    std::function<std::shared_ptr<BinStream>()> stream;
    LogSink log;
  };

  explicit BinAudio(Host host) : host_(std::move(host)) {}

  /// A new audio_sink_%u; `name` may be null. nullptr when there is one of that name.
  GstPad* request(GstPadTemplate* sink_template, const char* name);
  void release(GstPad* sink);

  /// READY->PAUSED, before the pads are activated. `tapped`: references carry sound. `of_results`:
  /// what goes out is the sound of the results; what comes in ends here.
  void start(bool tapped, bool of_results);
  /// PAUSED->READY, before the pads are deactivated.
  void stop();
  /// After they are.
  void finish();

  /// The sound for references; null when they carry none.
  std::shared_ptr<ReferenceAudioTap> tap() const;
  /// The sound of results; null when that of the source goes out.
  std::shared_ptr<ResultAudio> result_lane() const;
  /// After caps came to an audio pad.
  void tell_when_complete();
  /// audio=result: what an audio pad answers for a buffer.
  GstFlowReturn end_here(bool first);

 private:
  struct Lane {
    GstPad* sink;
    std::shared_ptr<AudioPassthrough> lane;
  };
  std::vector<Lane> lanes() const;
  AudioPassthrough::Host lane_host(GstPad* sink, guint index) const;

  const Host host_;
  mutable std::mutex lock_;  // innermost: guards what follows
  std::vector<Lane> lanes_;
  guint next_index_ = 0;
  bool running_ = false;
  bool complete_ = false;  // every requested pad has its src pad
  std::shared_ptr<ReferenceAudioTap> tap_;
  std::shared_ptr<ResultAudio> result_lane_;
};

}  // namespace omni
