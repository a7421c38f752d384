// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One run of omnivideosrc from start() to stop(): its one job and the result. A new one is made for
// each run. The element itself (omnivideosrc.cpp) only forwards to it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "elements/common/delivery.h"
#include "elements/common/job-runner.h"
#include "elements/common/pending-result.h"
#include "elements/common/plan.h"
#include "elements/common/settings.h"
#include "media/gst-ptr.h"

namespace omni {

class VideoSrcRun {
 public:
  /// What the element provides to its run. All of it outlives the run.
  struct Host {
    GstElement* element;
    Settings settings;  // taken at start()
    std::function<std::string(const ByteRope&)> publish;
    SpendTracker& spend;
    LogSink log;
  };

  /// Plans the job and prepares the client. Throws Failure that says what the user has to change.
  explicit VideoSrcRun(Host host);
  ~VideoSrcRun() { close(); }

  /// The next piece of the result, at most this large and not beyond `stop`. Submits the job first
  /// and waits for it. EOS after the last piece, and when there will be no result; FLUSHING when
  /// interrupted: the job continues.
  GstFlowReturn create(BufferPtr& piece, gsize most, guint64 stop);
  /// Interrupts the wait in create(), until resume().
  void interrupt();
  void resume();
  /// EOS is about to be pushed, after a piece that returned `last_flow`; or it was asked for before
  /// there was a result, which is then no longer waited for. On the streaming thread.
  void ending(GstFlowReturn last_flow);
  /// Where the next piece starts; false without a result.
  bool seek(guint64 offset);
  std::shared_ptr<const ByteRope> result() const;
  ClientStats stats() const;
  /// Ends the network thread, after the streaming thread. Who asks for stats may be the last to
  /// hold this run, on any thread.
  void close();

 private:
  void submit();
  GstFlowReturn take_result();
  GstFlowReturn finish();
  void call_off();
  void job_ended(const JobOutcome& outcome);
  void take_outcome();
  GstFlowReturn tell_error();
  bool wait_until(std::chrono::steady_clock::time_point when);

  const Host host_;
  const std::chrono::steady_clock::time_point errors_from_;
  JobRunner jobs_;
  Plan plan_;
  std::optional<Deliveries> deliveries_;
  bool submitted_ = false;      // streaming thread
  std::optional<Error> error_;  // streaming thread: not reported yet
  bool taken_ = false;          // streaming thread: the outcome was taken
  guint64 position_ = 0;        // streaming thread, or while that is stopped

  mutable std::mutex
      lock_;  // guards what follows; a pending result's own lock may be taken under it
  std::condition_variable changed_;
  bool interrupted_ = false;
  bool called_off_ = false;
  std::shared_ptr<const ByteRope> result_;

  std::shared_ptr<PendingResult> pending_;
};

}  // namespace omni
