// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, the src pad's side: what came in goes out again in order, with other pictures.
#include "elements/common/messages.h"
#include "elements/omniv2vbin/bin-stream.h"

namespace omni {

gboolean BinStream::activate_src(bool active) {
  if (active) {
    {
      const std::lock_guard lock(lock_);
      flushing_ = stopped_;
    }
    native_ = host_.settings().output == OutputMode::native;
    errors_from_ = std::chrono::steady_clock::now() + kErrorDelay;
    deliveries_.emplace(host_.src);
    return gst_pad_start_task(host_.src, task, this, nullptr);
  }
  stop();
  gst_pad_stop_task(host_.src);
  // A flush that was under way may have started the task again; now that it saw the flag it will
  // not.
  const gboolean stopped = gst_pad_stop_task(host_.src);
  placing_.reset();
  prepared_.reset();
  fading_.reset();
  GST_PAD_STREAM_LOCK(host_.src);
  deliveries_.reset();
  GST_PAD_STREAM_UNLOCK(host_.src);
  return stopped;
}

void BinStream::task(gpointer self) {
  auto* me = static_cast<BinStream*>(self);
  try {
    me->output_once();
  } catch (const Failure& failure) {
    if (failure.error().reason != Reason::cancelled) return me->fail(failure.error());
    gst_pad_pause_task(me->host_.src);
  } catch (const std::exception& error) {
    me->fail({Reason::bad_result, error.what(), 0, {}, {}});
  }
}

/// One turn of the src pad's task: a moment of the segment that is going out, or the next item of
/// the queue.
void BinStream::output_once() {
  if (is_flushing()) return static_cast<void>(gst_pad_pause_task(host_.src));
  // Also while others go out: what stopped is bought in time only if it is noticed in time.
  if (live_) cut_stalled();
  if (placing_) {
    prepare_next();
    return place_next();
  }
  if (prepared_) {
    SegmentPlayout next = std::move(*prepared_);
    prepared_.reset();
    return begin_placing(std::move(next));
  }
  Item item = wait_for_front();
  if (item.segment || item.event || item.error) return push_item(std::move(item));
  gst_pad_pause_task(host_.src);
}

/// Can it go out? A segment can when its job is over, or when its time has come.
bool BinStream::is_due(const Item& item) {
  if (!item.segment || item.segment->pending->finished()) return true;
  return live_ && is_past_deadline(*item.segment);
}

BinStream::Item BinStream::pop_front() {
  const std::lock_guard lock(lock_);
  if (flushing_ || queue_.empty()) return {};
  Item item = std::move(queue_.front());
  queue_.pop_front();
  return item;
}

/// The front of the queue once it can go out; nothing when flushing.
BinStream::Item BinStream::wait_for_front() {
  for (;;) {
    Item front;
    guint seen = 0;
    {
      const std::lock_guard lock(lock_);
      if (flushing_) return {};
      if (!queue_.empty()) front = queue_.front();
      seen = changes_;
    }
    const bool any = front.segment || front.event || front.error;
    if (any && is_due(front)) return pop_front();
    const GstClockTime wake =
        std::min(stall_deadline(), any ? deadline(*front.segment) : GST_CLOCK_TIME_NONE);
    std::optional<ClockAlarm> alarm;
    if (live_ && GST_CLOCK_TIME_IS_VALID(wake))
      alarm.emplace(host_.element, wake, [weak = weak_from_this()] {
        if (const auto stream = weak.lock()) stream->clock_changed();
      });
    {
      std::unique_lock lock(lock_);
      changed_.wait(lock,
                    [&] { return flushing_ || changes_ != seen || (!any && !queue_.empty()); });
    }
    if (live_) cut_stalled();
  }
}

void BinStream::push_item(Item item) {
  if (item.event) return push_event(std::move(item.event));
  if (item.error) return fail(*item.error);
  begin_placing(choose_picture(std::move(item.segment)));
}

/// What is shown for a segment whose job is over, or whose time has come.
BinStream::SegmentPlayout BinStream::choose_picture(std::shared_ptr<Segment> segment) {
  if (is_expired(*segment)) {
    Error slow{Reason::timed_out,
               "Segment " + std::to_string(segment->number) +
                   " is long past: what is behind the element is slower than real time.",
               0,
               segment->pending->task_id(),
               {}};
    declare_late(*segment);
    return stand_in(std::move(segment), OnFailure::skip, std::move(slow));
  }
  if (!segment->pending->finished() && declare_late(*segment)) {
    Error late{Reason::timed_out,
               "Segment " + std::to_string(segment->number) + " is not there at its deadline.",
               0,
               segment->pending->task_id(),
               {}};
    const OnFailure policy = segment->late_policy();
    return stand_in(std::move(segment), policy, std::move(late));
  }
  JobOutcome outcome = segment->pending->take_outcome();
  if (auto* error = std::get_if<Error>(&outcome)) {
    const OnFailure policy = segment->on_failure(live_);
    return stand_in(std::move(segment), policy, std::move(*error));
  }
  SegmentPlayout placing;
  placing.segment = std::move(segment);
  placing.picture = SegmentPlayout::Picture::result;
  open_part(placing, std::get<std::shared_ptr<const ByteRope>>(outcome));
  return placing;
}

/// What is shown instead of a result.
BinStream::SegmentPlayout BinStream::stand_in(std::shared_ptr<Segment> segment, OnFailure policy,
                                              Error error) {
  SegmentPlayout placing;
  placing.segment = std::move(segment);
  placing.trouble = std::move(error);
  switch (policy) {
    case OnFailure::source: {
      std::shared_ptr<const ByteRope> reference;
      {
        const std::lock_guard lock(lock_);
        reference = placing.segment->reference;
      }
      placing.picture = reference ? SegmentPlayout::Picture::source : SegmentPlayout::Picture::hold;
      if (reference) open_part(placing, std::move(reference));
      break;
    }
    case OnFailure::hold:
      placing.picture = SegmentPlayout::Picture::hold;
      break;
    case OnFailure::skip:
      placing.picture = SegmentPlayout::Picture::skip;
      break;
    case OnFailure::error:
    case OnFailure::automatic:
      placing.picture = SegmentPlayout::Picture::none;
      break;
  }
  return placing;
}

void BinStream::open_part(SegmentPlayout& placing, std::shared_ptr<const ByteRope> part) {
  const Segment& segment = *placing.segment;
  GstClockTime length = shown_duration(part);
  if (length == 0) length = segment.reference_length;
  CapsPtr wanted = segment.caps;
  if (native_) {
    const auto any = CapsPtr::adopt(gst_pad_get_pad_template_caps(host_.src));
    wanted = CapsPtr::adopt(gst_pad_peer_query_caps(host_.src, any.get()));
    if (gst_caps_is_empty(wanted.get())) wanted = any;
  }
  if (host_.result_lane) placing.sound = host_.result_lane->decode(part, segment);
  const bool is_result = placing.picture == SegmentPlayout::Picture::result;
  const auto decoder = std::make_shared<ClipDecoder>(std::move(part), wanted.get());
  placing.part.emplace(decoder, is_result ? segment.settings.fit : DurationPolicy::retime,
                       ClipLengths{segment.reference_length, length});
  const std::lock_guard lock(lock_);
  std::erase_if(decoders_, [](const auto& known) { return known.expired(); });
  decoders_.push_back(decoder);
  if (flushing_) decoder->interrupt();
}

/// Opens the segment after the one that is going out as soon as it can go out: a decoder takes a
/// moment to start, and the next frame is due at once.
void BinStream::prepare_next() {
  if (prepared_) return;
  Item front;
  {
    const std::lock_guard lock(lock_);
    if (queue_.empty() || !queue_.front().segment) return;
    front = queue_.front();
  }
  if (!is_due(front)) return;
  if (Item item = pop_front(); item.segment) prepared_ = choose_picture(std::move(item.segment));
}

void BinStream::begin_placing(SegmentPlayout placing) {
  if (placing.picture == SegmentPlayout::Picture::hold && !last_picture_) {
    // Nothing was shown yet that could be held.
    placing = stand_in(placing.segment, OnFailure::source, *placing.trouble);
    if (placing.picture == SegmentPlayout::Picture::hold)
      placing.picture = SegmentPlayout::Picture::skip;
  }
  placing_ = std::move(placing);
  tell_trouble();
  if (placing_->picture == SegmentPlayout::Picture::skip) push_gap(0);
  if (host_.result_lane && placing_->picture != SegmentPlayout::Picture::none)
    host_.result_lane->place(*placing_->segment, std::move(placing_->sound));
}

void BinStream::tell_trouble() {
  const SegmentPlayout& placing = *placing_;
  if (!placing.trouble || placing.trouble->reason == Reason::cancelled) return;
  switch (placing.picture) {
    case SegmentPlayout::Picture::none:
      return fail(*placing.trouble);
    case SegmentPlayout::Picture::source:
      return post_warning(host_.element, *placing.trouble, "the original is shown instead");
    case SegmentPlayout::Picture::hold:
      return post_warning(host_.element, *placing.trouble, "the last picture is held instead");
    case SegmentPlayout::Picture::skip:
      return post_warning(host_.element, *placing.trouble, "nothing is shown instead");
    case SegmentPlayout::Picture::result:
      return;
  }
}

/// One GAP event for what is left of the segment from this moment on.
void BinStream::push_gap(std::size_t from) {
  const Segment& segment = *placing_->segment;
  for (std::size_t i = from; i < segment.items.size(); ++i) {
    const SourceItem& moment = segment.items[i];
    if (moment.event || !GST_CLOCK_TIME_IS_VALID(moment.frame.pts)) continue;
    ensure_caps(segment.caps.get());
    gst_pad_push_event(host_.src,
                       gst_event_new_gap(moment.frame.pts, segment.length - moment.time));
    return;
  }
}

void BinStream::place_next() {
  const std::vector<SourceItem>& items = placing_->segment->items;
  if (placing_->picture == SegmentPlayout::Picture::none || placing_->next == items.size())
    return end_placing();
  const SourceItem& moment = items[placing_->next];
  if (moment.event)
    push_event(moment.event);
  else if (placing_->picture != SegmentPlayout::Picture::skip)
    place_frame(moment);
  if (placing_) ++placing_->next;
}

/// The middle of the time for which a frame is shown: there is no doubt about which frame of the
/// result is meant, however times were rounded.
GstClockTime BinStream::frame_midpoint(const SegmentPlayout& placing) const {
  const Segment& segment = *placing.segment;
  const SourceItem& moment = segment.items[placing.next];
  GstClockTime end = segment.length;
  for (std::size_t i = placing.next + 1; i < segment.items.size(); ++i) {
    if (segment.items[i].event) continue;
    end = segment.items[i].time;
    break;
  }
  GstClockTime shown = end > moment.time ? end - moment.time : 0;
  if (GST_CLOCK_TIME_IS_VALID(moment.frame.duration))
    shown = std::min(shown, moment.frame.duration);
  return moment.time + shown / 2;
}

/// A frame of the segment's own part, and what the segment before still has of this moment.
void BinStream::show(const ClipFrame& frame, GstClockTime time) {
  last_caps_ = frame.caps;
  last_picture_ = fading_ ? fade(frame, time) : frame.picture;
}

BufferPtr BinStream::fade(const ClipFrame& frame, GstClockTime time) {
  Fading& before = *fading_;
  const GstClockTime now = placing_->segment->running_time + time;
  BufferPtr mixed;
  if (now < before.end) {
    const auto whole = static_cast<double>(before.end - placing_->segment->running_time);
    try {
      mixed = cross_fade_.mix(before.part.at(now - before.running_time), frame,
                              static_cast<double>(time) / whole);
    } catch (const Failure& failure) {
      // Of the stream nothing is missing but the fade.
      if (failure.error().reason == Reason::cancelled) throw;
    }
  }
  if (mixed) return mixed;
  fading_.reset();
  return frame.picture;
}

void BinStream::place_frame(const SourceItem& moment) {
  SegmentPlayout& placing = *placing_;
  if (placing.part) {
    try {
      const GstClockTime time = frame_midpoint(placing);
      show(placing.part->at(time), time);
    } catch (const Failure& failure) {
      if (failure.error().reason == Reason::cancelled) throw;
      Error error = failure.error();
      // It is paid for: whoever wants it looks for it at the service.
      error.task_id = placing.segment->pending->task_id();
      return give_up_part(error);
    }
  }
  ensure_caps(last_caps_.get());
  position_ = placing.segment->stream_time + moment.time;
  handle_flow(gst_pad_push(host_.src, restore_frame(moment.frame, last_picture_.get()).release()));
}

/// What was decoded so far is out; the rest of the segment is shown as one that failed.
void BinStream::give_up_part(const Error& error) {
  const SegmentPlayout::Picture before = placing_->picture;
  const std::size_t next = placing_->next;
  const OnFailure policy = before == SegmentPlayout::Picture::result
                               ? placing_->segment->on_failure(live_)
                           : last_picture_ ? OnFailure::hold
                                           : OnFailure::skip;
  placing_ = stand_in(placing_->segment, policy, error);
  if (placing_->picture == SegmentPlayout::Picture::hold && !last_picture_)
    placing_->picture = SegmentPlayout::Picture::skip;
  placing_->next = next;
  tell_trouble();
  if (placing_->picture == SegmentPlayout::Picture::skip) return push_gap(next);
  if (placing_->picture != SegmentPlayout::Picture::none)
    place_frame(placing_->segment->items[next]);
}

void BinStream::end_placing() {
  const std::shared_ptr<Segment> segment = std::move(placing_->segment);
  const bool whole = placing_->picture == SegmentPlayout::Picture::result;
  fading_.reset();
  if (placing_->part && segment->overlap_tail > 0)
    fading_.emplace(Fading{std::move(*placing_->part), segment->running_time,
                           segment->running_time + segment->length + segment->overlap_tail});
  placing_.reset();
  if (whole && is_output_open()) shown_.push_back(segment->pending);
  // On air is delivered. A file is delivered when it is whole: one that dies before costs nothing
  // when it is made again.
  if (live_)
    for (const std::shared_ptr<PendingResult>& pending : std::exchange(shown_, {}))
      pending->confirm_delivered();
  segment->items.clear();
  const std::lock_guard lock(lock_);
  segment->reference = nullptr;
  if (segment->late && !segment->pending->finished()) overdue_.push_back(segment);
  if (open_segments_ > 0) --open_segments_;
  gint64 since = waits_since_;
  if (on_their_way() == 0 && since != kNotWaiting)
    waits_since_.compare_exchange_strong(since, g_get_monotonic_time());
  changed_.notify_all();
}

/// Native: the caps are those of the results, and may change from segment to segment.
void BinStream::ensure_caps(const GstCaps* picture) {
  if (!native_ || !picture) return;
  auto caps = CapsPtr::adopt(gst_caps_copy(picture));
  const GstStructure* source = gst_caps_get_structure(native_source_.get(), 0);
  GstStructure* structure = gst_caps_get_structure(caps.get(), 0);
  for (const char* field : {"framerate", "max-framerate"}) {
    gst_structure_remove_field(structure, field);
    if (const GValue* value = gst_structure_get_value(source, field))
      gst_structure_set_value(structure, field, value);
  }
  if (pushed_caps_ && gst_caps_is_equal(pushed_caps_.get(), caps.get())) return;
  pushed_caps_ = caps;
  gst_pad_push_event(host_.src, gst_event_new_caps(caps.get()));
  for (EventPtr& event : std::exchange(before_caps_, {}))
    gst_pad_push_event(host_.src, event.release());
}

void BinStream::push_event(EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS) return finish_output(std::move(event));
  if (native_ && GST_EVENT_TYPE(event.get()) == GST_EVENT_CAPS) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(event.get(), &caps);
    native_source_ = CapsPtr::share(caps);
    return;
  }
  const GstEventType type = GST_EVENT_TYPE(event.get());
  if (host_.result_lane && (type == GST_EVENT_STREAM_START || type == GST_EVENT_SEGMENT))
    host_.result_lane->event(event.get());
  // Sticky events have an order: stream-start, caps, segment, then the rest.
  if (native_ && !pushed_caps_ && GST_EVENT_TYPE(event.get()) != GST_EVENT_STREAM_START)
    return before_caps_.push_back(std::move(event));
  gst_pad_push_event(host_.src, event.release());
}

