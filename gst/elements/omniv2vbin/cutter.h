// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, the sink pad's thread: where segments start and end. Frames go into the encoder of
// the open segment, and everything else about them is recorded. At the right moment the segment is
// cut and goes to the submitter. The planner decides where cuts are possible
// (media/segment-planner.h).
//
// With `overlap`, a segment that is cut trails for a while: the next one has begun, and its frames
// go into the references of both. Without, it may be held: until it is known that what follows is
// long enough for a segment of its own, for else that joins it.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "elements/common/job-runner.h"
#include "elements/omniv2vbin/bin-host.h"
#include "elements/omniv2vbin/deadlines.h"
#include "elements/omniv2vbin/input-timeline.h"
#include "elements/omniv2vbin/prompts.h"
#include "elements/omniv2vbin/stream-progress.h"
#include "elements/omniv2vbin/submitter.h"
#include "media/segment-planner.h"

namespace omni {

class Cutter {
 public:
  Cutter(const BinHost& host, BinQueue& queue, Deadlines& deadlines, JobRunner& jobs,
         Submitter& submitter, StreamProgress& progress);

  // Sink pad's thread

  /// Called at the first caps. Throws Failure, and changes nothing then.
  void start(const BinSettings& settings);
  bool is_started() const { return planner_.has_value(); }
  void set_segment(const GstSegment& segment);
  bool has_segment() const { return timeline_.has_segment(); }
  /// May wait for room. Throws Failure when a segment cannot start.
  void add_frame(BufferPtr frame, const CapsPtr& caps, GstClockTime duration);
  /// Keeps the event's place between the frames.
  void add_event(EventPtr event);
  void add_gap(EventPtr event);
  /// From the next frame on.
  void add_prompt(std::string prompt);
  /// Ends the open segment, if there is one: what comes now does not follow it.
  void cut(const char* why);
  /// EOS: now it is known how many segments there are.
  void finish();
  /// Cuts at this running time, as soon as the segment is long enough; GST_CLOCK_TIME_NONE: at the
  /// next frame.
  void request_cut_at(GstClockTime running_time);

  // The src pad's task

  /// A live source has stopped in the middle of a segment: sends the part that is there. A source
  /// that is active holds its stream lock, and has not stopped.
  void cut_stalled();
  /// Not live, and upstream has brought nothing for a while: a segment that is held is not held up
  /// by what may never come.
  void release_held();
  GstClockTime stall_deadline() const { return deadlines_.stall(complete_at_, lag_); }

  // Any thread

  void request_cut() { cut_requested_ = true; }
  void add_prompts(const Prompts& older);
  void prompt_at(GstClockTime running_time, std::string prompt);
  void prompt_property_set();
  /// How many segments may be in flight; 0 before start().
  unsigned window() const { return window_; }
  /// Segments that need nothing more from upstream.
  unsigned on_their_way(const QueueLock& lock) const;
  bool is_holding(const QueueLock& lock) const { return bool(shared_.of(lock).held); }

  // Flushes: interrupt() ends waits, then, under the src pad's stream lock, the rest
  void interrupt();
  const std::vector<SourceItem>* open_items() const { return open_ ? &open_->items : nullptr; }
  void drop();
  void flush_prompts();

 private:
  struct Shared {
    std::shared_ptr<SegmentEncoder> encoding;  // of the open segment
    std::shared_ptr<Segment> trailing;         // in the queue; not yet to be submitted
    std::shared_ptr<Segment> held;             // as well
    Prompts prompts;
  };

  void note_arrival(GstClockTime running, GstClockTime now);
  const char* reason_to_cut(const FrameTimes& times) const;
  GstClockTime end_of_input() const;
  guint expected_total(GstClockTime end) const;
  std::string prompt_for(const FrameTimes& times, const Settings& settings);
  bool wait_for_room();
  bool is_encoder_free(const QueueLock& lock) const;
  bool begin_segment(const FrameTimes& times, const CapsPtr& caps);
  void make_encoder(Segment& segment);
  void take_frame(BufferPtr frame, const FrameTimes& times, GstClockTime duration);
  void encode(Segment& segment, BufferPtr frame, GstClockTime time);
  void cut(const char* why, GstClockTime next_running, bool overlaps);
  GstClockTime planned_cut() const;
  GstClockTime end_of_open(GstClockTime next_running) const;
  std::shared_ptr<Segment> close_open(GstClockTime next_running);
  std::string why_unsold(const Segment& segment, GstClockTime length);
  void send(const std::shared_ptr<Segment>& segment);
  GstClockTime trailing_end() const;
  void end_trailing();
  bool join_trailing();
  void end_hold();
  bool join_held();
  void take_in(Segment& segment, Segment& rest, GstClockTime offset);

  const BinHost& host_;
  BinQueue& queue_;
  Deadlines& deadlines_;
  JobRunner& jobs_;
  Submitter& submitter_;
  StreamProgress& progress_;

  // Sink pad's thread
  InputTimeline timeline_;
  std::optional<SegmentPlanner> planner_;
  std::shared_ptr<Segment> open_;
  std::shared_ptr<Segment> trailing_;  // as shared_ has it
  std::shared_ptr<Segment> held_;      // as shared_ has it
  guint next_number_ = 0;
  GstClockTime cut_at_ = GST_CLOCK_TIME_NONE;  // requested cut, running time
  unsigned skipped_frames_ = 0;                // live: the encoder was behind
  bool lag_told_ = false;

  std::atomic<bool> cut_requested_{false};
  std::atomic<unsigned> window_{0};
  std::atomic<GstClockTime> input_running_{0};  // of the last frame
  // When the open segment should be complete, or the trailing one
  std::atomic<GstClockTime> complete_at_{GST_CLOCK_TIME_NONE};
  std::atomic<GstClockTime> lag_{0};  // of the last frame that came

  Guarded<Shared> shared_;
};

}  // namespace omni
