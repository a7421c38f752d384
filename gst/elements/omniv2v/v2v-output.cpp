// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2v/v2v-output.h"

#include "elements/common/buffers.h"
#include "elements/common/debug.h"
#include "elements/common/messages.h"

#define GST_CAT_DEFAULT omni::v2v_category()

namespace omni {

namespace {

constexpr gsize kPiece = 64 * 1024;

}  // namespace

V2vOutput::V2vOutput(const V2vHost& host, V2vQueue& queue) : host_(host), queue_(queue) {
  gst_segment_init(&result_segment_, GST_FORMAT_BYTES);
}

void V2vOutput::reset() {
  {
    const QueueLock lock = queue_.lock();
    result_.reset();
  }
  undelivered_ = nullptr;
  if (deliveries_) deliveries_->drop();
  segment_sent_ = false;
  result_seqnum_ = GST_SEQNUM_INVALID;
  eos_ = nullptr;
  ++seek_count_;
}

void V2vOutput::turn() {
  if (result_ && static_cast<guint64>(result_segment_.position) < result_->size() &&
      result_segment_.position < result_segment_.stop)
    return push_piece();
  if (eos_) return finish();
  auto item = queue_.wait_for_front([this](const V2vQueue::Item& front) {
    if (!front.work || front.work->finished()) return true;
    GST_DEBUG_OBJECT(host_.element, "waiting for the job of segment %u",
                     front.work->report.segment);
    return false;
  });
  if (item) return push_item(std::move(item));
  queue_.pause_task();
}

void V2vOutput::push_item(V2vQueue::Item item) {
  if (item.event) return push_event(std::move(item.event));
  if (item.error) return fail(*item.error);
  push_result(item.work);
  queue_.close_one(queue_.lock());
}

void V2vOutput::push_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_EOS:
      eos_ = std::move(event);
      return;
    case GST_EVENT_STREAM_START:
      break;
    case GST_EVENT_SEGMENT:
      ensure_caps();
      segment_sent_ = true;
      break;
    default:
      // Sticky events have an order: stream-start, caps, segment, then the rest.
      ensure_caps();
      if (host_.mode == InputMode::stream) ensure_segment();
  }
  gst_pad_push_event(host_.src, event.release());
}

void V2vOutput::ensure_caps() {
  if (caps_sent_) return;
  caps_sent_ = true;
  if (!gst_pad_has_current_caps(host_.src)) gst_pad_set_caps(host_.src, result_caps().get());
}

void V2vOutput::ensure_segment() {
  if (std::exchange(segment_sent_, true)) return;
  GstEvent* event = gst_event_new_segment(&result_segment_);
  if (result_seqnum_ != GST_SEQNUM_INVALID) gst_event_set_seqnum(event, result_seqnum_);
  gst_pad_push_event(host_.src, event);
}

void V2vOutput::push_result(const std::shared_ptr<PendingResult>& pending) {
  JobOutcome outcome = pending->take_outcome();
  auto* bytes = std::get_if<std::shared_ptr<const ByteRope>>(&outcome);
  if (!bytes) return push_fallback(*pending, std::get<Error>(outcome));
  GST_DEBUG_OBJECT(host_.element, "segment %u: sending its result, %zu bytes",
                   pending->report.segment, (*bytes)->size());
  if (host_.mode == InputMode::buffer) {
    if (push_whole(**bytes, *pending)) pending->confirm_delivered();
    return;
  }
  undelivered_ = pending;
  all_out_ = false;
  start_result(std::move(*bytes));
}

/// Outputs the replacement for a failed job.
void V2vOutput::push_fallback(PendingResult& pending, const Error& error) {
  if (error.reason == Reason::cancelled) return;
  GST_DEBUG_OBJECT(host_.element, "segment %u: no result (%s)", pending.report.segment,
                   reason_word(error.reason));
  // An empty input has no original.
  const bool has_source = pending.reference && !pending.reference->empty();
  if (pending.on_failure == OnFailure::source && has_source) {
    post_warning(host_.element, error, "the original is output instead");
    if (host_.mode == InputMode::stream) return start_result(std::move(pending.reference));
    push_whole(*pending.reference, pending);
    return;
  }
  if (pending.on_failure != OnFailure::skip) return fail(error);
  post_warning(host_.element, error, "nothing is output instead");
  const GstBuffer* input = pending.input.get();
  if (input && GST_BUFFER_PTS_IS_VALID(input))
    gst_pad_push_event(host_.src,
                       gst_event_new_gap(GST_BUFFER_PTS(input), GST_BUFFER_DURATION(input)));
}

