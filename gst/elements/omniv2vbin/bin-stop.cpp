// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin when it is called off: flushes, the end of the output, the end of the run. Whoever
// waits is woken at once, and nothing more is bought.
#include "elements/omniv2vbin/bin-stream.h"
#include "media/interrupt.h"

namespace omni {

namespace {

/// What upstream will not say again after a flush.
bool outlives_flush(const EventPtr& event) {
  if (!event || !GST_EVENT_IS_STICKY(event.get())) return false;
  const GstEventType type = GST_EVENT_TYPE(event.get());
  return type != GST_EVENT_SEGMENT && type != GST_EVENT_EOS;
}

void keep_sticky(const Segment& segment, std::size_t from, std::vector<EventPtr>& kept) {
  for (std::size_t i = from; i < segment.items.size(); ++i)
    if (outlives_flush(segment.items[i].event)) kept.push_back(segment.items[i].event);
}

}  // namespace

/// Wakes everybody who waits in here, and calls off what runs.
void BinStream::interrupt_work() {
  std::vector<std::shared_ptr<SegmentEncoder>> encoders;
  std::vector<std::shared_ptr<ClipDecoder>> decoders;
  {
    const std::lock_guard lock(lock_);
    flushing_ = true;
    encoders.push_back(encoding_);
    if (trailing_) encoders.push_back(trailing_->encoder);
    if (submitting_) encoders.push_back(submitting_->encoder);
    for (const auto& segment : to_submit_) encoders.push_back(segment->encoder);
    for (const auto& decoder : decoders_) decoders.push_back(decoder.lock());
    changed_.notify_all();
  }
  for (const auto& encoder : encoders)
    if (encoder) encoder->interrupt();
  for (const auto& decoder : decoders)
    if (decoder) decoder->interrupt();
  transcode_cancel()->interrupt();
  if (const auto running = client()) running->cancel_all();
}

gboolean BinStream::flush_start(EventPtr event) {
  interrupt_work();
  if (host_.result_lane) host_.result_lane->event(event.get());
  const gboolean pushed = gst_pad_push_event(host_.src, event.release());
  gst_pad_pause_task(host_.src);
  return pushed;
}

/// The sticky events that have not gone out yet, in their order. Under the src pad's stream lock.
std::vector<EventPtr> BinStream::unsent_sticky(const std::deque<Item>& queue) {
  std::vector<EventPtr> kept(before_caps_.begin(), before_caps_.end());
  std::erase_if(kept, [](const EventPtr& event) { return !outlives_flush(event); });
  if (placing_) keep_sticky(*placing_->segment, placing_->next, kept);
  if (prepared_) keep_sticky(*prepared_->segment, 0, kept);
  for (const Item& item : queue) {
    if (outlives_flush(item.event)) kept.push_back(item.event);
    if (item.segment) keep_sticky(*item.segment, 0, kept);
  }
  if (open_) keep_sticky(*open_, 0, kept);
  return kept;
}

gboolean BinStream::flush_stop(EventPtr event) {
  // The stream lock, not a join: a flushing seek may have been sent by the task's own thread.
  GST_PAD_STREAM_LOCK(host_.src);
  // Again: something may have begun in the moment of the flush.
  interrupt_work();
  drop_all();
  if (deliveries_) deliveries_->drop();
  {
    const std::lock_guard lock(lock_);
    prompts_.flush();
    flushing_ = stopped_;
  }
  if (host_.result_lane) host_.result_lane->event(event.get());
  const gboolean pushed = gst_pad_push_event(host_.src, event.release());
  if (!is_flushing()) gst_pad_start_task(host_.src, task, this, nullptr);
  GST_PAD_STREAM_UNLOCK(host_.src);
  return pushed;
}

/// Nothing is on its way any more but sticky events. Under the src pad's stream lock.
void BinStream::drop_all() {
  // What they hold is taken down when the lock is not held any more.
  std::deque<Item> queue;
  std::deque<std::shared_ptr<Segment>> to_submit;
  std::shared_ptr<SegmentEncoder> encoding;
  std::shared_ptr<Segment> trailing;
  std::vector<std::shared_ptr<Segment>> overdue;
  {
    const std::lock_guard lock(lock_);
    queue.swap(queue_);
    to_submit.swap(to_submit_);
    encoding.swap(encoding_);
    trailing.swap(trailing_);
    overdue.swap(overdue_);
  }
  const std::vector<EventPtr> kept = unsent_sticky(queue);
  host_.spend.take_planned();
  reset_input();
  placing_.reset();
  prepared_.reset();
  fading_.reset();
  shown_.clear();  // they may come again, and cost nothing then
  last_picture_ = nullptr;
  before_caps_.clear();
  position_ = GST_CLOCK_TIME_NONE;
  const std::lock_guard lock(lock_);
  for (const EventPtr& sticky : kept) queue_.push_back({nullptr, sticky, nullptr});
  // What is being made ready at this moment is of no use any more.
  if (!stopped_) transcode_cancel_ = std::make_shared<Interrupt>();
  anchor_.call_off();
  open_segments_ = 0;
  flow_ = GST_FLOW_OK;
}

/// A stream behind another one. Behind the end of one the output has to be woken, and nothing is
/// left of that, if downstream had enough of it.
void BinStream::begin_again(EventPtr stream_start) {
  {
    const std::lock_guard lock(lock_);
    if (flow_ != GST_FLOW_EOS || flushing_) {
      queue_.push_back({nullptr, std::move(stream_start), nullptr});
      return changed_.notify_all();
    }
  }
  GST_PAD_STREAM_LOCK(host_.src);
  drop_all();
  {
    const std::lock_guard lock(lock_);
    const auto is_older = [](const Item& item) {
      return GST_EVENT_TYPE(item.event.get()) == GST_EVENT_STREAM_START;
    };
    std::erase_if(queue_, is_older);
    queue_.push_front({nullptr, std::move(stream_start), nullptr});
  }
  // The run may have been stopped meanwhile: the pad would keep a task of a run that is gone.
  if (!is_flushing()) gst_pad_start_task(host_.src, task, this, nullptr);
  GST_PAD_STREAM_UNLOCK(host_.src);
}

/// After a flush; the caps stay.
void BinStream::reset_input() {
  waits_since_ = g_get_monotonic_time();
  open_ = nullptr;
  complete_at_ = GST_CLOCK_TIME_NONE;
  input_refused_ = false;
  ready_ = false;
  last_running_ = GST_CLOCK_TIME_NONE;
  next_running_ = 0;
  cut_at_ = GST_CLOCK_TIME_NONE;
  cut_requested_ = false;
  gst_segment_init(&input_segment_, GST_FORMAT_UNDEFINED);
}

/// The output is over before its end: what waits is not bought any more, and what runs has nowhere
/// to go.
void BinStream::stop_output(GstFlowReturn flow, bool with_eos) {
  std::deque<std::shared_ptr<Segment>> to_submit;
  {
    const std::lock_guard lock(lock_);
    flow_ = flow;
    to_submit.swap(to_submit_);
    changed_.notify_all();
  }
  transcode_cancel()->interrupt();
  if (const auto running = client()) running->cancel_all();
  if (with_eos) {
    const auto eos = EventPtr::adopt(gst_event_new_eos());
    if (host_.result_lane) host_.result_lane->event(eos.get());
    gst_pad_push_event(host_.src, EventPtr(eos).release());
  }
  gst_pad_pause_task(host_.src);
}

/// Is what this segment costs still wanted?
bool BinStream::is_wanted(const Segment& segment) const {
  return !segment.interrupt->is_interrupted() && is_output_open();
}

/// Has downstream taken all that came so far?
bool BinStream::is_output_open() const {
  const std::lock_guard lock(lock_);
  return flow_ == GST_FLOW_OK;
}

void BinStream::stop() {
  {
    const std::lock_guard lock(lock_);
    stopped_ = true;
  }
  interrupt_work();
}

}  // namespace omni
