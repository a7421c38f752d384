// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The queue of one audio stream, and the src pad that empties it.
#include "elements/omniv2vbin/audio/audio-passthrough.h"

#include <algorithm>
#include <string>
#include <vector>

#include "elements/common/debug.h"
#include "elements/common/element.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

namespace omni {

namespace {

/// Events that must survive a flush: upstream does not send them again.
bool outlives_flush(const GstEvent* event) {
  return GST_EVENT_IS_STICKY(event) && GST_EVENT_TYPE(event) != GST_EVENT_SEGMENT &&
         GST_EVENT_TYPE(event) != GST_EVENT_EOS;
}

bool begins_anew(const GstEvent* event) {
  return GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT ||
         GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START;
}

}  // namespace

// Under lock_

/// The flow return for a buffer now; OK when it is accepted.
GstFlowReturn AudioPassthrough::Run::refusal() const {
  if (flushing_) return GST_FLOW_FLUSHING;
  if (flow_ != GST_FLOW_OK) return flow_;
  if (refused_) return GST_FLOW_EOS;
  return src_ ? GST_FLOW_OK : GST_FLOW_NOT_NEGOTIATED;
}

/// Time between the oldest and the newest item in the queue.
GstClockTime AudioPassthrough::Run::span() const {
  if (timed_ == 0) return 0;
  const auto timed = [](const Item& item) { return item.takes_time(); };
  const auto oldest = std::find_if(queue_.begin(), queue_.end(), timed);
  const auto newest = std::find_if(queue_.rbegin(), queue_.rend(), timed);
  return newest->at - oldest->at;
}

void AudioPassthrough::Run::append(Item item) {
  if (item.takes_time()) ++timed_;
  queue_.push_back(std::move(item));
  tell();
}

AudioPassthrough::Run::Item AudioPassthrough::Run::take(Queue::iterator at) {
  Item item = std::move(*at);
  queue_.erase(at);
  if (item.takes_time()) --timed_;
  tell();
  return item;
}

/// Removes the items that `goes` selects. The caller must free them without the lock: freeing a
/// buffer may call code that takes the lock.
template <class Goes>
AudioPassthrough::Run::Queue AudioPassthrough::Run::take_out(Goes goes) {
  Queue out, rest;
  for (Item& item : queue_) (goes(item) ? out : rest).push_back(std::move(item));
  queue_.swap(rest);
  timed_ = std::count_if(queue_.begin(), queue_.end(),
                         [](const Item& item) { return item.takes_time(); });
  tell();
  return out;
}

AudioPassthrough::Run::Queue AudioPassthrough::Run::take_flushed() {
  return take_out(
      [](const Item& item) { return !item.event || !outlives_flush(item.event.get()); });
}

/// Downstream returned EOS: drops the audio up to the next segment or stream. The task keeps
/// running, because an EOS event may still follow.
AudioPassthrough::Run::Queue AudioPassthrough::Run::take_refused() {
  refused_ = true;
  return take_out([this](const Item& item) {
    if (item.event && begins_anew(item.event.get())) refused_ = false;
    return refused_ && item.is_audio();
  });
}

void AudioPassthrough::Run::tell() {
  ++changes_;
  changed_.notify_all();
}

// The sink pad's side

/// Position on the queue's clock. Items without a time follow the previous one. So do those that go
/// back in time, since each jump back would otherwise make room without end.
GstClockTime AudioPassthrough::Run::tick(GstClockTime position, GstClockTime duration) {
  guint64 time = last_time_ + last_duration_;
  guint64 distance = 0;
  const gint sign =
      GST_CLOCK_TIME_IS_VALID(position) && segment_.format == GST_FORMAT_TIME
          ? gst_segment_to_running_time_full(&segment_, GST_FORMAT_TIME, position, &distance)
          : 0;
  if (sign != 0) time = sign > 0 ? distance : -distance;
  if (sign == 0 && !GST_CLOCK_TIME_IS_VALID(duration)) return GST_CLOCK_TIME_NONE;
  const guint64 step = time - last_time_;
  clock_ += static_cast<gint64>(step) >= 0 ? step : last_duration_;
  last_time_ = time;
  last_duration_ = GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0;
  return clock_;
}

GstFlowReturn AudioPassthrough::Run::chain(BufferPtr buffer) {
  if (const GstFlowReturn flow = make_room(); flow != GST_FLOW_OK) return flow;
  const GstBuffer* sound = buffer.get();
  const GstClockTime position =
      GST_BUFFER_PTS_IS_VALID(sound) ? GST_BUFFER_PTS(sound) : GST_BUFFER_DTS(sound);
  const GstClockTime at = tick(position, GST_BUFFER_DURATION(sound));
  const std::lock_guard lock(lock_);
  const GstFlowReturn flow = refusal();
  if (flow == GST_FLOW_OK) append({std::move(buffer), nullptr, at});
  return flow;
}

/// Blocks until there is room; if upstream is live, drops the oldest audio instead.
GstFlowReturn AudioPassthrough::Run::make_room() {
  bool said = false;
  for (;;) {
    // Read before capacity(), so that a change right after its answer is not missed.
    const guint seen = changes_;
    const GstClockTime capacity = host_.capacity();
    const bool live = host_.live();
    Item dropped;
    std::unique_lock lock(lock_);
    if (const GstFlowReturn flow = refusal(); flow != GST_FLOW_OK) {
      told_ = true;
      return flow;
    }
    const GstClockTime waiting = span();
    if (waiting <= capacity / 2) dropping_ = false;
    // One buffer always fits, whatever the capacity.
    if (timed_ == 0 || waiting < capacity) return GST_FLOW_OK;
    if (!live) {
      if (said) {
        changed_.wait_for(lock, kAskAgain, [&] { return changes_ != seen; });
        continue;
      }
      said = true;
      lock.unlock();
      GST_DEBUG_OBJECT(sink_.get(),
                       "waiting for room: %" GST_TIME_FORMAT
                       " of audio queued, the maximum is %" GST_TIME_FORMAT
                       "; the video has to advance first",
                       GST_TIME_ARGS(waiting), GST_TIME_ARGS(capacity));
      continue;
    }
    dropped = take(std::find_if(queue_.begin(), queue_.end(),
                                [](const Item& item) { return item.is_audio(); }));
    discont_ = true;
    const bool first = !std::exchange(dropping_, true);
    lock.unlock();
    if (first) warn_of_drop(capacity);
  }
}

void AudioPassthrough::Run::warn_of_drop(GstClockTime capacity) const {
  host_.log(
      LogLevel::warning,
      "Audio is dropped, the oldest first: " + std::to_string(capacity / GST_MSECOND) +
          " ms are queued already, and downstream consumes it more slowly than the live "
          "source delivers it. Raise latency, or let downstream take all audio (sync=false).");
}

gboolean AudioPassthrough::Run::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      return flush_start(std::move(event));
    case GST_EVENT_FLUSH_STOP:
      return flush_stop(std::move(event));
    case GST_EVENT_CAPS:
      return enqueue(std::move(event)) && (src() || make_src());
    case GST_EVENT_EOS:
      // Audio that ends before its caps: nobody should wait for the pad of what never comes.
      return enqueue(std::move(event)) && (src() || make_src());
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event.get(), &segment_);
      return enqueue(std::move(event));
    case GST_EVENT_GAP:
      return gap(std::move(event));
    default:
      if (GST_EVENT_IS_SERIALIZED(event.get())) return enqueue(std::move(event));
      const PadPtr src = this->src();
      return src && gst_pad_push_event(src.get(), event.release());
  }
}

