// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, the sink pad's side: frames go into the encoder of the open segment, what else they
// were is written down; at the right moment the segment is cut.
#include <gst/video/video.h>

#include "elements/common/buffers.h"
#include "elements/common/connection.h"
#include "elements/common/messages.h"
#include "elements/common/plan.h"
#include "elements/omniv2vbin/bin-stream.h"
#include "media/frame-record.h"
#include "media/still.h"

namespace omni {

namespace {

// Finished segments wait for older ones; with a window of just the jobs that run, they would keep
// others from starting.
constexpr unsigned kWindowPerJob = 3;

// Time that goes back by more than this is a new beginning; less is jitter.
constexpr GstClockTime kJitter = 500 * GST_MSECOND;

// After an error was told. GST_FLOW_ERROR would make a source add its own "Internal data stream
// error", and the user should read one error, the one that says why.
constexpr GstFlowReturn kFlowAfterError = GST_FLOW_EOS;

Error refusal(Reason reason, std::string text) {
  return {reason, std::move(text), 0, {}, {}};
}

/// What would be lost on the way to the service and back.
std::string losses(const GstVideoInfo& info) {
  std::string text;
  const auto add = [&](const char* what) {
    text += (text.empty() ? "" : ", ") + std::string(what);
  };
  if (GST_VIDEO_FORMAT_INFO_HAS_ALPHA(info.finfo)) add("alpha (dropped)");
  if (GST_VIDEO_FORMAT_INFO_DEPTH(info.finfo, 0) > 8) add("more than 8 bits (rounded to 8)");
  const auto transfer = info.colorimetry.transfer;
  if (transfer == GST_VIDEO_TRANSFER_SMPTE2084 || transfer == GST_VIDEO_TRANSFER_ARIB_STD_B67)
    add("HDR (not tone-mapped)");
  return text;
}

}  // namespace

BinStream::BinStream(Host host) : host_(std::move(host)) {
  host_.spend.take_planned();  // a run before this one may have been stopped in its midst
  gst_segment_init(&input_segment_, GST_FORMAT_UNDEFINED);
}

BinStream::~BinStream() {
  close();
}

/// False with the flow to answer when nothing more is taken.
bool BinStream::input_open(GstFlowReturn* flow) {
  const std::lock_guard lock(lock_);
  *flow = GST_FLOW_OK;
  if (flushing_)
    *flow = GST_FLOW_FLUSHING;
  else if (flow_ != GST_FLOW_OK)
    *flow = flow_ == GST_FLOW_ERROR ? kFlowAfterError : flow_;
  else if (input_refused_)
    *flow = kFlowAfterError;
  return *flow == GST_FLOW_OK;
}

/// At the first caps, so that going to PAUSED needs neither a key nor a network.
bool BinStream::start() {
  const BinSettings settings = host_.settings();
  learn_latency();
  try {
    const SegmentPlanner planner(model_of(settings).lengths, settings.segment_duration, live_,
                                 settings.overlap);
    if (settings.anchor == AnchorMode::first) {
      check_room_for_image(settings, planner.nominal_duration() + settings.overlap);
      require_still_encoder();
    }
    start_client(settings);
    nominal_duration_ = planner.nominal_duration();
    max_duration_ = planner.max_duration();
    overlap_ = settings.overlap;
    latency_ = settings.latency;
    {
      const std::lock_guard lock(lock_);
      window_ = kWindowPerJob * jobs_at_once(settings);
      if (!submitter_.joinable()) submitter_ = std::thread([this] { submit_all(); });
    }
    planner_ = planner;  // nothing is left behind when something above fails
    return true;
  } catch (const Failure& failure) {
    fail_now(failure.error());
    return false;
  }
}

/// Throws Failure. Not for a dry run, which may end while playing.
void BinStream::start_client(const BinSettings& settings) {
  if (settings.dry_run || client()) return;
  // Live, segments that find no place are not submitted at all, and late ones do not count.
  auto started = new_client(host_.element, settings, host_.log, live_ ? G_MAXUINT : 0);
  const std::lock_guard lock(lock_);
  client_ = std::move(started);
}

/// An error that has nothing to do with one segment. The output side tells it, after what came
/// before.
GstFlowReturn BinStream::fail_now(const Error& error) {
  input_refused_ = true;
  enqueue({nullptr, nullptr, std::make_shared<const Error>(error)});
  return kFlowAfterError;
}

GstClockTime BinStream::frame_duration(GstBuffer* buffer) const {
  if (GST_BUFFER_DURATION_IS_VALID(buffer)) return GST_BUFFER_DURATION(buffer);
  GstVideoInfo info;
  if (input_caps_ && gst_video_info_from_caps(&info, input_caps_.get()) && info.fps_n > 0)
    return gst_util_uint64_scale_int(GST_SECOND, info.fps_d, info.fps_n);
  return kDefaultFrameDuration;
}

/// False for a frame that is outside of what is to be shown.
bool BinStream::time_frame(GstBuffer* buffer, FrameTimes* times) {
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) {
    times->running = next_running_;
    times->stream = open_ ? open_->stream_time + (next_running_ - open_->running_time) : 0;
    return true;
  }
  // A frame that begins before the segment and is still shown in it counts from the beginning.
  guint64 from = GST_BUFFER_PTS(buffer), until = from + frame_duration(buffer);
  if (!gst_segment_clip(&input_segment_, GST_FORMAT_TIME, from, until, &from, &until)) return false;
  times->running = gst_segment_to_running_time(&input_segment_, GST_FORMAT_TIME, from);
  times->stream = gst_segment_to_stream_time(&input_segment_, GST_FORMAT_TIME, from);
  return GST_CLOCK_TIME_IS_VALID(times->running) && GST_CLOCK_TIME_IS_VALID(times->stream);
}

