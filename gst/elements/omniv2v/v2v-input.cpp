// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2v/v2v-input.h"

#include "elements/common/buffers.h"
#include "elements/common/connection.h"
#include "elements/common/debug.h"
#include "elements/common/plan.h"

#define GST_CAT_DEFAULT omni::v2v_category()

namespace omni {

namespace {

// No service has a lower limit.
constexpr gsize kSurelySmall = 4 * 1024 * 1024;

}  // namespace

V2vInput::V2vInput(const V2vHost& host, V2vQueue& queue, JobRunner& jobs)
    : host_(host), queue_(queue), jobs_(jobs) {
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

void V2vInput::reset() {
  collecting_ = std::make_shared<ByteRope>();
  refused_ = false;
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
}

/// Called at the first caps or buffer, so that the change to PAUSED needs neither a key nor a
/// network.
bool V2vInput::start_client(const Settings& settings) {
  try {
    jobs_.start(settings);
    return true;
  } catch (const Failure& failure) {
    fail_now(failure.error());
    return false;
  }
}

/// An error unrelated to one job. The output posts it, after everything queued before.
GstFlowReturn V2vInput::fail_now(const Error& error) {
  GST_DEBUG_OBJECT(host_.element, "input refused: %s", error.message.c_str());
  refused_ = true;
  queue_.push(error);
  return kFlowAfterError;
}

/// The flow return for a buffer now; OK when it is accepted.
GstFlowReturn V2vInput::refusal() const {
  const QueueLock lock = queue_.lock();
  if (queue_.is_flushing(lock)) return GST_FLOW_FLUSHING;
  const GstFlowReturn flow = queue_.flow(lock);
  if (flow == GST_FLOW_OK) return refused_ ? kFlowAfterError : GST_FLOW_OK;
  return flow == GST_FLOW_FLUSHING ? flow : kFlowAfterError;
}

GstFlowReturn V2vInput::chain(BufferPtr buffer) {
  if (const GstFlowReturn flow = refusal(); flow != GST_FLOW_OK) return flow;
  if (host_.mode == InputMode::buffer) return submit_buffer(std::move(buffer));
  if (!ready_ && !start_client(host_.settings())) return kFlowAfterError;
  ready_ = true;
  return collect(std::move(buffer));
}

GstFlowReturn V2vInput::collect(BufferPtr buffer) {
  if (gst_buffer_get_size(buffer.get()) == 0) return GST_FLOW_OK;
  BytesPtr bytes = as_bytes(std::move(buffer));
  if (!bytes) return fail_now({Reason::bad_input, "A buffer could not be read.", 0, {}, {}});
  collecting_->append(std::move(bytes));
  // Settings may contain megabytes of images: do not copy them for every 4 KiB.
  if (collecting_->size() <= kSurelySmall) return GST_FLOW_OK;
  const Settings settings = host_.settings();
  const bool goes_on =
      settings.on_failure == OnFailure::source || settings.on_failure == OnFailure::skip;
  if (goes_on && collecting_->size() <= kMostCollected) return GST_FLOW_OK;
  try {
    // Fails before the other 20 GB are read.
    check_reference_size(settings, collecting_->size());
  } catch (const Failure& failure) {
    return fail_now(failure.error());
  }
  return GST_FLOW_OK;
}

GstFlowReturn V2vInput::submit_buffer(BufferPtr buffer) {
  const Settings settings = host_.settings();
  if (!start_client(settings)) return kFlowAfterError;
  const unsigned window = kWindowPerJob * jobs_at_once(settings);
  GST_LOG_OBJECT(host_.element, "buffer of %zu bytes: waiting until fewer than %u are in flight",
                 gst_buffer_get_size(buffer.get()), window);
  if (!queue_.wait_for_room(window, [](const QueueLock&) { return true; }))
    return queue_.is_flushing() ? GST_FLOW_FLUSHING : kFlowAfterError;
  auto reference = std::make_shared<ByteRope>();
  if (BytesPtr bytes = as_bytes(buffer); bytes && g_bytes_get_size(bytes.get()) > 0)
    reference->append(std::move(bytes));
  auto pending = new_pending(settings, std::move(reference));
  pending->input = buffer;
  pending->report.duration = GST_BUFFER_DURATION(buffer.get());
  if (segment_.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID(buffer.get()))
    pending->report.running_time =
        gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer.get()));
  submit(std::move(pending), settings);
  return GST_FLOW_OK;
}