/// A gap takes as much time as audio.
gboolean AudioPassthrough::Run::gap(EventPtr event) {
  // Nothing is output before the src pad exists, so waiting would never end.
  if (src() && make_room() != GST_FLOW_OK) return FALSE;
  GstClockTime position, duration;
  gst_event_parse_gap(event.get(), &position, &duration);
  const GstClockTime at = tick(position, duration);
  const std::lock_guard lock(lock_);
  if (flushing_) return FALSE;
  append({nullptr, std::move(event), at});
  return TRUE;
}

/// Sticky events are queued whatever downstream returned: its flow may recover.
gboolean AudioPassthrough::Run::enqueue(EventPtr event) {
  GstEvent* taken = event.get();
  GstFlowReturn failed;
  {
    const std::lock_guard lock(lock_);
    if (stopped_ || (flushing_ && !outlives_flush(taken))) return FALSE;
    if (flow_ != GST_FLOW_OK && !GST_EVENT_IS_STICKY(taken)) return FALSE;
    if (begins_anew(taken)) refused_ = ended_ = false;
    ended_ = ended_ || GST_EVENT_TYPE(taken) == GST_EVENT_EOS;
    if (!ended_ || flow_ >= GST_FLOW_EOS) {
      append({nullptr, std::move(event)});
      return TRUE;
    }
    if (std::exchange(told_, true)) return FALSE;
    failed = flow_;
  }
  // No buffer follows that could return the error, so upstream would never see it.
  GST_ELEMENT_FLOW_ERROR(host_.element, failed);
  return FALSE;
}

