// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One audio stream through the bin, unchanged: audio_sink_N -> queue limited by time ->
// audio_src_N. The video takes minutes; its audio waits here, as much of it as the host allows.
// Video, pad templates and state changes belong to the element.
//
//   sink pad's thread                          src pad's task
//   waits for room, puts buffers and           pushes them in order; the flow return
//   serialized events into the queue           of downstream goes back to the chain
//
// Locks: AudioPassthrough::lock_ guards the pointer to the run, the run's own lock its queue and
// flags; neither is taken while the other is held. No lock is held while pushing, querying or
// calling the host.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "client/log.h"
#include "media/gst-ptr.h"

namespace omni {

class AudioPassthrough {
 public:
  /// Room may also appear just because time passes.
  static constexpr std::chrono::milliseconds kAskAgain{200};

  /// What the element provides to the passthrough. The functions may be called from any thread.
  struct Host {
    GstElement* element;  // outlives the passthrough
    GstPad* sink;         // the request pad, already on the element; outlives the passthrough
    /// Makes the src pad: floating, never null, not added yet. Once a run, at the first CAPS or
    /// EOS.
    std::function<GstPad*()> new_src;
    /// How much running time may be queued. Called for each buffer, and repeatedly while one waits.
    std::function<GstClockTime()> capacity;
    /// If true, upstream is never blocked: the oldest audio is dropped, with a warning.
    std::function<bool()> live;
    /// Answers a LATENCY query for the whole element.
    std::function<bool(GstQuery*)> latency;
    LogSink log;
  };

  explicit AudioPassthrough(Host host);
  /// Only after the pads are inactive.
  ~AudioPassthrough();
  AudioPassthrough(const AudioPassthrough&) = delete;
  AudioPassthrough& operator=(const AudioPassthrough&) = delete;

  // The sink pad's functions
  GstFlowReturn chain(BufferPtr buffer);
  gboolean sink_event(EventPtr event);
  /// False: use the default handler.
  bool sink_query(GstQuery* query, gboolean* answer);

  /// READY->PAUSED, before the pads are activated; immediately for a pad requested later.
  void start();
  /// PAUSED->READY, before the pads are deactivated: wakes both threads.
  void stop();
  /// After the pads are inactive: clears the queue and removes the src pad from the element.
  void finish();

  /// The src pad, while it exists.
  PadPtr src() const;

 private:
  class Run;

  std::shared_ptr<Run> run() const;

  const Host host_;
  mutable std::mutex lock_;
  /// From start() to finish(). Shared with the src pad, because a query from the application may
  /// still be running when the state changes.
  std::shared_ptr<Run> run_;
};

/// One run from READY to READY. A new one is made for each run, so nothing has to be reset.
class AudioPassthrough::Run : public std::enable_shared_from_this<Run> {
 public:
  explicit Run(const Host& host) : host_(host), sink_(PadPtr::share(host.sink)) {
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  }

  GstFlowReturn chain(BufferPtr buffer);
  gboolean sink_event(EventPtr event);
  bool sink_query(GstQuery* query, gboolean* answer);
  void stop();
  void finish();
  PadPtr src() const;

 private:
  /// A buffer or an event.
  struct Item {
    BufferPtr buffer;
    EventPtr event;
    GstClockTime at = GST_CLOCK_TIME_NONE;  // on the queue's clock; none = takes no time
    bool discont = false;                   // set when it is output

    bool is_audio() const {
      return buffer || (event && GST_EVENT_TYPE(event.get()) == GST_EVENT_GAP);
    }
    bool takes_time() const { return GST_CLOCK_TIME_IS_VALID(at); }
  };
  using Queue = std::deque<Item>;

  // Input
  GstFlowReturn make_room();
  void warn_of_drop(GstClockTime capacity) const;
  gboolean gap(EventPtr event);
  gboolean enqueue(EventPtr event);
  gboolean flush_start(EventPtr event);
  gboolean flush_stop(EventPtr event);
  bool make_src();
  bool show_src(const PadPtr& src);
  GstClockTime tick(GstClockTime position, GstClockTime duration);
  gboolean answer_caps(GstQuery* query);

  // Output
  static void own(const PadPtr& src, std::shared_ptr<Run> run);
  static Run& of(gpointer src);
  static void task(gpointer src);
  gboolean activate(GstPad* src, bool active);
  gboolean src_event(EventPtr event);
  gboolean src_query(GstPad* src, GstObject* parent, GstQuery* query);
  void output_once(GstPad* src);
  Item wait_for_front();
  void handle_flow(GstPad* src, GstFlowReturn flow);

  // With lock_ held
  GstFlowReturn refusal() const;
  GstClockTime span() const;
  void append(Item item);
  Item take(Queue::iterator at);
  template <class Goes>
  Queue take_out(Goes goes);
  Queue take_flushed();
  Queue take_refused();
  void tell();

  const Host host_;
  const PadPtr sink_;  // owned, since a query from downstream may outlive the passthrough

  // Under lock_
  mutable std::mutex lock_;
  std::condition_variable changed_;
  // Tells a waiting chain that something has changed. Written under lock_.
  std::atomic<guint> changes_{0};
  Queue queue_;
  std::size_t timed_ = 0;             // number of items in queue_ that take time
  bool stopped_ = false;              // the run is over and nothing may start
  bool flushing_ = false;             // from FLUSH_START to FLUSH_STOP, or stopped
  bool flush_passed_ = false;         // downstream has received this FLUSH_START
  bool open_ = false;                 // the src pad was added to the element: the task may begin
  bool refused_ = false;              // downstream returned EOS: drop until the next segment or
                                      // stream
  bool ended_ = false;                // EOS was received: no chain will return an error any more
  bool told_ = false;                 // upstream has received flow_
  bool discont_ = false;              // audio was lost before the next buffer
  bool dropping_ = false;             // a warning was posted for this series of drops
  GstFlowReturn flow_ = GST_FLOW_OK;  // the output's flow; never EOS
  // Counts flushes and new links: a flow return from before is outdated.
  guint turn_ = 0;
  PadPtr src_;

  // Under the sink pad's stream lock
  GstSegment segment_;
  // The queue's clock: running time that never goes back. Modulo 2^64, as only differences matter.
  guint64 clock_ = 0;
  guint64 last_time_ = 0;
  guint64 last_duration_ = 0;

  // Used only by the task
  guint turn_of_push_ = 0;
};

}  // namespace omni
