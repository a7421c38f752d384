// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What omniv2vbin provides to one run.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>
#include <string>

#include "elements/common/output-queue.h"
#include "elements/common/spend-tracker.h"
#include "elements/omniv2vbin/bin-settings.h"
#include "elements/omniv2vbin/segment.h"
#include "media/reference-audio.h"

namespace omni {

class ResultAudio;

/// All of it outlives the run.
struct BinHost {
  GstElement* element;
  GstPad* sink;
  GstPad* src;
  std::function<BinSettings()> settings;  // a copy of the current settings
  /// Lets the application publish bytes; null when no handler is connected.
  std::function<std::function<std::string(const ByteRope&)>()> publisher;
  /// A segment took this long, longer than any before.
  std::function<void(GstClockTime)> delay_observed;
  /// The audio for references; null when they have none, or none has arrived yet.
  std::function<std::shared_ptr<ReferenceAudio>()> reference_audio;
  /// References have their audio up to this running time.
  std::function<void(GstClockTime)> reference_audio_used;
  /// Names of the audio pads whose src pads are still to come; empty: none.
  std::function<std::string()> pads_without_caps;
  std::shared_ptr<ResultAudio> result_audio;  // null: the source's audio goes out
  SpendTracker& spend;
  LogSink log;
};

using BinQueue = OutputQueue<Segment>;

}  // namespace omni