void BinStream::finish_output(EventPtr eos) {
  for (EventPtr& event : std::exchange(before_caps_, {}))
    gst_pad_push_event(host_.src, event.release());
  if (host_.result_lane) host_.result_lane->event(eos.get());
  post_plan(host_.element, host_.spend.take_planned());
  deliveries_->hand_over(std::exchange(shown_, {}));
  gst_pad_push_event(host_.src, eos.release());
  gst_pad_pause_task(host_.src);
  bool goes_on = false;
  {
    const std::lock_guard lock(lock_);
    goes_on = !queue_.empty();  // with another stream, which found this one still going
    if (!goes_on) flow_ = GST_FLOW_EOS;
    changed_.notify_all();
  }
  if (goes_on) gst_pad_start_task(host_.src, task, this, nullptr);
}

void BinStream::fail(const Error& error) {
  {
    std::unique_lock lock(lock_);
    if (changed_.wait_until(lock, errors_from_, [&] { return flushing_; })) return;
  }
  post_error(host_.element, error);
  stop_output(GST_FLOW_ERROR, true);
}

void BinStream::handle_flow(GstFlowReturn flow) {
  if (flow == GST_FLOW_OK) return;
  if (flow == GST_FLOW_EOS) {
    deliveries_->hand_over(std::exchange(shown_, {}));
    return stop_output(flow, true);
  }
  if (flow == GST_FLOW_FLUSHING) return stop_output(flow, false);
  GST_ELEMENT_FLOW_ERROR(host_.element, flow);
  stop_output(flow == GST_FLOW_NOT_LINKED ? flow : GST_FLOW_ERROR, true);
}

