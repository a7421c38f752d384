// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/playout.h"

#include "elements/common/debug.h"
#include "elements/common/messages.h"
#include "elements/omniv2vbin/clock-alarm.h"
#include "elements/omniv2vbin/sticky-events.h"
#include "media/mp4/result-check.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

namespace omni {

namespace {

// How often it is looked what a stream that is not live waits for.
constexpr std::chrono::milliseconds kLookAgain{1000};
constexpr guint kInput = G_MAXUINT;  // waited for, instead of a segment

const char* name_of(OnFailure policy) {
  switch (policy) {
    case OnFailure::source:
      return "the original";
    case OnFailure::hold:
      return "the last frame";
    case OnFailure::skip:
      return "nothing";
    case OnFailure::error:
    case OnFailure::automatic:
      break;
  }
  return "an error";
}

}  // namespace

Playout::Playout(const BinHost& host, BinQueue& queue, const Deadlines& deadlines, JobRunner& jobs,
                 Submitter& submitter, Cutter& cutter, BinInput& input, StreamProgress& progress)
    : host_(host),
      queue_(queue),
      deadlines_(deadlines),
      jobs_(jobs),
      submitter_(submitter),
      cutter_(cutter),
      input_(input),
      progress_(progress) {
}

void Playout::begin(std::function<void()> wake) {
  wake_ = std::move(wake);
  native_ = host_.settings().output == OutputMode::native;
  deliveries_.emplace(host_.src);
}

void Playout::end() {
  current_.reset();
  prepared_.reset();
  fading_.reset();
  GST_PAD_STREAM_LOCK(host_.src);
  deliveries_.reset();
  GST_PAD_STREAM_UNLOCK(host_.src);
}

// The task

void Playout::turn() {
  try {
    output_once();
  } catch (const Failure& failure) {
    if (failure.error().reason != Reason::cancelled) return fail(failure.error());
    queue_.pause_task();
  } catch (const std::exception& error) {
    fail({Reason::bad_result, error.what(), 0, {}, {}});
  }
}

void Playout::output_once() {
  if (queue_.is_flushing()) return queue_.pause_task();
  // Also while other segments are output: a stalled one must be noticed early to be bought in time.
  if (deadlines_.is_live()) cutter_.cut_stalled();
  if (current_) {
    prepare_next();
    return push_next();
  }
  if (prepared_) {
    SegmentPlayout next = std::move(*prepared_);
    prepared_.reset();
    return begin_segment(std::move(next));
  }
  BinQueue::Item item = wait_for_front();
  if (item) return push_item(std::move(item));
  queue_.pause_task();
}

/// Can it be output? A segment can when its job has finished, or its deadline has passed.
bool Playout::is_due(const BinQueue::Item& item) const {
  if (!item.work || item.work->pending->finished()) return true;
  const GstClockTime now = running_time_now(host_.element);
  const GstClockTime deadline = deadline_of(*item.work);
  return GST_CLOCK_TIME_IS_VALID(deadline) && GST_CLOCK_TIME_IS_VALID(now) && now >= deadline;
}

/// When what is shown of it is chosen without its result; GST_CLOCK_TIME_NONE when it is waited
/// for: a file, or an input that came past its deadline already. No job is made of that, and its
/// pictures are there in a moment.
GstClockTime Playout::deadline_of(const Segment& segment) const {
  const bool waits =
      !deadlines_.is_live() || deadlines_.has_passed(segment.running_time, segment.complete_at);
  return waits ? GST_CLOCK_TIME_NONE : deadlines_.of(segment.running_time);
}

void Playout::log_wait(const Segment* segment) {
  const guint number = segment ? segment->number : kInput;
  if (std::exchange(last_wait_, number) == number) return;
  if (!segment) {
    GST_DEBUG_OBJECT(host_.element, "waiting for input: no segment is queued");
    return;
  }
  GST_DEBUG_OBJECT(host_.element, "waiting for the job of segment %u, %s%" GST_TIME_FORMAT, number,
                   deadlines_.is_live() ? "deadline at running time " : "running time ",
                   GST_TIME_ARGS(deadlines_.is_live() ? deadlines_.of(segment->running_time)
                                                      : segment->running_time));
}

/// Waits until the front of the queue can be output; nothing when flushing.
BinQueue::Item Playout::wait_for_front() {
  for (;;) {
    const BinQueue::Front front = queue_.front();
    if (queue_.is_flushing()) return {};
    const bool any = bool(front.item);
    if (any && is_due(front.item)) return queue_.pop_front();
    log_wait(any ? front.item.work.get() : nullptr);
    GstClockTime wake = cutter_.stall_deadline();
    if (any) wake = std::min(wake, deadline_of(*front.item.work));
    std::optional<ClockAlarm> alarm;
    if (deadlines_.is_live() && GST_CLOCK_TIME_IS_VALID(wake))
      alarm.emplace(host_.element, wake, wake_);
    if (!deadlines_.is_live()) {
      if (!queue_.wait_for_change(front.seen, kLookAgain)) input_.look_after_wait();
      continue;
    }
    queue_.wait_for_change(front.seen);
    cutter_.cut_stalled();
  }
}

void Playout::push_item(BinQueue::Item item) {
  if (item.event) return push_event(std::move(item.event));
  if (item.error) return fail(*item.error);
  begin_segment(choose(std::move(item.work)));
}

// What is shown

/// False when it has just finished.
bool Playout::declare_late(Segment& segment) {
  if (!segment.pending->declare_late()) return false;
  const QueueLock lock = queue_.lock();
  segment.shared.of(lock).late = true;
  return true;
}

/// Chooses what is shown for a segment that has finished, or whose deadline has passed.
Playout::SegmentPlayout Playout::choose(std::shared_ptr<Segment> segment) {
  const GstClockTime now = running_time_now(host_.element);
  if (deadlines_.is_expired(segment->running_time, segment->length, segment->complete_at, now)) {
    Error slow{Reason::timed_out,
               "Segment " + std::to_string(segment->number) +
                   " is too late to be shown: downstream is slower than real time.",
               0,
               segment->pending->task_id(),
               {}};
    declare_late(*segment);
    return fall_back(std::move(segment), OnFailure::skip, std::move(slow));
  }
  if (!segment->pending->finished() && declare_late(*segment)) {
    Error late{Reason::timed_out,
               "Segment " + std::to_string(segment->number) + " was not ready at its deadline.",
               0,
               segment->pending->task_id(),
               {}};
    const OnFailure policy = segment->late_policy();
    return fall_back(std::move(segment), policy, std::move(late));
  }
  JobOutcome outcome = segment->pending->take_outcome();
  if (auto* error = std::get_if<Error>(&outcome)) {
    const OnFailure policy = segment->unsold.empty() ? segment->on_failure(deadlines_.is_live())
                                                     : segment->late_policy();
    return fall_back(std::move(segment), policy, std::move(*error));
  }
  GST_DEBUG_OBJECT(host_.element, "segment %u: its result is shown", segment->number);
  SegmentPlayout playout;
  playout.segment = std::move(segment);
  playout.shows = SegmentPlayout::Shows::result;
  open_clip(playout, std::get<std::shared_ptr<const ByteRope>>(outcome));
  return playout;
}

/// What is shown instead of a result.
Playout::SegmentPlayout Playout::fall_back(std::shared_ptr<Segment> segment, OnFailure policy,
                                           Error error) {
  GST_DEBUG_OBJECT(host_.element, "segment %u: %s instead of a result: %s", segment->number,
                   name_of(policy), error.message.c_str());
  SegmentPlayout playout;
  playout.segment = std::move(segment);
  playout.trouble = std::move(error);
  switch (policy) {
    case OnFailure::source: {
      std::shared_ptr<const ByteRope> reference;
      {
        const QueueLock lock = queue_.lock();
        reference = playout.segment->shared.of(lock).reference;
      }
      playout.shows = reference ? SegmentPlayout::Shows::source : SegmentPlayout::Shows::hold;
      if (reference) open_clip(playout, std::move(reference));
      break;
    }
    case OnFailure::hold:
      playout.shows = SegmentPlayout::Shows::hold;
      break;
    case OnFailure::skip:
      playout.shows = SegmentPlayout::Shows::skip;
      break;
    case OnFailure::error:
    case OnFailure::automatic:
      playout.shows = SegmentPlayout::Shows::none;
      break;
  }
  return playout;
}

void Playout::open_clip(SegmentPlayout& playout, std::shared_ptr<const ByteRope> bytes) {
  const Segment& segment = *playout.segment;
  GstClockTime length = shown_duration(bytes);
  if (length == 0) length = segment.reference_length;
  CapsPtr wanted = segment.caps;
  if (native_) {
    const auto any = CapsPtr::adopt(gst_pad_get_pad_template_caps(host_.src));
    wanted = CapsPtr::adopt(gst_pad_peer_query_caps(host_.src, any.get()));
    if (gst_caps_is_empty(wanted.get())) wanted = any;
  }
  if (host_.result_audio) playout.audio = host_.result_audio->decode(bytes, segment);
  const bool is_result = playout.shows == SegmentPlayout::Shows::result;
  const auto decoder = std::make_shared<ClipDecoder>(std::move(bytes), wanted.get());
  playout.clip.emplace(decoder, is_result ? segment.settings.fit : DurationPolicy::retime,
                       ClipLengths{segment.reference_length, length});
  const QueueLock lock = queue_.lock();
  auto& decoders = shared_.of(lock).decoders;
  std::erase_if(decoders, [](const auto& known) { return known.expired(); });
  decoders.push_back(decoder);
  if (queue_.is_flushing(lock)) decoder->cancel();
}

/// Opens the next segment early, as soon as it can be output: a decoder takes time to start, and
/// the next frame is due at once.
void Playout::prepare_next() {
  if (prepared_) return;
  const BinQueue::Item front = queue_.front().item;
  if (!front.work || !is_due(front)) return;
  if (BinQueue::Item item = queue_.pop_front(); item.work) prepared_ = choose(std::move(item.work));
}

void Playout::begin_segment(SegmentPlayout playout) {
  if (playout.shows == SegmentPlayout::Shows::hold && !last_frame_) {
    // No frame was shown yet that could be repeated.
    playout = fall_back(playout.segment, OnFailure::source, *playout.trouble);
    if (playout.shows == SegmentPlayout::Shows::hold) playout.shows = SegmentPlayout::Shows::skip;
  }
  current_ = std::move(playout);
  report_trouble();
  if (current_->shows == SegmentPlayout::Shows::skip) push_gap(0);
  if (host_.result_audio && current_->shows != SegmentPlayout::Shows::none)
    host_.result_audio->place(*current_->segment, std::move(current_->audio));
}

void Playout::report_trouble() {
  const SegmentPlayout& playout = *current_;
  if (!playout.trouble || playout.trouble->reason == Reason::cancelled) return;
  switch (playout.shows) {
    case SegmentPlayout::Shows::none:
      return fail(*playout.trouble);
    case SegmentPlayout::Shows::source:
      return post_warning(host_.element, *playout.trouble, "the original is shown instead");
    case SegmentPlayout::Shows::hold:
      return post_warning(host_.element, *playout.trouble, "the last frame is repeated instead");
    case SegmentPlayout::Shows::skip:
      return post_warning(host_.element, *playout.trouble, "nothing is shown instead");
    case SegmentPlayout::Shows::result:
      return;
  }
}

void Playout::end_segment() {
  const std::shared_ptr<Segment> segment = std::move(current_->segment);
  const bool whole = current_->shows == SegmentPlayout::Shows::result;
  fading_.reset();
  if (current_->clip && segment->overlap_tail > 0)
    fading_.emplace(Fading{std::move(*current_->clip), segment->running_time,
                           segment->running_time + segment->length + segment->overlap_tail});
  current_.reset();
  if (whole && queue_.flow() == GST_FLOW_OK) played_out_.push_back(segment->pending);
  // Live, what was shown is delivered. A file is delivered when it is complete; if it fails before,
  // making it again costs nothing.
  if (deadlines_.is_live())
    for (const auto& pending : std::exchange(played_out_, {})) pending->confirm_delivered();
  segment->items.clear();
  {
    const QueueLock lock = queue_.lock();
    Segment::Shared& shared = segment->shared.of(lock);
    shared.reference = nullptr;
    if (shared.late && !segment->pending->finished()) submitter_.keep_late(lock, segment);
    queue_.close_one(lock);
    input_.note_played_out(lock);
  }
  progress_.played_out(segment->stream_time + segment->length);
}

// Frames

void Playout::push_next() {
  const std::vector<SourceItem>& items = current_->segment->items;
  if (current_->shows == SegmentPlayout::Shows::none || current_->next == items.size())
    return end_segment();
  const SourceItem& item = items[current_->next];
  if (item.event)
    push_event(item.event);
  else if (current_->shows != SegmentPlayout::Shows::skip)
    push_frame(item);
  if (current_) ++current_->next;
}

/// One GAP event for the rest of the segment from this item on.
void Playout::push_gap(std::size_t from) {
  const Segment& segment = *current_->segment;
  for (std::size_t i = from; i < segment.items.size(); ++i) {
    const SourceItem& item = segment.items[i];
    if (item.event || !GST_CLOCK_TIME_IS_VALID(item.frame.pts)) continue;
    ensure_caps(segment.caps.get());
    progress_.output_begins();
    gst_pad_push_event(host_.src, gst_event_new_gap(item.frame.pts, segment.length - item.time));
    return;
  }
}

/// The middle of the next frame's display time, so that rounded times cannot select the wrong frame
/// of the result.
GstClockTime Playout::frame_midpoint() const {
  const Segment& segment = *current_->segment;
  const SourceItem& item = segment.items[current_->next];
  GstClockTime end = segment.length;
  for (std::size_t i = current_->next + 1; i < segment.items.size(); ++i) {
    if (segment.items[i].event) continue;
    end = segment.items[i].time;
    break;
  }
  GstClockTime shown = end > item.time ? end - item.time : 0;
  if (GST_CLOCK_TIME_IS_VALID(item.frame.duration)) shown = std::min(shown, item.frame.duration);
  return item.time + shown / 2;
}

/// Shows a frame of the segment's own clip, mixed with the previous segment's overlap.
void Playout::show(const ClipFrame& frame, GstClockTime time) {
  last_caps_ = frame.caps;
  last_frame_ = fading_ ? fade(frame, time) : frame.picture;
}

BufferPtr Playout::fade(const ClipFrame& frame, GstClockTime time) {
  Fading& before = *fading_;
  const GstClockTime now = current_->segment->running_time + time;
  BufferPtr mixed;
  if (now < before.end) {
    const auto whole = static_cast<double>(before.end - current_->segment->running_time);
    try {
      mixed = cross_fade_.mix(before.clip.at(now - before.running_time), frame,
                              static_cast<double>(time) / whole);
    } catch (const Failure& failure) {
      // Only the fade is missing from the output.
      if (failure.error().reason == Reason::cancelled) throw;
    }
  }
  if (mixed) return mixed;
  fading_.reset();
  return frame.picture;
}

void Playout::push_frame(const SourceItem& item) {
  SegmentPlayout& playout = *current_;
  if (playout.clip) {
    try {
      const GstClockTime time = frame_midpoint();
      show(playout.clip->at(time), time);
    } catch (const Failure& failure) {
      if (failure.error().reason == Reason::cancelled) throw;
      Error error = failure.error();
      // It is paid for: the id lets the user find it at the service.
      error.task_id = playout.segment->pending->task_id();
      return fail_clip(error);
    }
  }
  ensure_caps(last_caps_.get());
  progress_.output_begins();
  position_ = playout.segment->stream_time + item.time;
  handle_flow(gst_pad_push(host_.src, restore_frame(item.frame, last_frame_.get()).release()));
}

/// The frames decoded so far were shown; the rest of the segment is handled as a failed one.
void Playout::fail_clip(const Error& error) {
  const SegmentPlayout::Shows before = current_->shows;
  const std::size_t next = current_->next;
  const OnFailure policy = before == SegmentPlayout::Shows::result
                               ? current_->segment->on_failure(deadlines_.is_live())
                           : last_frame_ ? OnFailure::hold
                                         : OnFailure::skip;
  current_ = fall_back(current_->segment, policy, error);
  if (current_->shows == SegmentPlayout::Shows::hold && !last_frame_)
    current_->shows = SegmentPlayout::Shows::skip;
  current_->next = next;
  report_trouble();
  if (current_->shows == SegmentPlayout::Shows::skip) return push_gap(next);
  if (current_->shows != SegmentPlayout::Shows::none) push_frame(current_->segment->items[next]);
}

// Events, caps, the end

/// Native: the caps are those of the results, and may change with each segment.
void Playout::ensure_caps(const GstCaps* frame_caps) {
  if (!native_ || !frame_caps) return;
  auto caps = CapsPtr::adopt(gst_caps_copy(frame_caps));
  const GstStructure* source = gst_caps_get_structure(source_caps_.get(), 0);
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  for (const char* field : {"framerate", "max-framerate"}) {
    gst_structure_remove_field(structure, field);
    if (const GValue* value = gst_structure_get_value(source, field))
      gst_structure_set_value(structure, field, value);
  }
  if (pushed_caps_ && gst_caps_is_equal(pushed_caps_.get(), caps.get())) return;
  GST_DEBUG_OBJECT(host_.element, "output caps: %" GST_PTR_FORMAT, caps.get());
  pushed_caps_ = caps;
  gst_pad_push_event(host_.src, gst_event_new_caps(caps.get()));
  for (EventPtr& event : std::exchange(before_caps_, {}))
    gst_pad_push_event(host_.src, event.release());
}

void Playout::push_event(EventPtr event) {
  const GstEventType type = GST_EVENT_TYPE(event.get());
  GST_LOG_OBJECT(host_.element, "output: %s event", GST_EVENT_TYPE_NAME(event.get()));
  if (type == GST_EVENT_EOS) return finish(std::move(event));
  if (native_ && type == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event.get(), &caps);
    source_caps_ = CapsPtr::share(caps);
    return;
  }
  if (host_.result_audio && (type == GST_EVENT_STREAM_START || type == GST_EVENT_SEGMENT))
    host_.result_audio->event(event.get());
  // Sticky events have an order: stream-start, caps, segment, then the rest.
  if (native_ && !pushed_caps_ && type != GST_EVENT_STREAM_START)
    return before_caps_.push_back(std::move(event));
  gst_pad_push_event(host_.src, event.release());
}

