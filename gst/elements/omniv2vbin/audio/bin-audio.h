// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The audio of omniv2vbin: a passthrough for each requested audio pad, and the audio for
// references. Pads exist until the user releases them; the runs in them last from READY to READY.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "elements/omniv2vbin/audio/audio-passthrough.h"
#include "elements/omniv2vbin/audio/reference-audio-tap.h"
#include "elements/omniv2vbin/audio/result-audio.h"
#include "elements/omniv2vbin/bin-stream.h"

namespace omni {

class BinAudio {
 public:
  struct Host {
    GstElement* element;  // outlives this
    std::function<std::shared_ptr<BinStream>()> stream;
    LogSink log;
  };

  explicit BinAudio(Host host) : host_(std::move(host)) {}

  /// A new audio_sink_%u; `name` may be null. nullptr when the name is taken.
  GstPad* request(GstPadTemplate* sink_template, const char* name);
  void release(GstPad* sink);

  /// READY->PAUSED, before the pads are activated. `tapped`: references have audio. `of_results`:
  /// the audio of the results is output, and input audio is discarded.
  void start(bool tapped, bool of_results);
  /// PAUSED->READY, before the pads are deactivated.
  void stop();
  /// After the pads are inactive.
  void finish();

  /// The audio for references; null when they have none.
  std::shared_ptr<ReferenceAudioTap> tap() const;
  /// The audio of results; null when the source's audio is output.
  std::shared_ptr<ResultAudio> result_audio() const;
  /// After caps came to an audio pad, or its end.
  void report_when_complete();
  /// Names of the pads whose src pads are still to come; empty: none.
  std::string pads_without_caps() const;
  /// audio=result: what an audio pad answers for a buffer.
  GstFlowReturn end_here(bool first);

 private:
  struct AudioPad {
    PadPtr sink;  // may be released while a copy of this is looked at
    std::shared_ptr<AudioPassthrough> passthrough;
  };
  std::vector<AudioPad> passthroughs() const;
  AudioPassthrough::Host passthrough_host(GstPad* sink, guint index) const;

  const Host host_;
  mutable std::mutex lock_;  // innermost: guards everything below
  std::vector<AudioPad> passthroughs_;
  guint next_index_ = 0;
  bool running_ = false;
  bool complete_ = false;  // every requested pad has its src pad
  std::shared_ptr<ReferenceAudioTap> tap_;
  std::shared_ptr<ResultAudio> result_audio_;
};

}  // namespace omni