GstFlowReturn BinStream::chain(BufferPtr buffer) {
  waits_since_ = kNotWaiting;
  const GstFlowReturn flow = take_buffer(std::move(buffer));
  if (flow == GST_FLOW_OK) waits_since_ = g_get_monotonic_time();
  return flow;
}

GstFlowReturn BinStream::take_buffer(BufferPtr buffer) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (!input_open(&flow)) return flow;
  if (!get_ready()) return kFlowAfterError;
  if (input_segment_.format != GST_FORMAT_TIME)
    return fail_now(refusal(Reason::bad_input, "A frame came before its segment."));
  FrameTimes times;
  if (!time_frame(buffer.get(), &times)) return GST_FLOW_OK;
  if (open_ && times.running + kJitter < last_running_) cut();
  if (open_ && is_cut_wanted(times)) cut(times.running, planner_->is_beyond(times.stream));
  // Also of one that has just begun to trail: what is open then lies within its reference.
  if (trailing_ && times.running >= trailing_end()) end_trailing();
  if (!open_ && !begin_segment(times, &flow)) return flow;
  return take_frame(std::move(buffer), times);
}

GstFlowReturn BinStream::take_frame(BufferPtr buffer, const FrameTimes& times) {
  Segment& segment = *open_;
  GstClockTime time = times.running - segment.running_time;
  // Frames that come at one time, or too late, follow each other closely: none is lost.
  if (!segment.items.empty() && times.running <= last_running_)
    time = last_running_ + 1 - segment.running_time;
  last_running_ = segment.running_time + time;
  next_running_ = last_running_ + frame_duration(buffer.get());
  input_running_ = last_running_;
  segment.items.push_back({time, record_frame(buffer.get()), {}});
  if (trailing_ && last_running_ < trailing_end())
    encode(*trailing_, buffer, last_running_ - trailing_->running_time);
  encode(segment, std::move(buffer), time);
  GstFlowReturn flow = GST_FLOW_OK;
  input_open(&flow);
  return flow;
}