gboolean AudioPassthrough::Run::flush_start(EventPtr event) {
  PadPtr src;
  Queue dropped;
  {
    const std::lock_guard lock(lock_);
    flushing_ = true;
    flush_passed_ = bool(src_);
    src = src_;
    dropped = take_flushed();
  }
  if (src) gst_pad_push_event(src.get(), event.release());
  return TRUE;
}

gboolean AudioPassthrough::Run::flush_stop(EventPtr event) {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  const PadPtr src = this->src();
  // Takes the stream lock and does not join: the task's own thread may have sent a flushing seek.
  if (src) GST_PAD_STREAM_LOCK(src.get());
  bool pass, go_on;
  {
    const std::lock_guard lock(lock_);
    flow_ = GST_FLOW_OK;
    refused_ = ended_ = told_ = discont_ = dropping_ = false;
    flushing_ = stopped_;
    ++turn_;
    pass = std::exchange(flush_passed_, false);
    go_on = !flushing_;
    tell();
  }
  if (!src) return TRUE;
  if (pass) gst_pad_push_event(src.get(), event.release());
  if (go_on) gst_pad_start_task(src.get(), task, src.get(), nullptr);
  GST_PAD_STREAM_UNLOCK(src.get());
  return TRUE;
}

/// Not before the first CAPS, or EOS: gst-launch links what it can as soon as a pad is there, and a
/// sink behind a pad that has nothing to say yet would keep the pipeline from starting.
bool AudioPassthrough::Run::make_src() {
  auto src = PadPtr::adopt(GST_PAD(gst_object_ref_sink(host_.new_src())));
  own(src, shared_from_this());
  gst_pad_use_fixed_caps(src.get());
  gst_pad_set_active(src.get(), TRUE);
  if (show_src(src)) return true;
  gst_pad_set_active(src.get(), FALSE);
  return false;
}

bool AudioPassthrough::Run::show_src(const PadPtr& src) {
  std::vector<EventPtr> known;
  {
    const std::lock_guard lock(lock_);
    if (stopped_) return false;
    src_ = src;
    for (const Item& item : queue_)
      if (item.event && outlives_flush(item.event.get())) known.push_back(item.event);
  }
  // A pad-added handler may query the caps. The events are still pushed from the queue; the pad
  // recognizes them and does not send them twice.
  for (const EventPtr& event : known) gst_pad_store_sticky_event(src.get(), event.get());
  if (!gst_element_add_pad(host_.element, src.get())) {
    const std::lock_guard lock(lock_);
    src_ = nullptr;
    return false;
  }
  const std::lock_guard lock(lock_);
  open_ = true;
  tell();
  return true;
}

bool AudioPassthrough::Run::sink_query(GstQuery* query, gboolean* answer) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_ACCEPT_CAPS) return false;  // sends a CAPS query itself
  const PadPtr src = this->src();
  if (GST_QUERY_TYPE(query) == GST_QUERY_CAPS)
    *answer = answer_caps(query);
  else if (GST_QUERY_IS_SERIALIZED(query))
    // ALLOCATION: downstream need not make a pool for audio that waits for minutes. DRAIN: buffers
    // are not released earlier.
    *answer = FALSE;
  else
    *answer = src && gst_pad_peer_query(src.get(), query);
  return true;
}