std::shared_ptr<PendingResult> V2vInput::new_pending(const Settings& settings,
                                                     std::shared_ptr<const ByteRope> reference) {
  const OnFailure on_failure =
      settings.on_failure == OnFailure::automatic ? OnFailure::error : settings.on_failure;
  auto pending = std::make_shared<PendingResult>(host_.element, host_.spend, on_failure,
                                                 host_.mode == InputMode::stream,
                                                 [this](const JobOutcome&) { queue_.changed(); });
  pending->reference = std::move(reference);
  pending->report.segment = next_number_++;
  pending->report.prompt = settings.prompt;
  return pending;
}

void V2vInput::submit(std::shared_ptr<PendingResult> pending, const Settings& settings) {
  queue_.push({pending, nullptr, nullptr});
  try {
    plan_and_submit(pending, settings);
  } catch (const Failure& failure) {
    pending->finish(failure.error());
  }
}

/// Throws Failure.
void V2vInput::plan_and_submit(const std::shared_ptr<PendingResult>& pending,
                               const Settings& settings) {
  const auto cancel = jobs_.transcode_cancel();
  Plan plan =
      plan_job(settings, pending->reference,
               {host_.publisher(), [&] { pending->announce("fitting"); }, *cancel, host_.log});
  pending->report.seconds = plan.resolved.seconds;
  pending->report.prompt = plan.resolved.request.prompt;
  if (!GST_CLOCK_TIME_IS_VALID(pending->report.duration))
    pending->report.duration = plan.duration_ns;
  plan.spec.label = "segment " + std::to_string(pending->report.segment);
  // A flush during planning cancelled the jobs that it found, not this one.
  if (queue_.is_flushing()) throw Failure(Reason::cancelled, "stopped");
  pending->limit = plan.spec.spend_limit;
  GST_DEBUG_OBJECT(host_.element, "segment %u: %" G_GUINT64_FORMAT " bytes, requests %u s",
                   pending->report.segment, static_cast<guint64>(plan.spec.reference->size()),
                   plan.resolved.seconds);
  if (settings.dry_run) {
    host_.spend.plan(pending->limit, spent_before(settings), plan.resolved.seconds,
                     plan.spec.reference->size());
    pending->report.request = plan.shown_request();
    return pending->finish(pending->reference);
  }
  if (pending->on_failure != OnFailure::source) pending->reference.reset();
  jobs_.client()->submit(std::move(plan.spec), pending);
}

gboolean V2vInput::event(EventPtr event) {
  GST_LOG_OBJECT(host_.element, "input: %s event", GST_EVENT_TYPE_NAME(event.get()));
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_CAPS:
      // The element's own caps are pushed with the first output. Refusing these would only add an
      // error of upstream's.
      if (!refused_) start_client(host_.settings());
      return TRUE;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event.get(), &segment_);
      // The result has its own segment in bytes.
      if (host_.mode == InputMode::buffer) queue_.push(std::move(event));
      return TRUE;
    case GST_EVENT_EOS:
      end_of_stream(std::move(event));
      return TRUE;
    default:
      if (!GST_EVENT_IS_SERIALIZED(event.get()))
        return gst_pad_push_event(host_.src, event.release());
      queue_.push(std::move(event));
      return TRUE;
  }
}

/// A muxer asks whether it can seek back to rewrite its header. Collected data cannot be
/// overwritten, and downstream's answer would concern another file.
bool V2vInput::query(GstQuery* query, gboolean* answer) {
  if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION) {
    *answer = FALSE;
    return true;
  }
  if (GST_QUERY_TYPE(query) != GST_QUERY_SEEKING) return false;
  GstFormat format;
  gst_query_parse_seeking(query, &format, nullptr, nullptr, nullptr);
  gst_query_set_seeking(query, format, FALSE, 0, -1);
  *answer = TRUE;
  return true;
}

void V2vInput::end_of_stream(EventPtr eos) {
  // An empty stream is a job too: a wrong key is reported first, then the missing data.
  const Settings settings = host_.settings();
  if (host_.mode == InputMode::stream && !refused_ && start_client(settings)) {
    GST_DEBUG_OBJECT(host_.element, "EOS: the reference is complete, %zu bytes",
                     collecting_->size());
    submit(new_pending(settings, std::exchange(collecting_, std::make_shared<ByteRope>())),
           settings);
  }
  // A stream that follows without a flush would be paid for, and could not be output.
  refused_ = true;
  queue_.push(std::move(eos));
}

}  // namespace omni
