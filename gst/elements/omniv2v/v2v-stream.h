// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One run of omniv2v from READY to READY. A new one is made for each run, so nothing has to be
// reset. The element itself (omniv2v.cpp) only forwards to it.
//
//   sink pad's thread: V2vInput     network thread: client/     src pad's task: V2vOutput
//   buffers -> reference ->         the job reports to its      waits for the front of the queue,
//   plan -> submit -> queue         pending result              pushes events and results in order
//
// This class handles what concerns both sides: activation, flushes, the end.
#pragma once

#include "elements/common/job-runner.h"
#include "elements/omniv2v/v2v-host.h"
#include "elements/omniv2v/v2v-input.h"
#include "elements/omniv2v/v2v-output.h"

namespace omni {

class V2vStream {
 public:
  explicit V2vStream(V2vHost host);

  GstFlowReturn chain(BufferPtr buffer) { return input_.chain(std::move(buffer)); }
  gboolean sink_event(EventPtr event);
  bool sink_query(GstQuery* query, gboolean* answer) { return input_.query(query, answer); }
  gboolean src_event(EventPtr event) { return output_.event(std::move(event)); }
  bool src_query(GstQuery* query, gboolean* answer) { return output_.query(query, answer); }
  gboolean activate_src(bool active);

  /// Wakes every waiting thread and cancels the jobs. Before the pads are deactivated.
  void stop();
  /// Ends the network thread; after the pads are deactivated.
  void close() { jobs_.close(); }

  ClientStats stats() const { return jobs_.stats(); }

 private:
  gboolean flush_start(EventPtr event);
  gboolean flush_stop(EventPtr event);

  const V2vHost host_;
  V2vQueue queue_;
  JobRunner jobs_;
  V2vInput input_;
  V2vOutput output_;
};

}  // namespace omni