bool BinStream::is_flushing() const {
  const std::lock_guard lock(lock_);
  return flushing_;
}

gboolean BinStream::src_event(EventPtr event) {
  // A picture that is late here is no reason for a decoder to leave out others: they would be
  // missing from what is paid for.
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_QOS) return TRUE;
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK) {
    gdouble rate = 1.0;
    gst_event_parse_seek(event.get(), &rate, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    if (rate != 1.0) {
      host_.log(LogLevel::info, "a seek at another rate than 1 was refused");
      return FALSE;
    }
  }
  return gst_pad_push_event(host_.sink, event.release());
}

bool BinStream::src_query(GstQuery* query, gboolean* answer) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_LATENCY:
      *answer = answer_latency(query);
      return true;
    case GST_QUERY_POSITION:
      *answer = answer_position(query);
      return true;
    case GST_QUERY_DURATION:
    case GST_QUERY_SEEKING:
    case GST_QUERY_SEGMENT:
      *answer = gst_pad_peer_query(host_.sink, query);
      return true;
    default:
      return false;
  }
}

/// Upstream is segments ahead: what counts is what went out.
bool BinStream::answer_position(GstQuery* query) const {
  GstFormat format = GST_FORMAT_UNDEFINED;
  gst_query_parse_position(query, &format, nullptr);
  const GstClockTime position = position_;
  if (format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(position)) return false;
  gst_query_set_position(query, format, static_cast<gint64>(position));
  return true;
}

}  // namespace omni
