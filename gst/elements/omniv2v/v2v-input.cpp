// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v, the sink pad's side: buffers become references, references become jobs.
#include "elements/common/buffers.h"
#include "elements/common/connection.h"
#include "elements/common/plan.h"
#include "elements/omniv2v/v2v-stream.h"
#include "media/interrupt.h"

namespace omni {

namespace {

// No service's limit is below this.
constexpr gsize kSurelySmall = 4 * 1024 * 1024;

// Finished results wait for older ones; with a window of just the jobs that run, they would keep
// others from starting.
constexpr unsigned kWindowPerJob = 3;

// After an error was told. GST_FLOW_ERROR would make a source add its own "Internal data stream
// error", and the user should read one error, the one that says why.
constexpr GstFlowReturn kFlowAfterError = GST_FLOW_EOS;

}  // namespace

V2vStream::V2vStream(Host host)
    : host_(std::move(host)), collecting_(std::make_shared<ByteRope>()) {
  host_.spend.take_planned();  // a run before this one may have been stopped in its midst
  gst_segment_init(&input_segment_, GST_FORMAT_UNDEFINED);
  gst_segment_init(&result_segment_, GST_FORMAT_BYTES);
}

std::shared_ptr<Client> V2vStream::client() const {
  const std::lock_guard lock(lock_);
  return client_;
}

std::shared_ptr<Interrupt> V2vStream::transcode_cancel() const {
  const std::lock_guard lock(lock_);
  return transcode_cancel_;
}

void V2vStream::close() {
  std::shared_ptr<Client> last;
  {
    const std::lock_guard lock(lock_);
    last.swap(client_);
  }
  if (last) host_.spend.close(*last);
}

ClientStats V2vStream::stats() const {
  const auto running = client();
  return host_.spend.totals(running.get());
}

/// At the first caps or buffer, so that going to PAUSED needs neither a key nor a network.
bool V2vStream::start_client(const Settings& settings) {
  if (client() || settings.dry_run) return true;
  try {
    auto started = new_client(host_.element, settings, host_.log);
    const std::lock_guard lock(lock_);
    client_ = std::move(started);
    return true;
  } catch (const Failure& failure) {
    fail_now(failure.error());
    return false;
  }
}

/// An error that has nothing to do with one job. The output side tells it, after what came before.
GstFlowReturn V2vStream::fail_now(const Error& error) {
  input_refused_ = true;
  enqueue({nullptr, nullptr, std::make_shared<const Error>(error)});
  return kFlowAfterError;
}

GstFlowReturn V2vStream::chain(BufferPtr buffer) {
  {
    const std::lock_guard lock(lock_);
    if (flushing_) return GST_FLOW_FLUSHING;
    if (flow_ != GST_FLOW_OK) return flow_ == GST_FLOW_FLUSHING ? flow_ : kFlowAfterError;
  }
  if (input_refused_) return kFlowAfterError;
  if (host_.mode == InputMode::buffer) return submit_buffer(std::move(buffer));
  if (!ready_ && !start_client(host_.settings())) return kFlowAfterError;
  ready_ = true;
  return collect(std::move(buffer));
}

GstFlowReturn V2vStream::collect(BufferPtr buffer) {
  if (gst_buffer_get_size(buffer.get()) == 0) return GST_FLOW_OK;
  BytesPtr bytes = as_bytes(std::move(buffer));
  if (!bytes) return fail_now({Reason::bad_input, "A buffer could not be read.", 0, {}, {}});
  collecting_->append(std::move(bytes));
  // Settings may hold megabytes of images: no copy of them for every 4 KiB.
  if (collecting_->size() <= kSurelySmall) return GST_FLOW_OK;
  const Settings settings = host_.settings();
  const bool goes_on =
      settings.on_failure == OnFailure::source || settings.on_failure == OnFailure::skip;
  if (goes_on && collecting_->size() <= kMostCollected) return GST_FLOW_OK;
  try {
    // No need to read the other 20 GB first.
    check_reference_size(settings, collecting_->size());
  } catch (const Failure& failure) {
    return fail_now(failure.error());
  }
  return GST_FLOW_OK;
}

GstFlowReturn V2vStream::submit_buffer(BufferPtr buffer) {
  const Settings settings = host_.settings();
  if (!start_client(settings)) return kFlowAfterError;
  if (!wait_for_window(kWindowPerJob * jobs_at_once(settings))) {
    const std::lock_guard lock(lock_);
    return flushing_ ? GST_FLOW_FLUSHING : kFlowAfterError;
  }
  auto reference = std::make_shared<ByteRope>();
  if (BytesPtr bytes = as_bytes(buffer); bytes && g_bytes_get_size(bytes.get()) > 0)
    reference->append(std::move(bytes));
  auto pending = new_pending(settings, std::move(reference));
  pending->input = buffer;
  pending->report.duration = GST_BUFFER_DURATION(buffer.get());
  if (input_segment_.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID(buffer.get()))
    pending->report.running_time =
        gst_segment_to_running_time(&input_segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer.get()));
  submit(std::move(pending), settings);
  return GST_FLOW_OK;
}

/// Blocks while too many results are on their way; false when flushing, or when the output ended.
bool V2vStream::wait_for_window(unsigned window) {
  std::unique_lock lock(lock_);
  changed_.wait(lock, [&] { return flushing_ || flow_ != GST_FLOW_OK || open_results_ < window; });
  return !flushing_ && flow_ == GST_FLOW_OK;
}

