// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, the sink pad's side: where segments begin and end. What comes in between is in
// bin-input.cpp; where a cut may be is the planner's (media/segment-planner.h).
#include <algorithm>

#include "elements/common/plan.h"
#include "elements/omniv2vbin/bin-stream.h"

namespace omni {

namespace {

// What is not known is assumed.
constexpr std::uint64_t kUsualLimit = 15'000'000;  // bytes of a reference

constexpr unsigned kSoundRate = 128'000;

// Raw frames that may wait for the encoder. A live source is not held up, and an encoder takes a
// moment to start.
constexpr unsigned kAhead = 3;
constexpr unsigned kAheadLive = 15;

}  // namespace

bool BinStream::is_cut_wanted(const FrameTimes& times) const {
  if (planner_->is_beyond(times.stream)) return true;
  bool wanted = cut_requested_ || (GST_CLOCK_TIME_IS_VALID(cut_at_) && times.running >= cut_at_);
  if (!wanted && open_->settings.cut_on_prompt) {
    const std::lock_guard lock(lock_);
    wanted = prompts_.changes_between(open_->running_time, times.running, open_->settings.prompt);
  }
  return wanted && planner_->may_cut_at(times.stream);
}

GstClockTime BinStream::end_of_input() const {
  GstClockTime end =
      gst_segment_to_stream_time(&input_segment_, GST_FORMAT_TIME, input_segment_.stop);
  gint64 duration = -1;
  if (!live_ && gst_pad_peer_query_duration(host_.sink, GST_FORMAT_TIME, &duration) && duration > 0)
    end = std::min<GstClockTime>(end, static_cast<GstClockTime>(duration));
  return end;
}

std::string BinStream::prompt_for(const FrameTimes& times, const Settings& settings) {
  const std::lock_guard lock(lock_);
  return prompts_.at(times.running).value_or(settings.prompt);
}

bool BinStream::begin_segment(const FrameTimes& times, GstFlowReturn* flow) {
  if (!live_ && !wait_for_window()) {
    input_open(flow);
    return false;
  }
  planner_->begin(times.stream, end_of_input());
  auto segment = std::make_shared<Segment>();
  segment->number = next_number_++;
  segment->running_time = times.running;
  segment->stream_time = times.stream;
  segment->caps = input_caps_;
  segment->settings = host_.settings();
  segment->settings.prompt = prompt_for(times, segment->settings);
  if (segment->settings.oversize == Oversize::error)
    segment->settings.oversize = Oversize::transcode;  // it is our own that is too large
  segment->pending = new_pending(segment);
  segment->interrupt = transcode_cancel();
  latency_ = segment->settings.latency;
  cut_requested_ = false;
  if (cut_at_ <= times.running) cut_at_ = GST_CLOCK_TIME_NONE;
  open_ = segment;
  complete_at_ = trailing_ ? trailing_end() : times.running + nominal_duration_;
  if (live_) clock_changed();  // the output looks after a source that stops
  try {
    start_client(segment->settings);
    make_encoder(*segment);
  } catch (const Failure& failure) {
    open_ = nullptr;
    end_trailing();
    *flow = fail_now(failure.error());
    return false;
  }
  return true;
}

void BinStream::make_encoder(Segment& segment) {
  {
    // Live, the one before may still be at work: then this segment has no reference.
    const std::lock_guard lock(lock_);
    if (live_ && !is_encoder_free()) return;
  }
  const BinSettings& settings = segment.settings;
  SegmentLimits limits;
  limits.max_bytes = reference_limit(settings);
  if (limits.max_bytes == 0) limits.max_bytes = kUsualLimit;
  if (settings.max_reference_bytes)
    limits.max_bytes = std::min<std::uint64_t>(limits.max_bytes, settings.max_reference_bytes);
  limits.longest = planner_->padded(planner_->cut() - segment.stream_time + overlap_);
  limits.sound_rate = settings.reference_audio ? kSoundRate : 0;
  const ModelFacts& facts = model_of(settings);
  limits.max_side = facts.max_side;
  limits.max_short_side = settings.dialect().lines_of(settings.resolution, facts);
  const EncodePlan plan = plan_segment(segment.caps.get(), limits, settings.encoder);
  auto encoder =
      std::make_shared<SegmentEncoder>(segment.caps.get(), plan, live_ ? kAheadLive : kAhead);
  const std::lock_guard lock(lock_);
  segment.encoder = encoder;
  encoding_ = std::move(encoder);
}

/// Ends the open segment; the next one begins at `next_running`, if that is known. One that
/// overlaps goes on with the next one's frames.
void BinStream::cut(GstClockTime next_running, bool overlaps) {
  if (!GST_CLOCK_TIME_IS_VALID(next_running) && join_trailing()) return end_trailing();
  end_trailing();
  const std::shared_ptr<Segment> ended = close_open(next_running);
  if (!ended) return;
  // Where frames are rare, the last one may be shown up to there, or for longer.
  overlaps = overlaps && overlap_ > 0 && ended->length < ended->planned_end;
  if (overlaps) ended->reference_length = ended->length;
  {
    const std::lock_guard lock(lock_);
    // When nothing goes out any more, nothing more is bought.
    if (flow_ != GST_FLOW_OK || flushing_) return;
    queue_.push_back({ended, nullptr, nullptr});
    ++open_segments_;
    if (overlaps) trailing_ = ended;
    changed_.notify_all();
  }
  if (!overlaps) send(ended);
}

/// The open segment, as long as it has become; there is none any more.
std::shared_ptr<Segment> BinStream::close_open(GstClockTime next_running) {
  if (!open_) return nullptr;
  const std::shared_ptr<Segment> segment = std::move(open_);
  complete_at_ = GST_CLOCK_TIME_NONE;
  GstClockTime end = next_running_;
  if (GST_CLOCK_TIME_IS_VALID(next_running) && next_running > last_running_)
    end = std::min(end, next_running);
  segment->length = std::max<GstClockTime>(end - segment->running_time, 1);
  // A picture that is shown for minutes is no reason to send minutes.
  const GstClockTime last = last_running_ - segment->running_time;
  segment->planned_end = planner_->cut() - segment->stream_time + overlap_;
  segment->reference_length =
      std::min(segment->length, std::max(segment->planned_end, last + kDefaultFrameDuration));
  const std::lock_guard lock(lock_);
  encoding_ = nullptr;
  return segment;
}

/// All that its reference needs is there.
void BinStream::send(const std::shared_ptr<Segment>& segment) {
  segment->reference_length = planner_->padded(segment->reference_length + segment->overlap_tail);
  segment->cut_at = g_get_monotonic_time();
  segment->pending->report.duration = segment->length;
  const std::lock_guard lock(lock_);
  if (flow_ != GST_FLOW_OK || flushing_) return;
  to_submit_.push_back(segment);
  changed_.notify_all();
}

/// In running time: where the reference of the segment that trails ends.
GstClockTime BinStream::trailing_end() const {
  return trailing_->running_time + trailing_->planned_end;
}

void BinStream::end_trailing() {
  if (!trailing_) return;
  const GstClockTime cut = trailing_->running_time + trailing_->length;
  const GstClockTime end = std::min(next_running_, trailing_end());
  trailing_->overlap_tail = end > cut ? end - cut : 0;
  complete_at_ = open_ ? open_->running_time + nominal_duration_ : GST_CLOCK_TIME_NONE;
  std::shared_ptr<Segment> complete;
  {
    const std::lock_guard lock(lock_);
    complete.swap(trailing_);
  }
  if (live_) clock_changed();  // a source that stops is looked after from here on
  send(complete);
}

/// What ends within the overlap is in the reference of the segment before: it becomes part of that,
/// and is not paid for twice. False when there is nothing to join.
bool BinStream::join_trailing() {
  if (!trailing_ || !open_) return false;
  const GstClockTime offset = open_->running_time - trailing_->running_time;
  const std::shared_ptr<Segment> rest = close_open(GST_CLOCK_TIME_NONE);
  const std::lock_guard lock(lock_);
  const auto waits = [&](const Item& item) { return item.segment == trailing_; };
  if (std::none_of(queue_.begin(), queue_.end(), waits)) {
    open_ = rest;  // live, and it is going out already
    return false;
  }
  for (SourceItem& moment : rest->items) {
    moment.time += offset;
    trailing_->items.push_back(std::move(moment));
  }
  trailing_->length = offset + rest->length;
  const GstClockTime last = last_running_ - trailing_->running_time;
  trailing_->reference_length =
      std::min(trailing_->length, std::max(trailing_->planned_end, last + kDefaultFrameDuration));
  --next_number_;
  return true;
}

/// Blocks while too many segments are on their way, or two encoders are at work; false when
/// flushing, or when the output ended.
bool BinStream::wait_for_window() {
  std::unique_lock lock(lock_);
  changed_.wait(lock, [&] {
    if (flushing_ || flow_ != GST_FLOW_OK) return true;
    return open_segments_ < window_ && is_encoder_free();
  });
  return !flushing_ && flow_ == GST_FLOW_OK;
}

/// Under lock_: the segments that wait for nothing of upstream's.
unsigned BinStream::on_their_way() const {
  return open_segments_ - (trailing_ && open_segments_ > 0 ? 1 : 0);
}

/// Under lock_: are no more older segments still being encoded than may be? Live, time does not
/// wait for them, and a few are better than a segment without a reference.
bool BinStream::is_encoder_free() const {
  unsigned busy = submitting_ && submitting_->encoder ? 1 : 0;
  busy += trailing_ && trailing_->encoder ? 1 : 0;
  for (const auto& segment : to_submit_) busy += segment->encoder ? 1 : 0;
  return busy <= (live_ ? 3u : 1u);
}

}  // namespace omni
