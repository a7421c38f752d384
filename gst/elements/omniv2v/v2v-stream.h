// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One run of omniv2v from READY to READY: what came in, which jobs run, what goes out. Made anew
// for each run, so nothing has to be reset. The element itself (omniv2v.cpp) only forwards to it.
//
//   sink pad's thread            network thread              src pad's task
//   buffers -> reference ->      the job (client/)           waits for the front of the queue,
//   plan -> submit -> queue      tells its pending              pushes events and results in order
//
// The queue keeps results and serialized events in the order in which they came in. Locks: `lock_`
// guards the queue and flags; a pending's own lock may be taken under it; nothing else is. No lock
// is held while pushing, posting, querying or calling the client.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "client/client.h"
#include "elements/common/delivery.h"
#include "elements/common/enums.h"
#include "elements/common/pending-result.h"
#include "elements/common/settings.h"
#include "media/gst-ptr.h"
#include "media/interrupt.h"
#include "media/transcode.h"

namespace omni {

class V2vStream {
 public:
  /// What the element lends to its run. All of it outlives the run.
  struct Host {
    GstElement* element;
    GstPad* sink;
    GstPad* src;
    std::function<Settings()> settings;  // a copy of this moment's
    /// Has the application publish bytes; null when it does not want to.
    std::function<std::function<std::string(const ByteRope&)>()> publisher;
    SpendTracker& spend;
    LogSink log;
    InputMode mode;
  };

  explicit V2vStream(Host host);

  // The sink pad's side (v2v-input.cpp)
  GstFlowReturn chain(BufferPtr buffer);
  gboolean sink_event(EventPtr event);
  bool sink_query(GstQuery* query, gboolean* answer);

  // The src pad's side (v2v-output.cpp)
  gboolean src_event(EventPtr event);
  bool src_query(GstQuery* query, gboolean* answer);
  gboolean activate_src(bool active);

  /// Wakes every thread that waits in here and calls the jobs off. Before the pads are deactivated.
  void stop();
  /// Ends the network thread; after the pads are deactivated. Whoever still holds this run then,
  /// such as a bus handler that asks for stats, must not be the one to end it.
  void close();

  ClientStats stats() const;

 private:
  /// What goes out in order: one of the three; none = nothing to be had.
  struct Item {
    std::shared_ptr<PendingResult> pending;
    EventPtr event;
    std::shared_ptr<const Error> error;  // that has nothing to do with one job
  };

  // Input
  bool start_client(const Settings& settings);
  GstFlowReturn collect(BufferPtr buffer);
  GstFlowReturn submit_buffer(BufferPtr buffer);
  void submit(std::shared_ptr<PendingResult> pending, const Settings& settings);
  std::shared_ptr<PendingResult> new_pending(const Settings& settings,
                                             std::shared_ptr<const ByteRope> reference);
  GstFlowReturn fail_now(const Error& error);
  bool wait_for_window(unsigned window);
  void enqueue(Item item);
  void end_of_stream(EventPtr eos);
  gboolean flush_start(EventPtr event);
  gboolean flush_stop(EventPtr event);

  // Output
  static void task(gpointer self);
  void output_once();
  Item wait_for_front();
  void push_item(Item item);
  void push_result(const std::shared_ptr<PendingResult>& pending);
  void fail(const Error& error);
  void start_result(std::shared_ptr<const ByteRope> bytes);
  void push_piece();
  /// False when downstream did not take it.
  bool push_whole(const ByteRope& bytes, const PendingResult& pending);
  void push_serialized(EventPtr event);
  void ensure_caps();
  void finish_output();
  void finish_segment();
  void hand_over();
  void handle_flow(GstFlowReturn flow, guint seek_count);
  void stop_output(GstFlowReturn flow, bool with_eos);
  gboolean seek_result(GstEvent* event);
  bool is_flushing() const;
  bool answer_position(GstQuery* query, gboolean* answer);

  const Host host_;

  std::shared_ptr<Client> client() const;
  std::shared_ptr<Interrupt> transcode_cancel() const;

  // Under lock_
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool stopped_ = false;              // the run is over: nothing starts any more
  bool flushing_ = true;              // until the src pad is active
  GstFlowReturn flow_ = GST_FLOW_OK;  // what the output side came to
  unsigned open_results_ = 0;         // in the queue, or being pushed
  // Calls off making a reference fit. One until the next flush: once used it stays so.
  std::shared_ptr<Interrupt> transcode_cancel_ = std::make_shared<Interrupt>();

  // Sink pad's thread
  std::shared_ptr<ByteRope> collecting_;
  GstSegment input_segment_;
  guint next_segment_ = 0;
  bool input_refused_ = false;  // an error was told, or EOS came
  bool ready_ = false;          // there is a client, or none is needed yet

  // From the src pad's activation on
  std::chrono::steady_clock::time_point errors_from_;

  // Under the src pad's stream lock
  std::optional<Deliveries> deliveries_;  // while that is active
  bool caps_sent_ = false;
  bool segment_sent_ = false;
  EventPtr eos_;
  guint32 result_seqnum_ = GST_SEQNUM_INVALID;
  guint seek_count_ = 0;
  std::shared_ptr<PendingResult> undelivered_;  // whose result goes out, until all of it has
  bool all_out_ = false;                        // its last byte was pushed; EOS may not have been

  // Written under lock_ and under the stream lock, so that either is enough to read them
  std::shared_ptr<const ByteRope> result_;
  GstSegment result_segment_;  // BYTES; position = what goes out next

  // Written under lock_; from the first caps or buffer until close()
  std::shared_ptr<Client> client_;
};

}  // namespace omni
