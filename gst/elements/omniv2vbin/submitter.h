// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, the submitting thread: drains the encoder of a cut segment, writes its MP4, plans and
// submits it. It has its own thread, because this takes time, and neither the source nor running
// jobs should wait for it. It also tracks jobs afterwards: how many run, whose result becomes the
// anchor, and which results are late.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "elements/common/job-runner.h"
#include "elements/common/plan.h"
#include "elements/omniv2vbin/anchor.h"
#include "elements/omniv2vbin/bin-host.h"
#include "elements/omniv2vbin/deadlines.h"
#include "elements/omniv2vbin/stream-progress.h"
#include "media/mp4/samples.h"

namespace omni {

class Submitter {
 public:
  Submitter(const BinHost& host, BinQueue& queue, const Deadlines& deadlines, JobRunner& jobs,
            StreamProgress& progress);
  ~Submitter() { close(); }

  // Sink pad's thread

  /// Connects, and starts the thread. Throws Failure.
  void start(const BinSettings& settings);
  /// Called when a dry run has ended. Throws Failure.
  void connect(const BinSettings& settings);
  std::shared_ptr<PendingResult> new_pending(const std::shared_ptr<Segment>& segment);
  /// Everything the segment's reference needs is there.
  void submit_later(const std::shared_ptr<Segment>& segment);

  // Any thread

  unsigned busy_encoders(const QueueLock& lock) const;
  /// Nothing more is output, so waiting segments are not bought. The caller must free them without
  /// the lock.
  std::deque<std::shared_ptr<Segment>> take_waiting(const QueueLock& lock);
  /// Played out without its result, which is still to come.
  void keep_late(const QueueLock& lock, const std::shared_ptr<Segment>& segment);

  // Flushes: interrupt() ends waits; drop() discards everything on its way
  void interrupt();
  void drop();

  /// Ends the thread, then the jobs.
  void close();

 private:
  struct Shared {
    std::deque<std::shared_ptr<Segment>> waiting;
    std::shared_ptr<Segment> at_work;
    std::vector<std::shared_ptr<Segment>> late;  // see keep_late()
    bool closed = false;                         // the thread ends
    Anchor anchor;
    GstClockTime longest_delay = 0;
  };

  void run();
  std::shared_ptr<Segment> wait_for_segment();
  void submit(const std::shared_ptr<Segment>& segment);
  std::shared_ptr<const ByteRope> make_reference(Segment& segment);
  std::optional<mp4::SampleTrack> take_audio(const Segment& segment, GstClockTime length);
  void check_in_flight(const Segment& segment);
  Plan make_plan(Segment& segment, std::shared_ptr<const ByteRope> reference);
  bool is_kept(const Segment& segment) const;
  void submit_job(const std::shared_ptr<Segment>& segment, JobSpec spec);
  bool is_wanted(const Segment& segment) const;

  // anchor=first
  void add_still(Segment& segment);
  bool is_dropped(const QueueLock& lock, const Segment& segment) const;
  void wait_for_candidate(const Segment& segment);
  void make_anchor_still(BusCancellation& cancel);
  void anchor_finished(const Segment& segment, const JobOutcome& outcome);

  void outcome_changed(const std::shared_ptr<Segment>& segment);
  void report_late_delay(const Segment& segment, GstClockTime delay);

  const BinHost& host_;
  BinQueue& queue_;
  const Deadlines& deadlines_;
  JobRunner& jobs_;
  StreamProgress& progress_;
  Guarded<Shared> shared_;
  std::thread thread_;
};

}  // namespace omni