gboolean AudioPassthrough::Run::answer_caps(GstQuery* query) {
  GstCaps* filter = nullptr;
  gst_query_parse_caps(query, &filter);
  auto caps = CapsPtr::adopt(gst_pad_get_pad_template_caps(sink_.get()));
  if (const PadPtr src = this->src()) {
    const auto wanted = CapsPtr::adopt(gst_pad_peer_query_caps(src.get(), caps.get()));
    caps =
        CapsPtr::adopt(gst_caps_intersect_full(wanted.get(), caps.get(), GST_CAPS_INTERSECT_FIRST));
  }
  if (filter)
    caps = CapsPtr::adopt(gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
  gst_query_set_caps_result(query, caps.get());
  return TRUE;
}

// The src pad's side

/// The run lives as long as the pad. finish() releases the pad, or they would keep each other
/// alive.
void AudioPassthrough::Run::own(const PadPtr& src, std::shared_ptr<Run> run) {
  gst_pad_set_element_private(src.get(), run.get());
  gst_pad_set_activatemode_function(
      src.get(), [](GstPad* pad, GstObject*, GstPadMode mode, gboolean active) -> gboolean {
        return mode == GST_PAD_MODE_PUSH && of(pad).activate(pad, active);
      });
  gst_pad_set_query_function(
      src.get(), [](GstPad* pad, GstObject* parent, GstQuery* query) -> gboolean {
        return guarded(parent, gboolean{FALSE},
                       [&] { return of(pad).src_query(pad, parent, query); });
      });
  gst_pad_set_event_function_full(
      src.get(),
      [](GstPad* pad, GstObject* parent, GstEvent* event) -> gboolean {
        auto owned = EventPtr::adopt(event);
        return guarded(parent, gboolean{FALSE},
                       [&] { return of(pad).src_event(std::move(owned)); });
      },
      new std::shared_ptr<Run>(std::move(run)),
      [](gpointer held) { delete static_cast<std::shared_ptr<Run>*>(held); });
}

AudioPassthrough::Run& AudioPassthrough::Run::of(gpointer src) {
  return *static_cast<Run*>(gst_pad_get_element_private(static_cast<GstPad*>(src)));
}

void AudioPassthrough::Run::task(gpointer src) {
  of(src).output_once(static_cast<GstPad*>(src));
}

gboolean AudioPassthrough::Run::activate(GstPad* src, bool active) {
  if (active) return gst_pad_start_task(src, task, src, nullptr);
  stop();
  gst_pad_stop_task(src);
  // A flush that was under way may have restarted the task; it cannot any more, now that the flag
  // is set.
  return gst_pad_stop_task(src);
}

/// One turn of the task: pushes the next item.
void AudioPassthrough::Run::output_once(GstPad* src) {
  Item item = wait_for_front();
  if (item.event) {
    gst_pad_push_event(src, item.event.release());
  } else if (item.buffer) {
    GstBuffer* buffer = item.buffer.release();
    if (item.discont) {
      buffer = gst_buffer_make_writable(buffer);
      GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    }
    handle_flow(src, gst_pad_push(src, buffer));
  } else {
    gst_pad_pause_task(src);
  }
}

/// The front of the queue; nothing when flushing. After an error nothing is output until a flush,
/// or until the pad is linked if it was not.
AudioPassthrough::Run::Item AudioPassthrough::Run::wait_for_front() {
  std::unique_lock lock(lock_);
  changed_.wait(lock,
                [this] { return flushing_ || (open_ && flow_ == GST_FLOW_OK && !queue_.empty()); });
  if (flushing_) return {};
  turn_of_push_ = turn_;
  Item item = take(queue_.begin());
  if (item.buffer) item.discont = std::exchange(discont_, false);
  return item;
}

void AudioPassthrough::Run::handle_flow(GstPad* src, GstFlowReturn flow) {
  if (flow == GST_FLOW_OK) return;
  Queue dropped;
  {
    const std::lock_guard lock(lock_);
    if (turn_of_push_ != turn_) return;
    if (flow == GST_FLOW_EOS) {
      dropped = take_refused();
      return;
    }
    flow_ = flow;
    // An unlinked pad may be linked later.
    if (flow == GST_FLOW_NOT_LINKED)
      tell();
    else
      dropped = take_flushed();
    // Upstream will not see the error: it has sent EOS, or it is a decoder's queue that already has
    // all of a short file and does not report it.
    const bool tell_here = ended_ || flow == GST_FLOW_NOT_NEGOTIATED;
    if (!tell_here || flow >= GST_FLOW_EOS) return;
    told_ = true;
  }
  GST_ELEMENT_FLOW_ERROR(host_.element, flow);
  gst_pad_push_event(src, gst_event_new_eos());
}

gboolean AudioPassthrough::Run::src_event(EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_RECONFIGURE) {
    const std::lock_guard lock(lock_);
    ++turn_;
    if (flow_ == GST_FLOW_NOT_LINKED) {
      flow_ = GST_FLOW_OK;
      discont_ = true;
      tell();
    }
  }
  return gst_pad_push_event(sink_.get(), event.release());
}

