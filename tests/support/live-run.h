// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin in a harness whose source is live. The clock is the test's own: no time passes but
// that which a test lets pass.
#pragma once

#include <gst/check/gsttestclock.h>

#include <string>

#include "support/counted-frames.h"
#include "support/v2v-fixture.h"

namespace omni::test {

inline constexpr GstClockTime kFrame = 40 * GST_MSECOND;
inline constexpr GstClockTime kUpstream = 60 * GST_MSECOND;
inline constexpr GstClockTime kSegment = 4 * GST_SECOND;
inline constexpr GstClockTime kLatency = 3 * GST_SECOND;
inline constexpr unsigned kFrames = 100;  // of a segment
inline const std::string kCaps = std::string(kCountedCaps) + "25/1";

/// Pictures show the number of their segment: a live encoder may leave frames out.
class LiveRun : public ElementRun {
 public:
  LiveRun(const std::string& url, const std::string& properties, const std::string& caps = kCaps)
      : ElementRun(url, "prompt=x segment-duration=4000000000 latency=3000000000 " + properties,
                   "omniv2vbin", nullptr) {
    gst_harness_use_testclock(harness());
    gst_harness_set_upstream_latency(harness(), kUpstream);
    gst_harness_set_src_caps_str(harness(), caps.c_str());
    clock_ = gst_harness_get_testclock(harness());
  }
  ~LiveRun() { gst_object_unref(clock_); }

  /// So many segments come in whole, and the frame that cuts the last one.
  void push_segments(unsigned count) {
    for (unsigned i = pushed_; i < pushed_ + count * kFrames; ++i) push_frame(i);
    pushed_ += count * kFrames;
    push_frame(pushed_);
    ++pushed_;
  }
  void push_frame(unsigned i) {
    gst_harness_push(harness(), counted_frame(i / kFrames, i * kFrame, kFrame).release());
  }
  /// Its picture is of no interest.
  void push_at(GstClockTime time, GstClockTime duration = kFrame) {
    gst_harness_push(harness(), counted_frame(0, time, duration).release());
  }
  void wait_state(const std::string& wanted) {
    for (;;) {
      const auto message = wait_message(GST_MESSAGE_ELEMENT);
      fail_unless(bool(message), "no %s came", wanted.c_str());
      const char* state =
          gst_structure_get_string(gst_message_get_structure(message.get()), "state");
      if (state && wanted == state) return;
    }
  }
  GstClockTime time() const { return gst_clock_get_time(GST_CLOCK(clock_)); }
  void set_time(GstClockTime time) { gst_test_clock_set_time(clock_, time); }

  /// Until the element waits for this time. Until then it may wait for others, such as that at
  /// which a source would have stopped; the test's own time limit ends a wait in vain.
  void wait_for_alarm(GstClockTime wanted) {
    for (GstClockTime time = 0; time != wanted; g_usleep(1000)) {
      GstClockID id = nullptr;
      gst_test_clock_wait_for_next_pending_id(clock_, &id);
      time = gst_clock_id_get_time(id);
      gst_clock_id_unref(id);
    }
  }
  /// The clock goes on to where the element waits.
  void reach(GstClockTime time) {
    set_time(time);
    ring();
  }
  /// The next frame. A time that was past when the element began to wait for it, a test clock does
  /// not ring by itself, as others do.
  BufferPtr pull() {
    for (;; g_usleep(1000)) {
      if (auto frame = BufferPtr::adopt(gst_harness_try_pull(harness()))) return frame;
      ring();
    }
  }
  EventPtr wait_gap() {
    for (;; g_usleep(1000)) {
      auto event = EventPtr::adopt(gst_harness_try_pull_event(harness()));
      if (event && GST_EVENT_TYPE(event.get()) == GST_EVENT_GAP) return event;
      ring();
    }
  }
  /// Until EOS is out, whatever else comes.
  void play_out() {
    for (;; g_usleep(1000)) {
      while (const auto event = EventPtr::adopt(gst_harness_try_pull_event(harness())))
        if (GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS) return;
      ring();
    }
  }
  /// So many frames come, from the first one on, with their times.
  void expect_times(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const BufferPtr frame = pull();
      fail_unless_equals_uint64(GST_BUFFER_PTS(frame.get()), i * kFrame);
    }
  }
  /// All frames of a segment come, with their times and this picture.
  void expect_segment(unsigned segment, unsigned picture) {
    const auto caps = CapsPtr::adopt(gst_caps_from_string(kCaps.c_str()));
    for (unsigned i = segment * kFrames; i < (segment + 1) * kFrames; ++i) {
      const BufferPtr frame = pull();
      fail_unless_equals_uint64(GST_BUFFER_PTS(frame.get()), i * kFrame);
      fail_unless_equals_int(number_in(frame.get(), caps.get()), picture);
    }
  }

 private:
  void ring() {
    while (GstClockID id = gst_test_clock_process_next_clock_id(clock_)) gst_clock_id_unref(id);
  }

  GstTestClock* clock_;
  unsigned pushed_ = 0;
};

}  // namespace omni::test
