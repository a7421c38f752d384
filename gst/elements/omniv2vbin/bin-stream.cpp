// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/bin-stream.h"

#include "elements/common/debug.h"
#include "elements/common/plan.h"
#include "elements/omniv2vbin/audio/result-audio.h"
#include "elements/omniv2vbin/sticky-events.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

namespace omni {

namespace {

/// Time until a reference is complete, also before there are caps.
GstClockTime planned_length(const BinSettings& settings) {
  try {
    const SegmentPlanner planner(model_of(settings).lengths, settings.segment_duration, true,
                                 settings.overlap);
    return planner.nominal_duration() + settings.overlap;
  } catch (const Failure&) {
    return settings.segment_duration;  // errors are reported at the first caps
  }
}

}  // namespace

BinStream::BinStream(BinHost host)
    : host_(std::move(host)),
      queue_(host_.src, [this] { playout_.turn(); }),
      jobs_(host_.element, host_.spend, host_.log),
      progress_(host_, queue_, deadlines_),
      submitter_(host_, queue_, deadlines_, jobs_, progress_),
      cutter_(host_, queue_, deadlines_, jobs_, submitter_, progress_),
      input_(host_, queue_, deadlines_, cutter_),
      playout_(host_, queue_, deadlines_, jobs_, submitter_, cutter_, input_, progress_) {
}

// Pads

gboolean BinStream::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      return flush_start(std::move(event));
    case GST_EVENT_FLUSH_STOP:
      return flush_stop(std::move(event));
    case GST_EVENT_STREAM_START:
      input_.begin_stream();
      begin_again(std::move(event));
      return TRUE;
    default:
      return input_.event(std::move(event));
  }
}

gboolean BinStream::activate_src(bool active) {
  GST_DEBUG_OBJECT(host_.element, "src pad is %s", active ? "activated" : "deactivated");
  if (active) {
    playout_.begin([weak = weak_from_this()] {
      if (const auto stream = weak.lock()) stream->queue_.changed();
    });
    return queue_.activate();
  }
  stop();
  const gboolean stopped = queue_.deactivate();
  playout_.end();
  return stopped;
}

gboolean BinStream::src_event(EventPtr event) {
  // A decoder must not skip frames because they are late here: they would be missing from what is
  // paid for.
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_QOS) return TRUE;
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK) {
    gdouble rate = 1.0;
    gst_event_parse_seek(event.get(), &rate, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    if (rate != 1.0) {
      host_.log(LogLevel::info, "a seek with a rate other than 1 was refused");
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

/// Upstream is segments ahead, so the output position counts.
bool BinStream::answer_position(GstQuery* query) const {
  GstFormat format = GST_FORMAT_UNDEFINED;
  gst_query_parse_position(query, &format, nullptr);
  const GstClockTime position = playout_.position();
  if (format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID(position)) return false;
  gst_query_set_position(query, format, static_cast<gint64>(position));
  return true;
}

void BinStream::prompt_at(GstClockTime running_time, std::string prompt) {
  cutter_.prompt_at(running_time, std::move(prompt));
}

// Time

gboolean BinStream::answer_latency(GstQuery* query) {
  if (!gst_pad_peer_query(host_.sink, query)) return FALSE;
  gboolean live = FALSE;
  GstClockTime least = 0;
  gst_query_parse_latency(query, &live, &least, nullptr);
  if (!live) return TRUE;
  deadlines_.set_upstream_latency(least);
  const BinSettings settings = host_.settings();
  deadlines_.set_latency(settings.latency);
  const GstClockTime own = planned_length(settings) + settings.latency;
  GST_DEBUG_OBJECT(host_.element,
                   "latency: %" GST_TIME_FORMAT " upstream, %" GST_TIME_FORMAT " own",
                   GST_TIME_ARGS(least), GST_TIME_ARGS(own));
  // Any amount can be queued in here.
  gst_query_set_latency(query, TRUE, least + own, GST_CLOCK_TIME_NONE);
  return TRUE;
}

GstClockTime BinStream::audio_capacity(bool live_audio) const {
  const GstClockTime nominal =
      deadlines_.has_begun() ? deadlines_.nominal() : host_.settings().segment_duration;
  const GstClockTime idle = live_audio || deadlines_.is_live() ? 0 : input_.idle_for();
  return deadlines_.audio_capacity(cutter_.window(), nominal, idle);
}

// Flushes, other streams, the end

/// Wakes every waiting thread and cancels running work. A segment moves from the cutter to the
/// submitter to the playout; calling them in this order misses none.
void BinStream::interrupt() {
  queue_.begin_flush();
  cutter_.interrupt();
  submitter_.interrupt();
  playout_.interrupt();
}

gboolean BinStream::flush_start(EventPtr event) {
  GST_DEBUG_OBJECT(host_.element, "flush: jobs are cancelled");
  interrupt();
  if (host_.result_audio) host_.result_audio->event(event.get());
  const gboolean pushed = gst_pad_push_event(host_.src, event.release());
  queue_.pause_task();
  return pushed;
}

gboolean BinStream::flush_stop(EventPtr event) {
  // Takes the stream lock and does not join: the task's own thread may have sent a flushing seek.
  GST_PAD_STREAM_LOCK(host_.src);
  // Again, because something may have started during the flush.
  interrupt();
  queue_.reset(drop_all());
  playout_.drop_deliveries();
  cutter_.flush_prompts();
  queue_.end_flush();
  if (host_.result_audio) host_.result_audio->event(event.get());
  const gboolean pushed = gst_pad_push_event(host_.src, event.release());
  queue_.start_task();
  GST_PAD_STREAM_UNLOCK(host_.src);
  GST_DEBUG_OBJECT(host_.element, "flush: done");
  return pushed;
}

/// Discards everything on its way; returns the sticky events that were not output. Under the src
/// pad's stream lock.
std::vector<EventPtr> BinStream::drop_all() {
  std::vector<EventPtr> kept = playout_.unsent_events();
  for (const BinQueue::Item& item : queue_.take_all()) {
    keep_sticky(item.event, kept);
    if (item.work) keep_sticky(item.work->items, 0, kept);
  }
  if (const auto* items = cutter_.open_items()) keep_sticky(*items, 0, kept);
  host_.spend.take_planned();
  input_.reset();
  cutter_.drop();
  submitter_.drop();
  playout_.drop();
  progress_.cancel();
  return kept;
}

/// Another stream follows without a flush. If the output is at EOS, it is restarted, and leftovers
/// that downstream did not want are dropped.
void BinStream::begin_again(EventPtr stream_start) {
  {
    const QueueLock lock = queue_.lock();
    if (queue_.flow(lock) != GST_FLOW_EOS || queue_.is_flushing(lock))
      return queue_.push(lock, {nullptr, std::move(stream_start), nullptr});
  }
  GST_DEBUG_OBJECT(host_.element, "a new stream follows EOS");
  GST_PAD_STREAM_LOCK(host_.src);
  std::vector<EventPtr> kept = drop_all();
  std::erase_if(kept, [](const EventPtr& event) {
    return GST_EVENT_TYPE(event.get()) == GST_EVENT_STREAM_START;
  });
  kept.insert(kept.begin(), std::move(stream_start));
  queue_.reset(kept);
  // The run may have been stopped meanwhile: the pad would keep the task of a run that is gone.
  queue_.start_task();
  GST_PAD_STREAM_UNLOCK(host_.src);
}

void BinStream::stop() {
  GST_DEBUG_OBJECT(host_.element, "stops");
  queue_.stop();
  interrupt();
  progress_.cancel();
}

}  // namespace omni
