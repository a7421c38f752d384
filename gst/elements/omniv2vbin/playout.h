// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, the src pad's task: outputs everything in input order, with other frames. For each
// segment it chooses what is shown, the result or a fallback; then the frame of that time replaces
// each source frame. Where two results overlap, one fades into the other.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "elements/common/delivery.h"
#include "elements/common/job-runner.h"
#include "elements/omniv2vbin/audio/result-audio.h"
#include "elements/omniv2vbin/bin-host.h"
#include "elements/omniv2vbin/bin-input.h"
#include "elements/omniv2vbin/cutter.h"
#include "elements/omniv2vbin/deadlines.h"
#include "elements/omniv2vbin/stream-progress.h"
#include "elements/omniv2vbin/submitter.h"
#include "media/clip-player.h"
#include "media/cross-fade.h"

namespace omni {

class Playout {
 public:
  Playout(const BinHost& host, BinQueue& queue, const Deadlines& deadlines, JobRunner& jobs,
          Submitter& submitter, Cutter& cutter, BinInput& input, StreamProgress& progress);

  /// Activation and deactivation of the src pad. `wake` ends a wait; it may be called late, on any
  /// thread.
  void begin(std::function<void()> wake);
  void end();
  /// One turn of the task: the next item of the current segment, or of the queue.
  void turn();

  /// From any thread: the stream time of the last output.
  GstClockTime position() const { return position_; }

  // Flushes: interrupt() ends waits, then, under the src pad's stream lock, the rest
  void interrupt();
  /// Sticky events that were not output yet, in order.
  std::vector<EventPtr> unsent_events() const;
  void drop();
  void drop_deliveries();

 private:
  /// A segment being output, and what is shown for it.
  struct SegmentPlayout {
    enum class Shows {
      result,  // what the service made
      source,  // the kept reference
      hold,    // the last frame that was output
      skip,    // a GAP event
      none,    // the stream ends here
    };
    std::shared_ptr<Segment> segment;
    Shows shows = Shows::none;
    std::optional<Error> trouble;    // why there is no result
    std::optional<ClipPlayer> clip;  // result, source
    ClipAudio audio;                 // audio=result
    std::size_t next = 0;            // of the segment's items
  };

  /// The previous segment, while it still overlaps the current one.
  struct Fading {
    ClipPlayer clip;
    GstClockTime running_time;  // of its start
    GstClockTime end;           // of its overlap, in running time
  };

  struct Shared {
    std::vector<std::weak_ptr<ClipDecoder>> decoders;  // for cancelling them
  };

  void output_once();
  BinQueue::Item wait_for_front();
  bool is_due(const BinQueue::Item& item) const;
  GstClockTime deadline_of(const Segment& segment) const;
  void log_wait(const Segment* segment);
  void push_item(BinQueue::Item item);
  void push_event(EventPtr event);
  bool declare_late(Segment& segment);

  SegmentPlayout choose(std::shared_ptr<Segment> segment);
  SegmentPlayout fall_back(std::shared_ptr<Segment> segment, OnFailure policy, Error error);
  void open_clip(SegmentPlayout& playout, std::shared_ptr<const ByteRope> bytes);
  void prepare_next();
  void begin_segment(SegmentPlayout playout);
  void end_segment();
  void report_trouble();

  void push_next();
  void push_frame(const SourceItem& item);
  void push_gap(std::size_t from);
  GstClockTime frame_midpoint() const;
  void show(const ClipFrame& frame, GstClockTime time);
  BufferPtr fade(const ClipFrame& frame, GstClockTime time);
  void fail_clip(const Error& error);

  void ensure_caps(const GstCaps* frame_caps);
  void finish(EventPtr eos);
  void fail(const Error& error);
  void handle_flow(GstFlowReturn flow);
  void stop(GstFlowReturn flow, bool with_eos);

  const BinHost& host_;
  BinQueue& queue_;
  const Deadlines& deadlines_;
  JobRunner& jobs_;
  Submitter& submitter_;
  Cutter& cutter_;
  BinInput& input_;
  StreamProgress& progress_;

  std::function<void()> wake_;

  // Guarded by the src pad's stream lock
  std::optional<Deliveries> deliveries_;  // while the pad is active
  std::optional<SegmentPlayout> current_, prepared_;
  std::optional<Fading> fading_;
  CrossFade cross_fade_;
  Deliveries::Results played_out_;  // complete, and not handed over yet
  BufferPtr last_frame_;
  std::optional<guint> last_wait_;  // what the log named last: a segment, or kInput
  CapsPtr last_caps_;
  // output=native:
  bool native_ = false;
  CapsPtr source_caps_;               // the input's
  CapsPtr pushed_caps_;               // the output's
  std::deque<EventPtr> before_caps_;  // events that wait for the first result's caps

  std::atomic<GstClockTime> position_{GST_CLOCK_TIME_NONE};
  Guarded<Shared> shared_;
};

}  // namespace omni