void Playout::finish(EventPtr eos) {
  GST_DEBUG_OBJECT(host_.element, "sending EOS after %" GST_TIME_FORMAT " of stream time",
                   GST_TIME_ARGS(position_.load()));
  for (EventPtr& event : std::exchange(before_caps_, {}))
    gst_pad_push_event(host_.src, event.release());
  if (host_.result_audio) host_.result_audio->event(eos.get());
  post_plan(host_.element, host_.spend.take_planned());
  progress_.output_begins();
  deliveries_->hand_over(std::exchange(played_out_, {}));
  gst_pad_push_event(host_.src, eos.release());
  queue_.pause_task();
  bool goes_on = false;
  {
    const QueueLock lock = queue_.lock();
    goes_on = !queue_.is_empty(lock);  // another stream has arrived before this one ended
    if (!goes_on) queue_.end(lock, GST_FLOW_EOS);
  }
  if (goes_on) queue_.start_task();
}

void Playout::fail(const Error& error) {
  if (!queue_.wait_before_error()) return;
  progress_.failed(error);
  post_error(host_.element, error);
  stop(GST_FLOW_ERROR, true);
}

void Playout::handle_flow(GstFlowReturn flow) {
  if (flow == GST_FLOW_OK) return;
  if (flow == GST_FLOW_EOS) {
    deliveries_->hand_over(std::exchange(played_out_, {}));
    return stop(flow, true);
  }
  if (flow == GST_FLOW_FLUSHING) return stop(flow, false);
  GST_ELEMENT_FLOW_ERROR(host_.element, flow);
  stop(flow == GST_FLOW_NOT_LINKED ? flow : GST_FLOW_ERROR, true);
}

