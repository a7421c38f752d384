// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin and time: how late the stream is by design, and what happens to a segment that is not
// there when its time has come.
#include "elements/common/connection.h"
#include "elements/common/messages.h"
#include "elements/common/plan.h"
#include "elements/omniv2vbin/bin-stream.h"

namespace omni {

namespace {

// Before its deadline a stand-in is made ready: decoders take a moment to start.
constexpr GstClockTime kMakeReady = 250 * GST_MSECOND;

// A live source may be late by a little without having stopped.
constexpr GstClockTime kStalled = GST_SECOND;

// A file's picture that has not come for so long stands behind its sound. Then this many seconds of
// sound are taken in a second: a file is read on soon, and another one's sound does not fill
// memory.
constexpr GstClockTime kVideoIdle = GST_SECOND;
constexpr unsigned kVideoIdlePace = 40;

std::string seconds(GstClockTime time) {
  char text[32];
  g_snprintf(text, sizeof text, "%.1f s", static_cast<double>(time) / GST_SECOND);
  return text;
}

/// How long it takes until a reference is complete, also before there are caps.
GstClockTime planned_length(const BinSettings& settings) {
  try {
    const SegmentPlanner planner(model_of(settings).lengths, settings.segment_duration, true,
                                 settings.overlap);
    return planner.nominal_duration() + settings.overlap;
  } catch (const Failure&) {
    return settings.segment_duration;  // what is wrong is told at the first caps
  }
}

}  // namespace

/// What upstream says of itself, at the first caps: later it may change by a little.
void BinStream::learn_latency() {
  GstQuery* query = gst_query_new_latency();
  if (gst_pad_peer_query(host_.sink, query)) {
    gboolean live = FALSE;
    GstClockTime least = 0;
    gst_query_parse_latency(query, &live, &least, nullptr);
    live_ = live;
    upstream_latency_ = least;
  }
  gst_query_unref(query);
}

gboolean BinStream::answer_latency(GstQuery* query) {
  if (!gst_pad_peer_query(host_.sink, query)) return FALSE;
  gboolean live = FALSE;
  GstClockTime least = 0;
  gst_query_parse_latency(query, &live, &least, nullptr);
  if (!live) return TRUE;
  upstream_latency_ = least;
  const BinSettings settings = host_.settings();
  latency_ = settings.latency;
  const GstClockTime usual = planned_length(settings);
  // Any amount can wait in here.
  gst_query_set_latency(query, TRUE, least + usual + settings.latency, GST_CLOCK_TIME_NONE);
  return TRUE;
}

/// How long the picture has had nothing to do but to wait for upstream, beyond what is usual.
GstClockTime BinStream::video_idle_for() const {
  const gint64 since = waits_since_;
  if (since == kNotWaiting) return 0;
  const GstClockTime idle = static_cast<GstClockTime>(g_get_monotonic_time() - since) * GST_USECOND;
  const std::lock_guard lock(lock_);
  return on_their_way() == 0 && idle > kVideoIdle ? idle - kVideoIdle : 0;
}

GstClockTime BinStream::sound_capacity(bool live_sound) {
  const GstClockTime usual =
      nominal_duration_ ? nominal_duration_.load() : host_.settings().segment_duration;
  if (live_) return latency_ + upstream_latency_ + overlap_ + 3 * usual;
  const GstClockTime more = live_sound ? 0 : video_idle_for() * kVideoIdlePace;
  const std::lock_guard lock(lock_);
  return window_ * max_duration_ + 2 * usual + overlap_ + more;
}

/// In running time: when the segment's first frame has to leave.
GstClockTime BinStream::deadline(const Segment& segment) const {
  const GstClockTime make_ready = std::min<GstClockTime>(kMakeReady, latency_ / 4);
  return segment.running_time + upstream_latency_ + nominal_duration_ + overlap_ + latency_ -
         make_ready;
}

bool BinStream::is_past_deadline(const Segment& segment) const {
  const GstClockTime now = running_time_now(host_.element);
  return GST_CLOCK_TIME_IS_VALID(now) && now >= deadline(segment);
}

/// Live: is even the end of it so late that nobody can show it? Then it is left out, or what is
/// behind the element would fall back further and further, and all would pile up in here.
bool BinStream::is_expired(const Segment& segment) const {
  const GstClockTime now = running_time_now(host_.element);
  return live_ && GST_CLOCK_TIME_IS_VALID(now) &&
         now > deadline(segment) + segment.length + nominal_duration_;
}

/// When the frame that should complete a segment is so late that it will not come.
GstClockTime BinStream::stall_deadline() const {
  const GstClockTime complete = complete_at_;
  if (!live_ || !GST_CLOCK_TIME_IS_VALID(complete)) return GST_CLOCK_TIME_NONE;
  return complete + upstream_latency_ + kStalled;
}

bool BinStream::is_stalled() const {
  const GstClockTime now = running_time_now(host_.element);
  return GST_CLOCK_TIME_IS_VALID(now) && now >= stall_deadline();
}

/// A live source has stopped in the midst of a segment: what is there goes on its way. From the src
/// pad's task. A source that is at work has its lock, and has not stopped.
void BinStream::cut_stalled() {
  if (!is_stalled()) return;
  GRecMutex* source_lock = GST_PAD_GET_STREAM_LOCK(host_.sink);
  if (!g_rec_mutex_trylock(source_lock)) return;
  if (is_stalled()) cut();
  g_rec_mutex_unlock(source_lock);
}

/// False when it has finished in this very moment.
bool BinStream::declare_late(Segment& segment) {
  if (!segment.pending->declare_late()) return false;
  const std::lock_guard lock(lock_);
  segment.late = true;
  return true;
}

/// The late result has come after all: now it is known what would have been enough.
void BinStream::tell_late_delay(const Segment& segment, GstClockTime delay) {
  const Error error{Reason::timed_out,
                    "The result of segment " + std::to_string(segment.number) + " took " +
                        seconds(delay) + " and came too late. A `latency` of " +
                        seconds(delay + kMakeReady) + " would have been enough.",
                    0,
                    segment.pending->task_id(),
                    {}};
  post_warning(host_.element, error, "it is not shown; `omni-ledger list --open` has it");
}

void BinStream::clock_changed() {
  const std::lock_guard lock(lock_);
  ++changes_;
  changed_.notify_all();
}

}  // namespace omni