/// The default handler must not answer these: it would ask every sink pad of the element.
gboolean AudioPassthrough::Run::src_query(GstPad* src, GstObject* parent, GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_LATENCY:
      return host_.latency(query);
    case GST_QUERY_CAPS:
    case GST_QUERY_ACCEPT_CAPS:
      return gst_pad_query_default(src, parent, query);
    case GST_QUERY_SCHEDULING:
      gst_query_set_scheduling(query, GST_SCHEDULING_FLAG_SEQUENTIAL, 1, -1, 0);
      gst_query_add_scheduling_mode(query, GST_PAD_MODE_PUSH);
      return TRUE;
    default:
      return gst_pad_peer_query(sink_.get(), query);
  }
}

// The run as a whole

PadPtr AudioPassthrough::Run::src() const {
  const std::lock_guard lock(lock_);
  return src_;
}

void AudioPassthrough::Run::stop() {
  const std::lock_guard lock(lock_);
  stopped_ = true;
  flushing_ = true;
  tell();
}

void AudioPassthrough::Run::finish() {
  stop();
  PadPtr src;
  Queue dropped;
  {
    const std::lock_guard lock(lock_);
    std::swap(src, src_);
    dropped = take_out([](const Item&) { return true; });
  }
  if (!src) return;
  // Already inactive, unless it was added while the element's pads were being deactivated.
  gst_pad_set_active(src.get(), FALSE);
  gst_element_remove_pad(host_.element, src.get());
}

// The passthrough

AudioPassthrough::AudioPassthrough(Host host) : host_(std::move(host)) {
}

AudioPassthrough::~AudioPassthrough() {
  finish();
}

std::shared_ptr<AudioPassthrough::Run> AudioPassthrough::run() const {
  const std::lock_guard lock(lock_);
  return run_;
}

GstFlowReturn AudioPassthrough::chain(BufferPtr buffer) {
  const auto run = this->run();
  return run ? run->chain(std::move(buffer)) : GST_FLOW_FLUSHING;
}

gboolean AudioPassthrough::sink_event(EventPtr event) {
  const auto run = this->run();
  return run && run->sink_event(std::move(event));
}

bool AudioPassthrough::sink_query(GstQuery* query, gboolean* answer) {
  if (const auto run = this->run()) return run->sink_query(query, answer);
  *answer = FALSE;
  // The template is enough for these. The default handler would send anything else to every src pad
  // of the element.
  return GST_QUERY_TYPE(query) != GST_QUERY_CAPS && GST_QUERY_TYPE(query) != GST_QUERY_ACCEPT_CAPS;
}

void AudioPassthrough::start() {
  auto next = std::make_shared<Run>(host_);
  const std::lock_guard lock(lock_);
  if (!run_) run_ = std::move(next);
}

void AudioPassthrough::stop() {
  if (const auto run = this->run()) run->stop();
}

void AudioPassthrough::finish() {
  std::shared_ptr<Run> last;
  {
    const std::lock_guard lock(lock_);
    last.swap(run_);
  }
  if (last) last->finish();
}

PadPtr AudioPassthrough::src() const {
  const auto run = this->run();
  return run ? run->src() : PadPtr();
}

}  // namespace omni
