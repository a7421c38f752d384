// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One run of omniv2vbin's video from READY to READY. A new one is made for each run, so nothing has
// to be reset. The element itself (omniv2vbin.cpp) only forwards to it; audio has its own
// passthrough (audio/). The run consists of four owners around one queue, each with its own fields:
//
//   sink pad's thread       submitting thread      network thread     src pad's task
//   BinInput, Cutter        Submitter              client/            Playout
//   frames -> encoder,      drains the encoder ->  the job reports    front of the queue ->
//   times and metas ->      MP4 -> plan ->         to its pending     frames from the result,
//   segment; cut -> queue   submit                 result             everything else as recorded
//
// Deadlines does the arithmetic for live streams. This class handles what concerns all of them, in
// their order: activation, latency, flushes, the end.
#pragma once

#include <memory>

#include "elements/common/job-runner.h"
#include "elements/omniv2vbin/bin-host.h"
#include "elements/omniv2vbin/bin-input.h"
#include "elements/omniv2vbin/cutter.h"
#include "elements/omniv2vbin/deadlines.h"
#include "elements/omniv2vbin/playout.h"
#include "elements/omniv2vbin/stream-progress.h"
#include "elements/omniv2vbin/submitter.h"

namespace omni {

class BinStream : public std::enable_shared_from_this<BinStream> {
 public:
  explicit BinStream(BinHost host);
  ~BinStream() { close(); }

  // Pads
  GstFlowReturn chain(BufferPtr buffer) { return input_.chain(std::move(buffer)); }
  gboolean sink_event(EventPtr event);
  bool sink_query(GstQuery* query, gboolean* answer) { return input_.query(query, answer); }
  gboolean src_event(EventPtr event);
  bool src_query(GstQuery* query, gboolean* answer);
  gboolean activate_src(bool active);

  // The application
  /// Cuts before the next frame, as soon as the segment is long enough.
  void request_cut() { cutter_.request_cut(); }
  void add_prompts(const Prompts& prompts) { cutter_.add_prompts(prompts); }
  void prompt_at(GstClockTime running_time, std::string prompt);
  void prompt_property_set() { cutter_.prompt_property_set(); }
  ClientStats stats() const { return jobs_.stats(); }

  // Time
  /// Answers for the whole element: the latency of upstream, a segment and the service.
  gboolean answer_latency(GstQuery* query);
  bool is_live() const { return deadlines_.is_live(); }
  /// Is it known whether it is live?
  bool has_begun() const { return deadlines_.has_begun(); }
  /// How much audio may be queued for the video. Increases while the video is missing: a demuxer
  /// that reads both from one file has to get past the audio to the next frame. Not for live audio.
  GstClockTime audio_capacity(bool live_audio) const;
  /// The clock was set, changed or removed.
  void clock_changed() { queue_.changed(); }

  /// Wakes every waiting thread and cancels the jobs. Before the pads are deactivated.
  void stop();
  /// Ends the threads; after the pads are deactivated.
  void close() { submitter_.close(); }

 private:
  gboolean flush_start(EventPtr event);
  gboolean flush_stop(EventPtr event);
  void begin_again(EventPtr stream_start);
  void interrupt();
  std::vector<EventPtr> drop_all();
  bool answer_position(GstQuery* query) const;

  const BinHost host_;
  Deadlines deadlines_;
  BinQueue queue_;
  JobRunner jobs_;
  StreamProgress progress_;
  Submitter submitter_;
  Cutter cutter_;
  BinInput input_;
  Playout playout_;
};

}  // namespace omni
