// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v, the src pad's side: results and events leave in order; a result can be sought in.
#include "elements/common/buffers.h"
#include "elements/common/messages.h"
#include "elements/omniv2v/v2v-stream.h"

namespace omni {

namespace {

constexpr gsize kPiece = 64 * 1024;

}  // namespace

gboolean V2vStream::activate_src(bool active) {
  if (active) {
    {
      const std::lock_guard lock(lock_);
      flushing_ = false;
    }
    errors_from_ = std::chrono::steady_clock::now() + kErrorDelay;
    deliveries_.emplace(host_.src);
    return gst_pad_start_task(host_.src, task, this, nullptr);
  }
  stop();
  gst_pad_stop_task(host_.src);
  // A seek that was under way may have started the task again; now that it saw the flag it will
  // not.
  const gboolean stopped = gst_pad_stop_task(host_.src);
  GST_PAD_STREAM_LOCK(host_.src);
  deliveries_.reset();
  GST_PAD_STREAM_UNLOCK(host_.src);
  return stopped;
}

void V2vStream::task(gpointer self) {
  static_cast<V2vStream*>(self)->output_once();
}

/// One turn of the src pad's task: a piece of the result, or the next item of the queue.
void V2vStream::output_once() {
  if (result_ && static_cast<guint64>(result_segment_.position) < result_->size() &&
      result_segment_.position < result_segment_.stop)
    return push_piece();
  if (eos_) return finish_output();
  Item item = wait_for_front();
  if (item.pending || item.event || item.error) return push_item(std::move(item));
  gst_pad_pause_task(host_.src);
}

/// The front of the queue once it can go out; nothing when flushing.
V2vStream::Item V2vStream::wait_for_front() {
  std::unique_lock lock(lock_);
  changed_.wait(lock, [&] {
    if (flushing_) return true;
    if (queue_.empty()) return false;
    return !queue_.front().pending || queue_.front().pending->finished();
  });
  if (flushing_) return {};
  Item item = std::move(queue_.front());
  queue_.pop_front();
  return item;
}

void V2vStream::push_item(Item item) {
  if (item.event) return push_serialized(std::move(item.event));
  if (item.error) return fail(*item.error);
  push_result(item.pending);
  const std::lock_guard lock(lock_);
  if (open_results_ > 0) --open_results_;
  changed_.notify_all();
}

void V2vStream::push_serialized(EventPtr event) {
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
      if (host_.mode == InputMode::stream && !segment_sent_) {
        segment_sent_ = true;
        gst_pad_push_event(host_.src, gst_event_new_segment(&result_segment_));
      }
  }
  gst_pad_push_event(host_.src, event.release());
}

void V2vStream::ensure_caps() {
  if (caps_sent_) return;
  caps_sent_ = true;
  if (!gst_pad_has_current_caps(host_.src)) gst_pad_set_caps(host_.src, result_caps().get());
}

void V2vStream::push_result(const std::shared_ptr<PendingResult>& pending) {
  JobOutcome outcome = pending->take_outcome();
  if (auto* bytes = std::get_if<std::shared_ptr<const ByteRope>>(&outcome)) {
    if (host_.mode == InputMode::buffer) {
      if (push_whole(**bytes, *pending)) pending->confirm_delivered();
      return;
    }
    undelivered_ = pending;
    all_out_ = false;
    return start_result(std::move(*bytes));
  }
  const Error& error = std::get<Error>(outcome);
  if (error.reason == Reason::cancelled) return;
  // There is no original to show for an input that was empty.
  const bool has_source = pending->reference && !pending->reference->empty();
  if (pending->on_failure == OnFailure::source && has_source) {
    post_warning(host_.element, error, "the original goes on instead");
    if (host_.mode == InputMode::stream) return start_result(std::move(pending->reference));
    push_whole(*pending->reference, *pending);
    return;
  }
  if (pending->on_failure == OnFailure::skip) {
    post_warning(host_.element, error, "nothing goes on instead");
    const GstBuffer* input = pending->input.get();
    if (input && GST_BUFFER_PTS_IS_VALID(input))
      gst_pad_push_event(host_.src,
                         gst_event_new_gap(GST_BUFFER_PTS(input), GST_BUFFER_DURATION(input)));
    return;
  }
  fail(error);
}

void V2vStream::fail(const Error& error) {
  {
    std::unique_lock lock(lock_);
    if (changed_.wait_until(lock, errors_from_, [&] { return flushing_; })) return;
  }
  post_error(host_.element, error);
  stop_output(GST_FLOW_ERROR, true);
}

void V2vStream::start_result(std::shared_ptr<const ByteRope> bytes) {
  const std::lock_guard lock(lock_);
  result_ = std::move(bytes);
  gst_segment_init(&result_segment_, GST_FORMAT_BYTES);
  result_segment_.duration = result_->size();
  result_segment_.stop = result_->size();
}

