// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/cutter.h"

#include <algorithm>

#include "elements/common/connection.h"
#include "elements/common/debug.h"
#include "elements/common/messages.h"
#include "elements/common/plan.h"
#include "elements/omniv2vbin/clock-alarm.h"
#include "media/still.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

namespace omni {

namespace {

// Used where the service's limit is not known.
constexpr std::uint64_t kDefaultLimit = 15'000'000;  // bytes of a reference

constexpr unsigned kAudioBitRate = 128'000;

// Raw frames that may wait for the encoder. A live source is not blocked, and an encoder takes time
// to start.
constexpr unsigned kAhead = 3;
constexpr unsigned kAheadLive = 15;

// Encoders of older segments that may still run when the next one starts. A live stream cannot wait
// for them, and a few are better than a segment without a reference.
constexpr unsigned kBusyEncoders = 1;
constexpr unsigned kBusyEncodersLive = 3;

std::string seconds_text(GstClockTime time) {
  char text[32];
  g_snprintf(text, sizeof text, "%.1f s", static_cast<double>(time) / GST_SECOND);
  return text;
}

}  // namespace

Cutter::Cutter(const BinHost& host, BinQueue& queue, Deadlines& deadlines, JobRunner& jobs,
               Submitter& submitter, StreamProgress& progress)
    : host_(host),
      queue_(queue),
      deadlines_(deadlines),
      jobs_(jobs),
      submitter_(submitter),
      progress_(progress) {
}

// Beginning

void Cutter::start(const BinSettings& settings) {
  const SegmentPlanner planner(model_of(settings).lengths, settings.segment_duration,
                               deadlines_.is_live(), settings.overlap);
  if (settings.anchor == AnchorMode::first) {
    check_room_for_image(settings, planner.nominal_duration() + settings.overlap);
    require_still_encoder();
  }
  submitter_.start(settings);
  deadlines_.set_durations(planner.nominal_duration(), planner.max_duration(), settings.overlap);
  deadlines_.set_latency(settings.latency);
  window_ = kWindowPerJob * jobs_at_once(settings);
  planner_ = planner;  // kept only if everything above succeeded
  GST_DEBUG_OBJECT(host_.element,
                   "segments of %" GST_TIME_FORMAT ", overlap %" GST_TIME_FORMAT
                   ", at most %u in flight, %s",
                   GST_TIME_ARGS(planner.nominal_duration()), GST_TIME_ARGS(settings.overlap),
                   window_.load(), deadlines_.is_live() ? "live" : "not live");
}

GstClockTime Cutter::end_of_input() const {
  GstClockTime end = timeline_.end();
  gint64 duration = -1;
  if (!deadlines_.is_live() &&
      gst_pad_peer_query_duration(host_.sink, GST_FORMAT_TIME, &duration) && duration > 0)
    end = std::min<GstClockTime>(end, static_cast<GstClockTime>(duration));
  return end;
}

/// Including the segment that starts; 0 if unknown.
guint Cutter::expected_total(GstClockTime end) const {
  if (deadlines_.is_live() || !GST_CLOCK_TIME_IS_VALID(end)) return 0;
  const GstClockTime rest = end > planner_->cut() ? end - planner_->cut() : 0;
  const GstClockTime nominal = planner_->nominal_duration();
  const GstClockTime left = rest % nominal;
  const bool joins = left == 0 || planner_->joins(left, nominal + left);
  return next_number_ + static_cast<guint>(rest / nominal) + (joins ? 0 : 1);
}

std::string Cutter::prompt_for(const FrameTimes& times, const Settings& settings) {
  const QueueLock lock = queue_.lock();
  return shared_.of(lock).prompts.at(times.running).value_or(settings.prompt);
}

/// Blocks while too many segments are in flight, or two encoders are running; false when flushing,
/// or when the output has ended.
bool Cutter::wait_for_room() {
  unsigned open = 0;
  bool encoder_free = true;
  {
    const QueueLock lock = queue_.lock();
    open = queue_.open(lock);
    encoder_free = is_encoder_free(lock);
  }
  if (open >= window_)
    GST_DEBUG_OBJECT(host_.element,
                     "segment %u waits: %u segments are in flight, the maximum; the oldest has to "
                     "be output first",
                     next_number_, open);
  else if (!encoder_free)
    GST_DEBUG_OBJECT(host_.element, "segment %u waits for the encoder of an older one",
                     next_number_);
  // One that is held is no more under way than what it is held for.
  return queue_.wait_for_room(window_ + (held_ ? 1 : 0),
                              [&](const QueueLock& lock) { return is_encoder_free(lock); });
}

bool Cutter::is_encoder_free(const QueueLock& lock) const {
  unsigned busy = submitter_.busy_encoders(lock);
  for (const auto& waits : {shared_.of(lock).trailing, shared_.of(lock).held})
    if (waits && waits->shared.of(lock).encoder) ++busy;
  return busy <= (deadlines_.is_live() ? kBusyEncodersLive : kBusyEncoders);
}

unsigned Cutter::on_their_way(const QueueLock& lock) const {
  const unsigned open = queue_.open(lock);
  const bool waits = shared_.of(lock).trailing || shared_.of(lock).held;
  return open - (waits && open > 0 ? 1 : 0);
}

bool Cutter::begin_segment(const FrameTimes& times, const CapsPtr& caps) {
  if (!deadlines_.is_live() && !wait_for_room()) return false;
  const GstClockTime end = end_of_input();
  planner_->begin(times.stream, end);
  auto segment = std::make_shared<Segment>();
  segment->number = next_number_++;
  progress_.set_total(expected_total(end));
  segment->running_time = times.running;
  segment->stream_time = times.stream;
  segment->caps = caps;
  segment->settings = host_.settings();
  segment->settings.prompt = prompt_for(times, segment->settings);
  if (segment->settings.oversize == Oversize::error)
    segment->settings.oversize = Oversize::transcode;  // the element's own reference is too large,
                                                       // not the user's
  segment->pending = submitter_.new_pending(segment);
  segment->cancel = jobs_.transcode_cancel();
  deadlines_.set_latency(segment->settings.latency);
  cut_requested_ = false;
  if (cut_at_ <= times.running) cut_at_ = GST_CLOCK_TIME_NONE;
  open_ = segment;
  complete_at_ = trailing_ ? trailing_end() : planned_cut();
  if (deadlines_.is_live()) queue_.changed();  // the output looks after a source that stops
  try {
    submitter_.connect(segment->settings);
    make_encoder(*segment);
  } catch (const Failure&) {
    open_ = nullptr;
    end_trailing();
    end_hold();
    throw;
  }
  GST_DEBUG_OBJECT(host_.element,
                   "segment %u begins at running time %" GST_TIME_FORMAT
                   ", to be cut at stream time %" GST_TIME_FORMAT,
                   segment->number, GST_TIME_ARGS(times.running), GST_TIME_ARGS(planner_->cut()));
  return true;
}

void Cutter::make_encoder(Segment& segment) {
  {
    // Live, the previous one may still be running: then this segment has no reference.
    const QueueLock lock = queue_.lock();
    if (deadlines_.is_live() && !is_encoder_free(lock)) return;
  }
  const BinSettings& settings = segment.settings;
  SegmentLimits limits;
  limits.max_bytes = reference_limit(settings);
  if (limits.max_bytes == 0) limits.max_bytes = kDefaultLimit;
  if (settings.max_reference_bytes)
    limits.max_bytes = std::min<std::uint64_t>(limits.max_bytes, settings.max_reference_bytes);
  limits.longest = planner_->padded(planner_->cut() - segment.stream_time + deadlines_.overlap());
  limits.sound_rate = settings.reference_audio ? kAudioBitRate : 0;
  const ModelFacts& facts = model_of(settings);
  limits.max_side = facts.max_side;
  limits.max_short_side = settings.dialect().lines_of(settings.resolution, facts);
  const EncodePlan plan = plan_segment(segment.caps.get(), limits, settings.encoder);
  auto encoder = std::make_shared<SegmentEncoder>(segment.caps.get(), plan,
                                                  deadlines_.is_live() ? kAheadLive : kAhead);
  const QueueLock lock = queue_.lock();
  segment.shared.of(lock).encoder = encoder;
  shared_.of(lock).encoding = std::move(encoder);
}

// Frames and events

void Cutter::set_segment(const GstSegment& segment) {
  if (timeline_.set_segment(segment)) cut("a new SEGMENT");
  if (open_) return;
  // Another stream may restart in running time, without a flush.
  const GstClockTime before = timeline_.last();
  const auto begins = timeline_.begin_again();
  if (!begins) return;
  {
    const QueueLock lock = queue_.lock();
    shared_.of(lock).prompts.begin_again(before, *begins);
  }
  input_running_ = *begins;
  cut_at_ = GST_CLOCK_TIME_NONE;
}

/// Live: how late a frame comes is told once. Its segment stays whole, however late that is.
void Cutter::note_arrival(GstClockTime running, GstClockTime now) {
  const GstClockTime lag = deadlines_.lag(running, now);
  lag_ = lag;
  if (lag < Deadlines::kStalled || std::exchange(lag_told_, true)) return;
  const Error late{Reason::timed_out,
                   "The input is " + seconds_text(lag) +
                       " later than upstream's latency says. Make what stands before the element "
                       "faster, or raise `latency` by as much as the input is late.",
                   0,
                   {},
                   {}};
  post_warning(host_.element, late, "the service has that much less time");
}

/// Why the next segment begins with this frame; null when it does not.
const char* Cutter::reason_to_cut(const FrameTimes& times) const {
  if (planner_->is_beyond(times.stream)) return "its planned end";
  const char* reason = nullptr;
  if (cut_requested_) reason = "the cut signal";
  if (GST_CLOCK_TIME_IS_VALID(cut_at_) && times.running >= cut_at_) reason = "a force-key-unit";
  if (!reason && open_->settings.cut_on_prompt) {
    const QueueLock lock = queue_.lock();
    if (shared_.of(lock).prompts.changes_between(open_->running_time, times.running,
                                                 open_->settings.prompt))
      reason = "a new prompt";
  }
  return reason && planner_->may_cut_at(times.stream) ? reason : nullptr;
}

void Cutter::add_frame(BufferPtr frame, const CapsPtr& caps, GstClockTime duration) {
  const GstClockTime now =
      deadlines_.is_live() ? running_time_now(host_.element) : GST_CLOCK_TIME_NONE;
  const auto times = timeline_.locate(frame.get(), duration, deadlines_.expected(now));
  if (!times) {
    GST_LOG_OBJECT(host_.element, "outside of the time segment: %" GST_PTR_FORMAT, frame.get());
    return;
  }
  if (open_ && timeline_.goes_back_to(times->running)) cut("time goes back");
  note_arrival(times->running, now);
  if (open_) {
    if (const char* why = reason_to_cut(*times)) {
      const bool planned = planner_->is_beyond(times->stream);
      cut(why, times->running, planned);
      if (!planned) planner_->begin_anew();
    }
  }
  // Also of one that has just begun to trail: what is open then lies within its reference.
  if (trailing_ && times->running >= trailing_end()) end_trailing();
  if (held_ && open_ && times->running - open_->running_time >= planner_->longest_joined())
    end_hold();
  if (!open_ && !begin_segment(*times, caps)) return;
  take_frame(std::move(frame), *times, duration);
}

void Cutter::take_frame(BufferPtr frame, const FrameTimes& times, GstClockTime duration) {
  Segment& segment = *open_;
  const GstClockTime running = timeline_.take(times.running, duration, segment.items.empty());
  const GstClockTime time = running - segment.running_time;
  input_running_ = running;
  segment.items.push_back({time, record_frame(frame.get()), {}});
  if (trailing_ && running < trailing_end())
    encode(*trailing_, frame, running - trailing_->running_time);
  encode(segment, std::move(frame), time);
}

/// Errors are reported when the reference is completed.
void Cutter::encode(Segment& segment, BufferPtr frame, GstClockTime time) {
  std::shared_ptr<SegmentEncoder> encoder;
  {
    const QueueLock lock = queue_.lock();
    encoder = segment.shared.of(lock).encoder;
  }
  if (!encoder) return;
  // A live source is never blocked: if need be, fewer of its frames are encoded.
  if (deadlines_.is_live() && time > 0 && encoder->is_behind()) {
    if (skipped_frames_++ == 0)
      host_.log(LogLevel::warning,
                "the encoder is too slow for this stream: references get fewer frames");
    return;
  }
  encoder->bridge(time, !deadlines_.is_live());
  encoder->push(std::move(frame), time);
}

void Cutter::add_event(EventPtr event) {
  if (!open_) return queue_.push(std::move(event));
  open_->items.push_back({timeline_.next() - open_->running_time, {}, std::move(event)});
}

/// A gap in the video: the segment keeps showing the last frame.
void Cutter::add_gap(EventPtr event) {
  GstClockTime from = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(event.get(), &from, &duration);
  const GstClockTime stream = timeline_.to_stream(from);
  const GstClockTime running = timeline_.to_running(from);
  const bool timed = GST_CLOCK_TIME_IS_VALID(stream) && GST_CLOCK_TIME_IS_VALID(running);
  if (open_ && timed && planner_->is_beyond(stream)) cut("a gap", running, false);
  const bool ends_segment =
      open_ && timed && GST_CLOCK_TIME_IS_VALID(duration) && planner_->is_beyond(stream + duration);
  add_event(std::move(event));
  if (ends_segment) cut("a gap", GST_CLOCK_TIME_NONE, false);
}

void Cutter::add_prompt(std::string prompt) {
  const QueueLock lock = queue_.lock();
  shared_.of(lock).prompts.add(timeline_.after_last(), std::move(prompt), true);
}

void Cutter::request_cut_at(GstClockTime running_time) {
  cut_at_ = GST_CLOCK_TIME_IS_VALID(running_time) ? running_time : timeline_.after_last();
}

void Cutter::add_prompts(const Prompts& older) {
  const QueueLock lock = queue_.lock();
  shared_.of(lock).prompts.add_older(older);
}

void Cutter::prompt_at(GstClockTime running_time, std::string prompt) {
  const QueueLock lock = queue_.lock();
  shared_.of(lock).prompts.add(running_time, std::move(prompt), false);
}

void Cutter::prompt_property_set() {
  const QueueLock lock = queue_.lock();
  shared_.of(lock).prompts.property_set(input_running_);
}

// Cutting

void Cutter::cut(const char* why) {
  cut(why, GST_CLOCK_TIME_NONE, false);
  if (planner_) planner_->begin_anew();
}

/// The next segment begins at `next_running`, if that is known. One that ends as planned may go on
/// with the next one's frames.
void Cutter::cut(const char* why, GstClockTime next_running, bool planned) {
  if (!GST_CLOCK_TIME_IS_VALID(next_running) && join_trailing()) return end_trailing();
  end_trailing();
  if (join_held()) return end_hold();
  end_hold();
  const std::shared_ptr<Segment> ended = close_open(next_running);
  if (!ended) return;
  GST_DEBUG_OBJECT(host_.element,
                   "segment %u is cut by %s: %" GST_TIME_FORMAT " long, %zu frames and events",
                   ended->number, why, GST_TIME_ARGS(ended->length), ended->items.size());
  // Where frames are rare, the last one may be shown up to there, or for longer.
  const bool overlaps = planned && deadlines_.overlap() > 0 && ended->length < ended->planned_end;
  if (overlaps) ended->reference_length = ended->length;
  const bool holds = planned && deadlines_.overlap() == 0 && planner_->may_end_soon(end_of_input());
  ended->complete_at = running_time_now(host_.element);
  {
    const QueueLock lock = queue_.lock();
    // When nothing more is output, nothing more may be bought.
    if (!queue_.is_open(lock)) return;
    if (overlaps) trailing_ = shared_.of(lock).trailing = ended;
    if (holds) held_ = shared_.of(lock).held = ended;
    queue_.push(lock, {ended, nullptr, nullptr});
  }
  if (!overlaps && !holds) send(ended);
}

void Cutter::finish() {
  cut("EOS");
  progress_.set_total(next_number_);
}

/// In running time. Live, a frame is shown until the next one comes, where only a few are missing.
GstClockTime Cutter::end_of_open(GstClockTime next_running) const {
  const GstClockTime end = timeline_.next();
  if (!GST_CLOCK_TIME_IS_VALID(next_running) || next_running <= timeline_.last()) return end;
  if (!deadlines_.is_live() || next_running > end + Deadlines::kStalled)
    return std::min(end, next_running);
  return std::min(next_running, std::max(end, planned_cut()));
}

/// In running time: where the open segment ends by plan.
GstClockTime Cutter::planned_cut() const {
  return open_->running_time + planner_->cut() - open_->stream_time;
}

/// The open segment, as long as it has become; there is none any more.
std::shared_ptr<Segment> Cutter::close_open(GstClockTime next_running) {
  if (!open_) return nullptr;
  const GstClockTime end = end_of_open(next_running);
  const std::shared_ptr<Segment> segment = std::move(open_);
  complete_at_ = GST_CLOCK_TIME_NONE;
  segment->length = std::max<GstClockTime>(end - segment->running_time, 1);
  // A frame that is shown for minutes is no reason to send minutes.
  const GstClockTime last = timeline_.last() - segment->running_time;
  segment->planned_end = planner_->cut() - segment->stream_time + deadlines_.overlap();
  segment->reference_length =
      std::min(segment->length, std::max(segment->planned_end, last + kDefaultFrameDuration));
  const QueueLock lock = queue_.lock();
  shared_.of(lock).encoding = nullptr;
  return segment;
}

/// Empty where a job is made of a segment that has become this long.
std::string Cutter::why_unsold(const Segment& segment, GstClockTime length) {
  if (planner_->claim(segment.stream_time, length)) return "";
  const std::string what =
      "Segment " + std::to_string(segment.number) + " is " + seconds_text(length) + " long";
  if (length < planner_->least())
    return what + ", and the model takes at least " + seconds_text(planner_->least()) +
           ": no job is made of it.";
  return what +
         ", and follows a part for which there is a job: no other one is made before the "
         "next whole segment.";
}

/// All that its reference needs is there.
void Cutter::send(const std::shared_ptr<Segment>& segment) {
  segment->reference_length += segment->overlap_tail;
  segment->unsold = why_unsold(*segment, segment->reference_length);
  if (segment->unsold.empty())
    segment->reference_length = planner_->padded(segment->reference_length);
  segment->cut_at = g_get_monotonic_time();
  segment->pending->report.duration = segment->length;
  submitter_.submit_later(segment);
}

/// The running time at which the trailing segment's reference ends.
GstClockTime Cutter::trailing_end() const {
  return trailing_->running_time + trailing_->planned_end;
}

void Cutter::end_trailing() {
  if (!trailing_) return;
  const GstClockTime cut = trailing_->running_time + trailing_->length;
  const GstClockTime end = std::min(timeline_.next(), trailing_end());
  trailing_->overlap_tail = end > cut ? end - cut : 0;
  complete_at_ = open_ ? planned_cut() : GST_CLOCK_TIME_NONE;
  const std::shared_ptr<Segment> complete = std::move(trailing_);
  {
    const QueueLock lock = queue_.lock();
    shared_.of(lock).trailing = nullptr;
  }
  if (deadlines_.is_live())
    queue_.changed();  // the output watches for a stalled source from here
                       // on
  send(complete);
}

/// A segment that ends within the overlap is already in the previous reference: it is joined with
/// that, and not paid for twice. False when there is nothing to join.
bool Cutter::join_trailing() {
  if (!trailing_ || !open_) return false;
  const GstClockTime offset = open_->running_time - trailing_->running_time;
  const std::shared_ptr<Segment> rest = close_open(GST_CLOCK_TIME_NONE);
  QueueLock lock = queue_.lock();
  const auto waits = [&](const BinQueue::Item& item) { return item.work == trailing_; };
  if (queue_.count_if(lock, waits) == 0) {
    open_ = rest;  // live: it is already being output
    return false;
  }
  take_in(*trailing_, *rest, offset);
  const GstClockTime last = timeline_.last() - trailing_->running_time;
  trailing_->reference_length =
      std::min(trailing_->length, std::max(trailing_->planned_end, last + kDefaultFrameDuration));
  lock.unlock();
  GST_DEBUG_OBJECT(host_.element, "segment %u takes in what ends within its overlap",
                   trailing_->number);
  return true;
}

void Cutter::take_in(Segment& segment, Segment& rest, GstClockTime offset) {
  for (SourceItem& item : rest.items) {
    item.time += offset;
    segment.items.push_back(std::move(item));
  }
  segment.length = offset + rest.length;
  --next_number_;
}

/// What follows is long enough, or will not come.
void Cutter::end_hold() {
  if (!held_) return;
  const std::shared_ptr<Segment> complete = std::move(held_);
  {
    const QueueLock lock = queue_.lock();
    shared_.of(lock).held = nullptr;
  }
  send(complete);
}

/// What ends before it is long enough for a segment becomes part of the one before, which was held
/// for that. False when there is nothing to join.
bool Cutter::join_held() {
  if (!held_ || !open_) return false;
  const GstClockTime offset = open_->running_time - held_->running_time;
  const GstClockTime left = timeline_.next() - open_->running_time;
  const bool same = open_->settings.prompt == held_->settings.prompt;
  if (!same || !planner_->joins(left, offset + left)) return false;
  const std::shared_ptr<Segment> rest = close_open(GST_CLOCK_TIME_NONE);
  take_in(*held_, *rest, offset);
  held_->joined_at = offset;
  held_->reference_length = offset + rest->reference_length;
  {
    const QueueLock lock = queue_.lock();
    held_->shared.of(lock).joined = rest->shared.of(lock).encoder;
  }
  GST_DEBUG_OBJECT(host_.element, "segment %u takes in what is too short for one of its own",
                   held_->number);
  return true;
}

void Cutter::release_held() {
  GRecMutex* source_lock = GST_PAD_GET_STREAM_LOCK(host_.sink);
  if (!g_rec_mutex_trylock(source_lock)) return;
  end_hold();
  g_rec_mutex_unlock(source_lock);
}

void Cutter::cut_stalled() {
  const auto is_stalled = [this] {
    const GstClockTime now = running_time_now(host_.element);
    return GST_CLOCK_TIME_IS_VALID(now) && now >= stall_deadline();
  };
  if (!is_stalled()) return;
  GRecMutex* source_lock = GST_PAD_GET_STREAM_LOCK(host_.sink);
  if (!g_rec_mutex_trylock(source_lock)) return;
  if (is_stalled()) cut("its source, which has stopped", GST_CLOCK_TIME_NONE, false);
  g_rec_mutex_unlock(source_lock);
}

// Flushes

void Cutter::interrupt() {
  std::shared_ptr<SegmentEncoder> open, trailing, held;
  {
    const QueueLock lock = queue_.lock();
    const Shared& shared = shared_.of(lock);
    open = shared.encoding;
    if (shared.trailing) trailing = shared.trailing->shared.of(lock).encoder;
    if (shared.held) held = shared.held->shared.of(lock).encoder;
  }
  for (const auto& encoder : {open, trailing, held})
    if (encoder) encoder->cancel();
}

void Cutter::drop() {
  // Their contents are freed after the lock is released.
  std::shared_ptr<SegmentEncoder> encoding;
  std::shared_ptr<Segment> trailing, held;
  {
    const QueueLock lock = queue_.lock();
    encoding.swap(shared_.of(lock).encoding);
    trailing.swap(shared_.of(lock).trailing);
    held.swap(shared_.of(lock).held);
  }
  trailing_ = nullptr;
  held_ = nullptr;
  open_ = nullptr;
  complete_at_ = GST_CLOCK_TIME_NONE;
  timeline_.reset();
  if (planner_) planner_->begin_anew();
  cut_at_ = GST_CLOCK_TIME_NONE;
  cut_requested_ = false;
  progress_.count_from(next_number_);
}

void Cutter::flush_prompts() {
  const QueueLock lock = queue_.lock();
  shared_.of(lock).prompts.flush();
}

}  // namespace omni