std::shared_ptr<PendingResult> V2vStream::new_pending(const Settings& settings,
                                                      std::shared_ptr<const ByteRope> reference) {
  const OnFailure on_failure =
      settings.on_failure == OnFailure::automatic ? OnFailure::error : settings.on_failure;
  auto pending =
      std::make_shared<PendingResult>(host_.element, host_.spend, on_failure,
                                      host_.mode == InputMode::stream, [this](const JobOutcome&) {
                                        const std::lock_guard lock(lock_);
                                        changed_.notify_all();
                                      });
  pending->reference = std::move(reference);
  pending->report.segment = next_segment_++;
  pending->report.prompt = settings.prompt;
  return pending;
}

void V2vStream::submit(std::shared_ptr<PendingResult> pending, const Settings& settings) {
  enqueue({pending, nullptr, nullptr});
  try {
    const auto interrupt = transcode_cancel();
    Plan plan =
        plan_job(settings, pending->reference,
                 {host_.publisher(), [&] { pending->announce("fitting"); }, *interrupt, host_.log});
    pending->report.seconds = plan.resolved.seconds;
    pending->report.prompt = plan.resolved.request.prompt;
    if (!GST_CLOCK_TIME_IS_VALID(pending->report.duration))
      pending->report.duration = plan.duration_ns;
    plan.spec.label = "segment " + std::to_string(pending->report.segment);
    // A flush that came while this was planned has called off what it found, which was not this.
    if (is_flushing()) throw Failure(Reason::cancelled, "stopped");
    pending->limit = plan.spec.spend_limit;
    if (settings.dry_run) {
      host_.spend.plan(pending->limit, spent_before(settings), plan.resolved.seconds,
                       plan.spec.reference->size());
      pending->report.request = plan.shown_request();
      return pending->finish(pending->reference);
    }
    if (pending->on_failure != OnFailure::source) pending->reference.reset();
    client()->submit(std::move(plan.spec), pending);
  } catch (const Failure& failure) {
    pending->finish(failure.error());
  }
}

void V2vStream::enqueue(Item item) {
  const std::lock_guard lock(lock_);
  if (item.pending) ++open_results_;
  queue_.push_back(std::move(item));
  changed_.notify_all();
}

gboolean V2vStream::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      return flush_start(std::move(event));
    case GST_EVENT_FLUSH_STOP:
      return flush_stop(std::move(event));
    case GST_EVENT_CAPS:
      // Ours are said with the first output. A refusal here would only add an error of upstream's.
      if (!input_refused_) start_client(host_.settings());
      return TRUE;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event.get(), &input_segment_);
      // The result of a stream has bytes of its own.
      if (host_.mode == InputMode::buffer) enqueue({nullptr, std::move(event), nullptr});
      return TRUE;
    case GST_EVENT_EOS:
      end_of_stream(std::move(event));
      return TRUE;
    default:
      if (!GST_EVENT_IS_SERIALIZED(event.get()))
        return gst_pad_push_event(host_.src, event.release());
      enqueue({nullptr, std::move(event), nullptr});
      return TRUE;
  }
}

/// A muxer asks whether it may go back to mend its header. What was collected can't be overwritten,
/// and downstream's answer would be about another file.
bool V2vStream::sink_query(GstQuery* query, gboolean* answer) {
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

void V2vStream::end_of_stream(EventPtr eos) {
  // An empty stream is the business of a job too: a wrong key is told first, then that nothing
  // came.
  const Settings settings = host_.settings();
  if (host_.mode == InputMode::stream && !input_refused_ && start_client(settings)) {
    submit(new_pending(settings, std::exchange(collecting_, std::make_shared<ByteRope>())),
           settings);
  }
  // A stream that follows without a flush would be paid for and have no place to go.
  input_refused_ = true;
  enqueue({nullptr, std::move(eos), nullptr});
}

gboolean V2vStream::flush_start(EventPtr event) {
  {
    const std::lock_guard lock(lock_);
    flushing_ = true;
    changed_.notify_all();
  }
  transcode_cancel()->interrupt();
  if (const auto running = client()) running->cancel_all();
  const gboolean pushed = gst_pad_push_event(host_.src, event.release());
  gst_pad_pause_task(host_.src);
  return pushed;
}

gboolean V2vStream::flush_stop(EventPtr event) {
  // The stream lock, not a join: a flushing seek may have been sent by the task's own thread.
  GST_PAD_STREAM_LOCK(host_.src);
  {
    const std::lock_guard lock(lock_);
    queue_.clear();
    open_results_ = 0;
    flow_ = GST_FLOW_OK;
    flushing_ = stopped_;
    result_.reset();
    if (!stopped_) transcode_cancel_ = std::make_shared<Interrupt>();
  }
  // Once more: a job may have been submitted in the moment of the flush.
  if (const auto running = client()) running->cancel_all();
  collecting_ = std::make_shared<ByteRope>();
  host_.spend.take_planned();
  undelivered_ = nullptr;
  if (deliveries_) deliveries_->drop();
  input_refused_ = false;
  gst_segment_init(&input_segment_, GST_FORMAT_UNDEFINED);
  segment_sent_ = false;
  result_seqnum_ = GST_SEQNUM_INVALID;
  eos_ = nullptr;
  ++seek_count_;
  const gboolean pushed = gst_pad_push_event(host_.src, event.release());
  if (!is_flushing()) gst_pad_start_task(host_.src, task, this, nullptr);
  GST_PAD_STREAM_UNLOCK(host_.src);
  return pushed;
}

void V2vStream::stop() {
  {
    const std::lock_guard lock(lock_);
    stopped_ = true;
    flushing_ = true;
    changed_.notify_all();
  }
  transcode_cancel()->interrupt();
  if (const auto running = client()) running->cancel_all();
}

}  // namespace omni