void V2vStream::push_piece() {
  ensure_caps();
  if (!segment_sent_) {
    segment_sent_ = true;
    GstEvent* event = gst_event_new_segment(&result_segment_);
    if (result_seqnum_ != GST_SEQNUM_INVALID) gst_event_set_seqnum(event, result_seqnum_);
    gst_pad_push_event(host_.src, event);
  }
  const guint64 offset = result_segment_.position;
  BufferPtr piece =
      slice(*result_, offset, std::min<guint64>(kPiece, result_segment_.stop - offset));
  const gsize size = gst_buffer_get_size(piece.get());
  {
    // Before the push: a demuxer may seek from inside it.
    const std::lock_guard lock(lock_);
    result_segment_.position = offset + size;
  }
  const guint seek_count = seek_count_;
  const GstFlowReturn flow = gst_pad_push(host_.src, piece.release());
  // A demuxer that seeks from inside the push comes back for the rest.
  if (flow == GST_FLOW_OK && seek_count == seek_count_ && offset + size == result_->size())
    all_out_ = true;
  // One that says EOS has all that it wants.
  if (flow == GST_FLOW_EOS) {
    all_out_ = true;
    hand_over();
  }
  handle_flow(flow, seek_count);
}

void V2vStream::hand_over() {
  if (undelivered_ && all_out_) deliveries_->hand_over({std::exchange(undelivered_, nullptr)});
}

bool V2vStream::push_whole(const ByteRope& bytes, const PendingResult& pending) {
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

void V2vStream::handle_flow(GstFlowReturn flow, guint seek_count) {
  // The push ran into a seek of its own making: the next turn goes on from there.
  if (flow == GST_FLOW_OK || seek_count != seek_count_) return;
  if (flow == GST_FLOW_EOS) return finish_output();
  if (flow == GST_FLOW_FLUSHING) return stop_output(flow, false);
  if (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)
    GST_ELEMENT_FLOW_ERROR(host_.element, flow);
  stop_output(flow, true);
}

void V2vStream::finish_output() {
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
  gst_pad_pause_task(host_.src);
  const std::lock_guard lock(lock_);
  flow_ = GST_FLOW_EOS;
  changed_.notify_all();
}

/// The end of a segment seek: whoever plays in a loop wants to go on from here, without an EOS.
void V2vStream::finish_segment() {
  const auto position = static_cast<gint64>(result_segment_.position);
  GstMessage* message =
      gst_message_new_segment_done(GST_OBJECT(host_.element), GST_FORMAT_BYTES, position);
  GstEvent* event = gst_event_new_segment_done(GST_FORMAT_BYTES, position);
  gst_message_set_seqnum(message, result_seqnum_);
  gst_event_set_seqnum(event, result_seqnum_);
  gst_element_post_message(host_.element, message);
  hand_over();
  gst_pad_push_event(host_.src, event);
  gst_pad_pause_task(host_.src);
}

void V2vStream::stop_output(GstFlowReturn flow, bool with_eos) {
  {
    const std::lock_guard lock(lock_);
    flow_ = flow;
    changed_.notify_all();
  }
  if (with_eos) gst_pad_push_event(host_.src, gst_event_new_eos());
  gst_pad_pause_task(host_.src);
}

gboolean V2vStream::src_event(EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK && host_.mode == InputMode::stream)
    return seek_result(event.get());
  return gst_pad_push_event(host_.sink, event.release());
}

/// Seeks in the bytes of the result. May be called by the task's own thread, from inside a push: a
/// demuxer that looks for moov does that. So nothing is joined here; the stream lock is recursive.
gboolean V2vStream::seek_result(GstEvent* event) {
  gdouble rate;
  GstFormat format;
  GstSeekFlags flags;
  GstSeekType start_type, stop_type;
  gint64 start, stop;
  gst_event_parse_seek(event, &rate, &format, &flags, &start_type, &start, &stop_type, &stop);
  {
    const std::lock_guard lock(lock_);
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
  gst_pad_pause_task(host_.src);
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
    const std::lock_guard lock(lock_);
    gst_segment_do_seek(&result_segment_, rate, format, flags, start_type, start, stop_type, stop,
                        nullptr);
    result_segment_.stop = std::min(result_segment_.stop, result_segment_.duration);
    result_segment_.position = result_segment_.start;
    if (flow_ != GST_FLOW_ERROR) flow_ = GST_FLOW_OK;
  }
  if (!is_flushing()) gst_pad_start_task(host_.src, task, this, nullptr);
  GST_PAD_STREAM_UNLOCK(host_.src);
  return TRUE;
}

bool V2vStream::is_flushing() const {
  const std::lock_guard lock(lock_);
  return flushing_;
}

bool V2vStream::src_query(GstQuery* query, gboolean* answer) {
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

/// The result has positions in bytes; the input's own positions say nothing about it.
bool V2vStream::answer_position(GstQuery* query, gboolean* answer) {
  const std::lock_guard lock(lock_);
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