/// What goes wrong is told when the reference is to be complete.
void BinStream::encode(Segment& segment, BufferPtr buffer, GstClockTime time) {
  SegmentEncoder* encoder = segment.encoder.get();  // this thread's until the segment is sent
  if (!encoder) return;
  // A live source is never held up: its picture is kept, if need be, at a lower rate.
  if (live_ && time > 0 && encoder->is_behind()) {
    if (skipped_frames_++ == 0)
      host_.log(LogLevel::warning,
                "the encoder is too slow for this stream: references get fewer frames");
    return;
  }
  encoder->bridge(time, !live_);
  encoder->push(std::move(buffer), time);
}

void BinStream::enqueue(Item item) {
  const std::lock_guard lock(lock_);
  queue_.push_back(std::move(item));
  changed_.notify_all();
}

/// In the midst of a segment an event keeps its place between the frames.
void BinStream::enqueue_event(EventPtr event) {
  if (!open_) return enqueue({nullptr, std::move(event), nullptr});
  const GstClockTime time = next_running_ - open_->running_time;
  open_->items.push_back({time, {}, std::move(event)});
}

gboolean BinStream::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      return flush_start(std::move(event));
    case GST_EVENT_FLUSH_STOP:
      return flush_stop(std::move(event));
    case GST_EVENT_CAPS:
      if (!set_caps(event.get())) return FALSE;
      break;
    case GST_EVENT_SEGMENT:
      if (!set_segment(event.get())) return FALSE;
      break;
    case GST_EVENT_GAP:
      take_gap(std::move(event));
      return TRUE;
    case GST_EVENT_STREAM_START:
      waits_since_ = g_get_monotonic_time();
      cut();
      begin_again(std::move(event));
      return TRUE;
    case GST_EVENT_EOS:
      waits_since_ = kNotWaiting;
      cut();
      break;
    case GST_EVENT_SEGMENT_DONE:
      cut();
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (take_custom(event.get())) return TRUE;
      break;
    default:
      break;
  }
  if (!GST_EVENT_IS_SERIALIZED(event.get())) return gst_pad_push_event(host_.src, event.release());
  enqueue_event(std::move(event));
  return TRUE;
}

bool BinStream::set_caps(GstEvent* event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  GstVideoInfo info;
  if (!gst_video_info_from_caps(&info, caps)) return false;
  // Whatever else caps say is no reason to begin a segment, which costs money.
  const bool same = input_caps_ && same_picture(input_caps_.get(), caps);
  if (!same) cut();
  input_caps_ = CapsPtr::share(caps);
  if (same) return true;
  ready_ = false;
  if (!get_ready()) return true;
  if (host_.result_lane) host_.result_lane->begin();
  const std::string lost = losses(info);
  if (!lost.empty())
    post_warning(host_.element,
                 refusal(Reason::bad_input,
                         "What the service makes is 8-bit standard dynamic "
                         "range without alpha. The input has " +
                             lost + "."),
                 "the picture is converted");
  return true;
}

/// Can frames with these caps be taken? What is wrong is told, and again after a flush: upstream
/// does not send its caps again then.
bool BinStream::get_ready() {
  if (ready_) return true;
  GstVideoInfo info;
  if (!input_caps_ || !gst_video_info_from_caps(&info, input_caps_.get())) {
    fail_now(refusal(Reason::bad_input, "A frame came before its caps."));
    return false;
  }
  if (!planner_ && !start()) return false;
  if (GST_VIDEO_INFO_INTERLACE_MODE(&info) != GST_VIDEO_INTERLACE_MODE_PROGRESSIVE) {
    fail_now(refusal(Reason::bad_input,
                     "The input is interlaced, and services regenerate whole pictures. Put "
                     "`deinterlace` before omniv2vbin."));
    return false;
  }
  ready_ = true;
  return true;
}

bool BinStream::set_segment(GstEvent* event) {
  GstSegment segment;
  gst_event_copy_segment(event, &segment);
  if (segment.format != GST_FORMAT_TIME) {
    fail_now(refusal(Reason::bad_input,
                     "The input is no raw video with times. Put `decodebin ! videoconvert` before "
                     "omniv2vbin, or use omniv2v for an MP4."));
    return true;
  }
  if (segment.rate != 1.0 || segment.applied_rate != 1.0) {
    fail_now(refusal(Reason::bad_input,
                     "The input plays at another rate than 1: only forwards at normal speed can be "
                     "regenerated."));
    return true;
  }
  GstSegment same = segment;
  same.position = input_segment_.position;
  if (!gst_segment_is_equal(&same, &input_segment_)) cut();
  input_segment_ = segment;
  note_time_again();
  return true;
}