/// The output ends early: queued segments are not bought any more, and running jobs are cancelled.
void Playout::stop(GstFlowReturn flow, bool with_eos) {
  GST_DEBUG_OBJECT(host_.element, "output stops: %s", gst_flow_get_name(flow));
  std::deque<std::shared_ptr<Segment>> waiting;
  {
    const QueueLock lock = queue_.lock();
    queue_.end(lock, flow);
    waiting = submitter_.take_waiting(lock);
  }
  jobs_.cancel_all();
  if (with_eos) {
    const auto eos = EventPtr::adopt(gst_event_new_eos());
    if (host_.result_audio) host_.result_audio->event(eos.get());
    gst_pad_push_event(host_.src, EventPtr(eos).release());
  }
  queue_.pause_task();
}

// Flushes

void Playout::interrupt() {
  std::vector<std::shared_ptr<ClipDecoder>> decoders;
  {
    const QueueLock lock = queue_.lock();
    for (const auto& decoder : shared_.of(lock).decoders) decoders.push_back(decoder.lock());
  }
  for (const auto& decoder : decoders)
    if (decoder) decoder->cancel();
}

std::vector<EventPtr> Playout::unsent_events() const {
  std::vector<EventPtr> kept;
  for (const EventPtr& event : before_caps_) keep_sticky(event, kept);
  if (current_) keep_sticky(current_->segment->items, current_->next, kept);
  if (prepared_) keep_sticky(prepared_->segment->items, 0, kept);
  return kept;
}

void Playout::drop() {
  current_.reset();
  prepared_.reset();
  fading_.reset();
  played_out_.clear();  // unconfirmed, so reused at no cost
  last_frame_ = nullptr;
  before_caps_.clear();
  position_ = GST_CLOCK_TIME_NONE;
}

void Playout::drop_deliveries() {
  if (deliveries_) deliveries_->drop();
}

}  // namespace omni
