// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// For AudioPassthrough: a small element with lanes, and pads of the test's own around one of them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "elements/omniv2vbin/audio/audio-passthrough.h"

namespace omni::test {

inline constexpr GstClockTime kStep = 100 * GST_MSECOND;
// For what hangs. The limit of the test case, which goes with the machine, mostly ends it before.
inline constexpr auto kPatience = std::chrono::seconds(300);
inline constexpr const char* kRaw =
    "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved";
inline constexpr const char* kAac =
    "audio/mpeg,mpegversion=4,stream-format=raw,codec_data=(buffer)1190,rate=48000,channels=2";

/// What a test sets and looks at. The lock guards what is not atomic, of the rig too.
struct Controls {
  std::atomic<GstClockTime> capacity{GST_SECOND};
  std::atomic<bool> live{false};
  std::atomic<GstClockTime> latency{0};
  std::atomic<int> src_pads{0};  // alive
  std::mutex lock;
  std::condition_variable changed;
  unsigned asked = 0;  // for the capacity
  std::vector<std::string> warnings;
};

/// The factory `lanetest`: audio_sink_%u -> audio_src_%u, and pictures from sink to src, which pass
/// a second at a time, as in the bin.
void register_lane_test();
std::shared_ptr<Controls> controls_of(GstElement* lanetest);

struct Seen {
  BufferPtr buffer;
  EventPtr event;
  bool is(GstEventType type) const { return event && GST_EVENT_TYPE(event.get()) == type; }
};

class Rig {
 public:
  explicit Rig(ElementPtr element = {}, const char* name = "audio_sink_0");
  ~Rig();
  Rig(const Rig&) = delete;

  AudioPassthrough& lane();
  GstElement* element() const { return element_.get(); }
  GstPad* in() const { return in_.get(); }
  GstPad* out() const { return out_.get(); }
  GstPad* lane_sink() const { return lane_sink_.get(); }
  CapsPtr caps_when_added() const { return caps_when_added_; }

  bool event(GstEvent* event) { return gst_pad_push_event(in_.get(), event); }
  void begin(const char* caps = kRaw);
  void caps(const char* caps);
  void segment(GstClockTime base = 0);
  GstFlowReturn push(BufferPtr buffer) { return gst_pad_push(in_.get(), buffer.release()); }
  GstFlowReturn push(guint number) { return push(sound(number)); }
  /// A buffer of its own number and bytes, kStep long.
  static BufferPtr sound(guint number);

  /// Pushes on a thread of its own, from this number on until it may not.
  void push_on(guint from, std::function<BufferPtr(guint)> make = sound);
  GstFlowReturn end_of_pushing();

  template <class Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(controls->lock);
    return controls->changed.wait_for(lock, kPatience, predicate);
  }
  /// The pushing thread has come back from so many pushes, and waits inside the next one.
  bool waits_after(unsigned pushes);
  /// How many buffers have come out, before `permits` holds them.
  bool wait_buffers(std::size_t count);
  bool wait_event(GstEventType type);
  void permit(unsigned more);
  void stop_downstream();
  /// The test's own pads, as after NULL.
  void start_pads();
  std::vector<Seen> seen();
  std::vector<guint> numbers();

  std::shared_ptr<Controls> controls;
  // Under controls->lock
  unsigned permits = 1u << 30;  // how many buffers downstream still takes
  GstFlowReturn answer = GST_FLOW_OK;
  std::vector<EventPtr> upstream;  // events that came there
  std::function<void()> inside;    // called once in the next push, which then fails
  bool auto_link = true;

 private:
  void prepare_pads();
  GstFlowReturn take(BufferPtr buffer);
  gboolean take_event(EventPtr event);
  std::size_t buffers_seen() const;

  ElementPtr element_;
  PadPtr lane_sink_, in_, out_;
  CapsPtr caps_when_added_;
  gulong added_ = 0;
  std::thread pusher_;
  // Under controls->lock
  std::vector<Seen> seen_;
  bool out_flushing_ = false;
  unsigned pushed_ = 0;
  GstFlowReturn pushed_flow_ = GST_FLOW_OK;
};

/// Numbers of buffers.
std::vector<guint> from_to(guint first, guint last);
/// The words for what was seen from the last FLUSH_STOP on.
std::string story(const std::vector<Seen>& seen);
bool is_discont(const Seen& one);

}  // namespace omni::test
