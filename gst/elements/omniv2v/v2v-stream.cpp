// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2v/v2v-stream.h"

#include "elements/common/debug.h"

#define GST_CAT_DEFAULT omni::v2v_category()

namespace omni {

V2vStream::V2vStream(V2vHost host)
    : host_(std::move(host)),
      queue_(host_.src, [this] { output_.turn(); }),
      jobs_(host_.element, host_.spend, host_.log),
      input_(host_, queue_, jobs_),
      output_(host_, queue_) {
}

gboolean V2vStream::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      return flush_start(std::move(event));
    case GST_EVENT_FLUSH_STOP:
      return flush_stop(std::move(event));
    default:
      return input_.event(std::move(event));
  }
}

gboolean V2vStream::activate_src(bool active) {
  GST_DEBUG_OBJECT(host_.element, "src pad is %s", active ? "activated" : "deactivated");
  if (active) {
    output_.begin();
    return queue_.activate();
  }
  stop();
  const gboolean stopped = queue_.deactivate();
  GST_PAD_STREAM_LOCK(host_.src);
  output_.end();
  GST_PAD_STREAM_UNLOCK(host_.src);
  return stopped;
}

gboolean V2vStream::flush_start(EventPtr event) {
  GST_DEBUG_OBJECT(host_.element, "flush: jobs are cancelled");
  queue_.begin_flush();
  jobs_.cancel_all();
  const gboolean pushed = gst_pad_push_event(host_.src, event.release());
  queue_.pause_task();
  return pushed;
}

gboolean V2vStream::flush_stop(EventPtr event) {
  // Takes the stream lock and does not join: the task's own thread may have sent a flushing seek.
  GST_PAD_STREAM_LOCK(host_.src);
  const auto dropped = queue_.take_all();
  // Again, because a job may have been submitted during the flush.
  jobs_.cancel_all();
  if (!queue_.is_stopped()) jobs_.renew();
  input_.reset();
  output_.reset();
  host_.spend.take_planned();
  queue_.reset({});
  queue_.end_flush();
  const gboolean pushed = gst_pad_push_event(host_.src, event.release());
  queue_.start_task();
  GST_PAD_STREAM_UNLOCK(host_.src);
  GST_DEBUG_OBJECT(host_.element, "flush: done, %zu items were dropped", dropped.size());
  return pushed;
}

void V2vStream::stop() {
  queue_.stop();
  jobs_.cancel_all();
}

}  // namespace omni