void V2vOutput::fail(const Error& error) {
  if (!queue_.wait_before_error()) return;
  post_error(host_.element, error);
  stop(GST_FLOW_ERROR, true);
}

void V2vOutput::start_result(std::shared_ptr<const ByteRope> bytes) {
  const QueueLock lock = queue_.lock();
  result_ = std::move(bytes);
  gst_segment_init(&result_segment_, GST_FORMAT_BYTES);
  result_segment_.duration = result_->size();
  result_segment_.stop = result_->size();
}

void V2vOutput::push_piece() {
  ensure_caps();
  ensure_segment();
  const guint64 offset = result_segment_.position;
  BufferPtr piece =
      slice(*result_, offset, std::min<guint64>(kPiece, result_segment_.stop - offset));
  const gsize size = gst_buffer_get_size(piece.get());
  {
    // Before the push, since a demuxer may seek from inside it.
    const QueueLock lock = queue_.lock();
    result_segment_.position = offset + size;
  }
  const guint seek_count = seek_count_;
  const GstFlowReturn flow = gst_pad_push(host_.src, piece.release());
  // A demuxer that seeks from inside the push will request the rest.
  if (flow == GST_FLOW_OK && seek_count == seek_count_ && offset + size == result_->size())
    all_out_ = true;
  // A demuxer that returns EOS has everything it wants.
  if (flow == GST_FLOW_EOS) {
    all_out_ = true;
    hand_over();
  }
  handle_flow(flow, seek_count);
}

void V2vOutput::hand_over() {
  if (undelivered_ && all_out_) deliveries_->hand_over({std::exchange(undelivered_, nullptr)});
}

bool V2vOutput::push_whole(const ByteRope& bytes, const PendingResult& pending) {
  ensure_caps();
  BufferPtr buffer = as_buffer(bytes);
  gst_buffer_copy_into(
      buffer.get(), pending.input.get(),
      static_cast<GstBufferCopyFlags>(GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_META), 0, -1);
  const guint seek_count = seek_count_;
  const GstFlowReturn flow = gst_pad_push(host_.src, buffer.release());
  handle_flow(flow, seek_count);
  return flow == GST_FLOW_OK;
}

void V2vOutput::handle_flow(GstFlowReturn flow, guint seek_count) {
  // Downstream seeked during the push: the next turn continues from there.
  if (flow == GST_FLOW_OK || seek_count != seek_count_) return;
  if (flow == GST_FLOW_EOS) return finish();
  if (flow == GST_FLOW_FLUSHING) return stop(flow, false);
  if (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)
    GST_ELEMENT_FLOW_ERROR(host_.element, flow);
  stop(flow, true);
}

void V2vOutput::finish() {
  if (result_ && (result_segment_.flags & GST_SEGMENT_FLAG_SEGMENT)) return finish_segment();
  EventPtr eos = eos_ ? eos_ : EventPtr::adopt(gst_event_new_eos());
  if (result_seqnum_ != GST_SEQNUM_INVALID) {
    eos = EventPtr::adopt(gst_event_new_eos());
    gst_event_set_seqnum(eos.get(), result_seqnum_);
  }
  ensure_caps();
  post_plan(host_.element, host_.spend.take_planned());
  hand_over();
  gst_pad_push_event(host_.src, eos.release());
  queue_.pause_task();
  queue_.end(queue_.lock(), GST_FLOW_EOS);
}

/// The end of a segment seek: the application continues from here without an EOS.
void V2vOutput::finish_segment() {
  const auto position = static_cast<gint64>(result_segment_.position);
  GstMessage* message =
      gst_message_new_segment_done(GST_OBJECT(host_.element), GST_FORMAT_BYTES, position);
  GstEvent* event = gst_event_new_segment_done(GST_FORMAT_BYTES, position);
  gst_message_set_seqnum(message, result_seqnum_);
  gst_event_set_seqnum(event, result_seqnum_);
  gst_element_post_message(host_.element, message);
  hand_over();
  gst_pad_push_event(host_.src, event);
  queue_.pause_task();
}

void V2vOutput::stop(GstFlowReturn flow, bool with_eos) {
  GST_DEBUG_OBJECT(host_.element, "output stops: %s", gst_flow_get_name(flow));
  queue_.end(queue_.lock(), flow);
  if (with_eos) gst_pad_push_event(host_.src, gst_event_new_eos());
  queue_.pause_task();
}

