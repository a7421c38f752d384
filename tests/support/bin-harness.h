// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin in a harness whose source is not live: who pushes is held up as by a file, and what
// comes out waits until it is pulled. Frames are numbered, of counted-frames.h, 25 a second.
#pragma once

#include <atomic>
#include <string>

#include "support/counted-frames.h"
#include "support/element-run.h"

namespace omni::test {

constexpr GstClockTime kFrame = 40 * GST_MSECOND;
inline const std::string kCaps25 = std::string(kCountedCaps) + "25/1";

/// The prompt that holds from the next frame on.
GstEvent* prompt_event(const char* prompt);

/// This one at its time.
BufferPtr frame25(unsigned number);

class BinHarness : public ElementRun {
 public:
  BinHarness(const std::string& url, const std::string& properties, bool live = false)
      : ElementRun(url, properties, "omniv2vbin", kCaps25.c_str(), live) {}

  GstFlowReturn push_frame(unsigned number);
  GstFlowReturn push_frames(unsigned first, unsigned count);
  /// What begins a stream, or goes on after a flush.
  void push_segment();
  void flush();
  /// These go in, and the end: they come out, and then the end.
  void play_to_end(unsigned first, unsigned count);
  /// Pulls them, and looks at their times and numbers.
  void expect_frames(unsigned first, unsigned count);
  /// Downstream has enough after so many frames; `left` outlives the run.
  void take_only(std::atomic<unsigned>& left);
};

}  // namespace omni::test