/// Another stream may begin anew in running time, without a flush.
void BinStream::note_time_again() {
  const GstClockTime begins =
      gst_segment_to_running_time(&input_segment_, GST_FORMAT_TIME, input_segment_.start);
  const bool again = GST_CLOCK_TIME_IS_VALID(begins) && GST_CLOCK_TIME_IS_VALID(last_running_) &&
                     begins + kJitter < last_running_;
  if (open_ || !again) return;
  {
    const std::lock_guard lock(lock_);
    prompts_.begin_again(last_running_, begins);
  }
  last_running_ = GST_CLOCK_TIME_NONE;
  next_running_ = input_running_ = begins;
  cut_at_ = GST_CLOCK_TIME_NONE;
}

/// Nothing is shown for a while: the segment holds what is there.
void BinStream::take_gap(EventPtr event) {
  GstClockTime from = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(event.get(), &from, &duration);
  const GstClockTime stream = gst_segment_to_stream_time(&input_segment_, GST_FORMAT_TIME, from);
  const GstClockTime running = gst_segment_to_running_time(&input_segment_, GST_FORMAT_TIME, from);
  const bool timed = GST_CLOCK_TIME_IS_VALID(stream) && GST_CLOCK_TIME_IS_VALID(running);
  if (open_ && timed && planner_->is_beyond(stream)) cut(running);
  const bool ends_segment =
      open_ && timed && GST_CLOCK_TIME_IS_VALID(duration) && planner_->is_beyond(stream + duration);
  enqueue_event(std::move(event));
  if (ends_segment) cut();
}

/// From the next frame on, whenever that comes: frames need not say how long they are shown.
GstClockTime BinStream::next_frame_time() const {
  return GST_CLOCK_TIME_IS_VALID(last_running_) ? last_running_ + 1 : 0;
}

/// True for an event that was meant for this element.
bool BinStream::take_custom(GstEvent* event) {
  if (gst_video_event_is_force_key_unit(event)) {
    GstClockTime running = GST_CLOCK_TIME_NONE;
    gst_video_event_parse_downstream_force_key_unit(event, nullptr, nullptr, &running, nullptr,
                                                    nullptr);
    cut_at_ = GST_CLOCK_TIME_IS_VALID(running) ? running : next_frame_time();
    return false;
  }
  if (!gst_event_has_name(event, "omni/prompt")) return false;
  const char* prompt = gst_structure_get_string(gst_event_get_structure(event), "prompt");
  if (prompt) {
    const std::lock_guard lock(lock_);
    prompts_.add(next_frame_time(), prompt, true);
  }
  return true;
}

void BinStream::prompt_at(GstClockTime running_time, std::string prompt) {
  const std::lock_guard lock(lock_);
  prompts_.add(running_time, std::move(prompt), false);
}

void BinStream::prompt_property_set() {
  const std::lock_guard lock(lock_);
  prompts_.property_set(input_running_);
}

bool BinStream::sink_query(GstQuery* query, gboolean* answer) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_ALLOCATION:
      // The encoder's conversion understands any layout; the memory is upstream's own.
      gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
      *answer = TRUE;
      return true;
    case GST_QUERY_CAPS: {
      GstCaps* filter = nullptr;
      gst_query_parse_caps(query, &filter);
      const auto own = CapsPtr::adopt(gst_pad_get_pad_template_caps(host_.sink));
      const bool as_input = host_.settings().output == OutputMode::source;
      auto caps = own;
      if (as_input) caps = CapsPtr::adopt(gst_pad_peer_query_caps(host_.src, own.get()));
      if (filter)
        caps =
            CapsPtr::adopt(gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
      gst_query_set_caps_result(query, caps.get());
      *answer = TRUE;
      return true;
    }
    default:
      return false;
  }
}

}  // namespace omni
