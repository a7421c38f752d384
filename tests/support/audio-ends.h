// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The two ends of an element's first sound: what a test pushes into audio_sink_0, and what takes
// what comes out of audio_src_0.
#pragma once

#include <gst/gst.h>

#include <condition_variable>
#include <mutex>
#include <string>

#include "media/gst-ptr.h"

namespace omni::test {

class AudioEnds {
 public:
  explicit AudioEnds(GstElement* element);
  ~AudioEnds();
  AudioEnds(const AudioEnds&) = delete;

  /// Requests the pad, and says what comes: raw sound in 16 bits, 48 kHz, stereo.
  void begin(bool live = false);
  GstFlowReturn push(GstClockTime from, GstClockTime length);
  void push_event(GstEvent* event) { gst_pad_push_event(source_.get(), event); }

  /// The first that comes out waits until it is let go, as in a sink that waits for the picture.
  void hold();
  void let_go();
  /// Waits for the end of so many streams; all bytes that came until then.
  gsize wait_ends(unsigned count);

 private:
  static void added(GstElement* element, GstPad* pad, gpointer self);
  static GstFlowReturn chain(GstPad* pad, GstObject* parent, GstBuffer* buffer);
  static gboolean event(GstPad* pad, GstObject* parent, GstEvent* event);

  ElementPtr element_;
  PadPtr source_, request_, sink_;
  gulong handler_;
  std::mutex lock_;  // guards what follows
  std::condition_variable changed_;
  bool held_ = false;
  gsize bytes_ = 0;
  unsigned ends_ = 0;
};

}  // namespace omni::test
