// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v, the sink pad's thread: buffers become references, and references become jobs.
#pragma once

#include "elements/common/job-runner.h"
#include "elements/omniv2v/v2v-host.h"

namespace omni {

class V2vInput {
 public:
  V2vInput(const V2vHost& host, V2vQueue& queue, JobRunner& jobs);

  GstFlowReturn chain(BufferPtr buffer);
  /// All events except flushes.
  gboolean event(EventPtr event);
  bool query(GstQuery* query, gboolean* answer);
  /// After a flush.
  void reset();

 private:
  bool start_client(const Settings& settings);
  GstFlowReturn collect(BufferPtr buffer);
  GstFlowReturn submit_buffer(BufferPtr buffer);
  void submit(std::shared_ptr<PendingResult> pending, const Settings& settings);
  void plan_and_submit(const std::shared_ptr<PendingResult>& pending, const Settings& settings);
  std::shared_ptr<PendingResult> new_pending(const Settings& settings,
                                             std::shared_ptr<const ByteRope> reference);
  GstFlowReturn fail_now(const Error& error);
  GstFlowReturn refusal() const;
  void end_of_stream(EventPtr eos);

  const V2vHost& host_;
  V2vQueue& queue_;
  JobRunner& jobs_;
  std::shared_ptr<ByteRope> collecting_ = std::make_shared<ByteRope>();
  GstSegment segment_;
  guint next_number_ = 0;
  bool refused_ = false;  // an error was reported, or EOS came
  bool ready_ = false;    // the client is ready, or not needed yet
};

}  // namespace omni