gboolean V2vOutput::event(EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK && host_.mode == InputMode::stream)
    return seek(event.get());
  return gst_pad_push_event(host_.sink, event.release());
}

/// Seeks in the bytes of the result. May be called by the task's own thread, from inside a push: a
/// demuxer that searches for moov does that. So this must not join the task; the stream lock is
/// recursive.
gboolean V2vOutput::seek(GstEvent* event) {
  gdouble rate;
  GstFormat format;
  GstSeekFlags flags;
  GstSeekType start_type, stop_type;
  gint64 start, stop;
  gst_event_parse_seek(event, &rate, &format, &flags, &start_type, &start, &stop_type, &stop);
  {
    const QueueLock lock = queue_.lock();
    if (!result_ || format != GST_FORMAT_BYTES || rate <= 0) return FALSE;
    const auto size = static_cast<gint64>(result_->size());
    const gint64 from = start_type == GST_SEEK_TYPE_SET ? start : 0;
    const gint64 to = stop_type == GST_SEEK_TYPE_SET && stop >= 0 ? std::min(stop, size) : size;
    const bool from_end = start_type == GST_SEEK_TYPE_END || stop_type == GST_SEEK_TYPE_END;
    if (from_end || from < 0 || from > to) return FALSE;
    if (start_type == GST_SEEK_TYPE_NONE) start_type = GST_SEEK_TYPE_SET, start = 0;
    if (stop_type == GST_SEEK_TYPE_NONE) stop_type = GST_SEEK_TYPE_SET, stop = -1;
  }
  const guint32 seqnum = gst_event_get_seqnum(event);
  const bool flush = flags & GST_SEEK_FLAG_FLUSH;
  if (flush) {
    GstEvent* flush_start = gst_event_new_flush_start();
    gst_event_set_seqnum(flush_start, seqnum);
    gst_pad_push_event(host_.src, flush_start);
  }
  queue_.pause_task();
  GST_PAD_STREAM_LOCK(host_.src);
  ++seek_count_;
  if (flush) {
    GstEvent* flush_stop = gst_event_new_flush_stop(TRUE);
    gst_event_set_seqnum(flush_stop, seqnum);
    gst_pad_push_event(host_.src, flush_stop);
  }
  result_seqnum_ = seqnum;
  segment_sent_ = false;
  {
    const QueueLock lock = queue_.lock();
    gst_segment_do_seek(&result_segment_, rate, format, flags, start_type, start, stop_type, stop,
                        nullptr);
    result_segment_.stop = std::min(result_segment_.stop, result_segment_.duration);
    result_segment_.position = result_segment_.start;
    queue_.go_on(lock);
  }
  queue_.start_task();
  GST_PAD_STREAM_UNLOCK(host_.src);
  return TRUE;
}

bool V2vOutput::query(GstQuery* query, gboolean* answer) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION) {
    *answer = FALSE;
    return true;
  }
  if (host_.mode == InputMode::buffer) return false;
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_SCHEDULING:
      gst_query_set_scheduling(query, GST_SCHEDULING_FLAG_SEEKABLE, 1, -1, 0);
      gst_query_add_scheduling_mode(query, GST_PAD_MODE_PUSH);
      *answer = TRUE;
      return true;
    case GST_QUERY_SEEKING:
    case GST_QUERY_DURATION:
    case GST_QUERY_POSITION:
      return answer_position(query, answer);
    default:
      return false;
  }
}

/// The result is positioned in bytes; positions of the input do not apply to it.
bool V2vOutput::answer_position(GstQuery* query, gboolean* answer) {
  const QueueLock lock = queue_.lock();
  const gint64 size = result_ ? static_cast<gint64>(result_->size()) : -1;
  GstFormat format = GST_FORMAT_UNDEFINED;
  *answer = FALSE;
  if (GST_QUERY_TYPE(query) == GST_QUERY_SEEKING) {
    gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
    gst_query_set_seeking(query, format, format == GST_FORMAT_BYTES && result_, 0, size);
    *answer = TRUE;
  } else if (GST_QUERY_TYPE(query) == GST_QUERY_DURATION) {
    gst_query_parse_duration(query, &format, nullptr);
    if (format != GST_FORMAT_BYTES || !result_) return true;
    gst_query_set_duration(query, format, size);
    *answer = TRUE;
  } else {
    gst_query_parse_position(query, &format, nullptr);
    if (format != GST_FORMAT_BYTES || !result_) return true;
    gst_query_set_position(query, format, static_cast<gint64>(result_segment_.position));
    *answer = TRUE;
  }
  return true;
}

}  // namespace omni
