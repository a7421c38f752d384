// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v, the src pad's task: outputs results and events in order; a result is seekable.
#pragma once

#include <optional>

#include "elements/common/delivery.h"
#include "elements/omniv2v/v2v-host.h"

namespace omni {

class V2vOutput {
 public:
  V2vOutput(const V2vHost& host, V2vQueue& queue);

  /// Activation and deactivation of the src pad; the latter under its stream lock.
  void begin() { deliveries_.emplace(host_.src); }
  void end() { deliveries_.reset(); }
  /// One turn of the task: a piece of the result, or the next item of the queue.
  void turn();
  gboolean event(EventPtr event);
  bool query(GstQuery* query, gboolean* answer);
  /// After a flush, under the stream lock.
  void reset();

 private:
  void push_item(V2vQueue::Item item);
  void push_event(EventPtr event);
  void push_result(const std::shared_ptr<PendingResult>& pending);
  void push_fallback(PendingResult& pending, const Error& error);
  void start_result(std::shared_ptr<const ByteRope> bytes);
  void push_piece();
  /// False when downstream did not accept it.
  bool push_whole(const ByteRope& bytes, const PendingResult& pending);
  void ensure_caps();
  void ensure_segment();
  void finish();
  void finish_segment();
  void hand_over();
  void handle_flow(GstFlowReturn flow, guint seek_count);
  void fail(const Error& error);
  void stop(GstFlowReturn flow, bool with_eos);
  gboolean seek(GstEvent* event);
  bool answer_position(GstQuery* query, gboolean* answer);

  const V2vHost& host_;
  V2vQueue& queue_;

  // Guarded by the src pad's stream lock
  std::optional<Deliveries> deliveries_;  // while the pad is active
  bool caps_sent_ = false;
  bool segment_sent_ = false;
  EventPtr eos_;
  guint32 result_seqnum_ = GST_SEQNUM_INVALID;
  guint seek_count_ = 0;
  std::shared_ptr<PendingResult> undelivered_;  // the result being output, until it is complete
  bool all_out_ = false;                        // its last byte was pushed; EOS may not have been

  // Written under the queue's lock and the stream lock, so either suffices for reading
  std::shared_ptr<const ByteRope> result_;
  GstSegment result_segment_;  // BYTES; position = the next byte to push
};

}  // namespace omni
