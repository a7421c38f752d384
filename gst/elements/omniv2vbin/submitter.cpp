// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/submitter.h"

#include <pthread.h>

#include "elements/common/connection.h"
#include "elements/common/debug.h"
#include "elements/common/messages.h"
#include "elements/omniv2vbin/clock-alarm.h"
#include "media/mp4/writer.h"
#include "media/still.h"

#define GST_CAT_DEFAULT omni::v2v_bin_category()

namespace omni {

namespace {

constexpr std::uint32_t kMovieTicks = 1000;
// Audio later than this will not arrive, or comes after video that waits for it. Live streams allow
// even less.
constexpr GstClockTime kAudioPatience = 5 * GST_SECOND;
constexpr GstClockTime kAudioPatienceLive = 2 * GST_SECOND;

constexpr char kNotEncoded[] =
    "The segment was not encoded: the encoder is too slow for this live stream. Use a smaller "
    "`resolution` or a faster `encoder`.";

std::string seconds(GstClockTime time) {
  char text[32];
  g_snprintf(text, sizeof text, "%.1f s", static_cast<double>(time) / GST_SECOND);
  return text;
}

}  // namespace

Submitter::Submitter(const BinHost& host, BinQueue& queue, const Deadlines& deadlines,
                     JobRunner& jobs, StreamProgress& progress)
    : host_(host), queue_(queue), deadlines_(deadlines), jobs_(jobs), progress_(progress) {
}

void Submitter::start(const BinSettings& settings) {
  connect(settings);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

/// Live, segments that exceed the limit are not submitted at all, and late ones do not count; so
/// the client itself sets no limit.
void Submitter::connect(const BinSettings& settings) {
  jobs_.start(settings, deadlines_.is_live() ? G_MAXUINT : 0);
}

std::shared_ptr<PendingResult> Submitter::new_pending(const std::shared_ptr<Segment>& segment) {
  const auto finished = [this, of = std::weak_ptr<Segment>(segment)](const JobOutcome& outcome) {
    const auto segment = of.lock();
    if (!segment) return;  // flushed away
    anchor_finished(*segment, outcome);
    outcome_changed(segment);
  };
  auto pending = std::make_shared<PendingResult>(
      host_.element, host_.spend, segment->on_failure(deadlines_.is_live()), false, finished);
  pending->report.segment = segment->number;
  pending->report.prompt = segment->settings.prompt;
  pending->report.running_time = segment->running_time;
  return pending;
}

void Submitter::submit_later(const std::shared_ptr<Segment>& segment) {
  const QueueLock lock = queue_.lock();
  if (!queue_.is_open(lock)) return;
  shared_.of(lock).waiting.push_back(segment);
  queue_.changed(lock);
}

unsigned Submitter::busy_encoders(const QueueLock& lock) const {
  const Shared& shared = shared_.of(lock);
  // What it took in at its end has an encoder as well, but its frames are all in there.
  unsigned busy = shared.at_work && shared.at_work->shared.of(lock).encoder ? 1 : 0;
  for (const auto& segment : shared.waiting) busy += segment->shared.of(lock).encoder ? 1 : 0;
  return busy;
}

std::deque<std::shared_ptr<Segment>> Submitter::take_waiting(const QueueLock& lock) {
  return std::exchange(shared_.of(lock).waiting, {});
}

void Submitter::keep_late(const QueueLock& lock, const std::shared_ptr<Segment>& segment) {
  shared_.of(lock).late.push_back(segment);
}

// The thread

std::shared_ptr<Segment> Submitter::wait_for_segment() {
  QueueLock lock = queue_.lock();
  Shared& shared = shared_.of(lock);
  shared.at_work = nullptr;
  queue_.changed(lock);
  queue_.wait(lock, [&] { return shared.closed || !shared.waiting.empty(); });
  if (shared.closed) return nullptr;
  shared.at_work = shared.waiting.front();
  shared.waiting.pop_front();
  return shared.at_work;
}

void Submitter::run() {
  pthread_setname_np(pthread_self(), "omni-submit");
  while (const auto segment = wait_for_segment()) {
    try {
      submit(segment);
    } catch (const Failure& failure) {
      GST_DEBUG_OBJECT(host_.element, "segment %u is not submitted: %s", segment->number,
                       failure.what());
      segment->pending->finish(failure.error());
    } catch (const std::exception& error) {
      segment->pending->finish(Error{Reason::bad_input, error.what(), 0, {}, {}});
    }
    segment->cancel = nullptr;
    // These may be megabytes, and the segment may wait for long.
    segment->settings.images.clear();
    segment->still = nullptr;
    for (std::string* text : {&segment->settings.first_image, &segment->settings.last_image,
                              &segment->settings.parameters})
      text->clear();
  }
}

void Submitter::submit(const std::shared_ptr<Segment>& segment) {
  const auto reference = make_reference(*segment);
  if (!segment->unsold.empty()) throw Failure(Reason::bad_input, segment->unsold);
  check_in_flight(*segment);
  add_still(*segment);
  Plan plan = make_plan(*segment, reference);
  PendingResult& pending = *segment->pending;
  pending.report.seconds = plan.resolved.seconds;
  pending.report.prompt = plan.resolved.request.prompt;
  pending.limit = plan.spec.spend_limit;
  if (!is_kept(*segment)) {
    const QueueLock lock = queue_.lock();
    segment->shared.of(lock).reference = nullptr;
  }
  if (!is_wanted(*segment)) throw Failure(Reason::cancelled, "stopped");
  if (!segment->settings.dry_run) return submit_job(segment, std::move(plan.spec));
  host_.spend.plan(pending.limit, spent_before(segment->settings), plan.resolved.seconds,
                   plan.spec.reference->size());
  pending.report.request = plan.shown_request();
  pending.finish(reference);
}

std::shared_ptr<const ByteRope> Submitter::make_reference(Segment& segment) {
  std::shared_ptr<SegmentEncoder> encoder, joined;
  {
    const QueueLock lock = queue_.lock();
    encoder = segment.shared.of(lock).encoder;
    joined = segment.shared.of(lock).joined;
  }
  // Also where no reference is made: unused audio must not accumulate.
  if (const auto audio = host_.reference_audio()) audio->drop_before(segment.running_time);
  if (!encoder)
    throw Failure(Reason::bad_input, segment.unsold.empty() ? kNotEncoded : segment.unsold);
  mp4::Movie movie;
  movie.timescale = kMovieTicks;
  const GstClockTime length =
      std::min(segment.length + segment.overlap_tail, segment.reference_length);
  const GstClockTime first_part = joined ? segment.joined_at : segment.reference_length;
  GST_DEBUG_OBJECT(host_.element, "segment %u: waiting for its encoder", segment.number);
  movie.tracks.push_back(encoder->complete(first_part));
  if (joined)
    mp4::append(movie.tracks.back(), joined->complete(segment.reference_length - first_part));
  {
    // Before waiting for the audio: another encoder may start.
    const QueueLock lock = queue_.lock();
    segment.shared.of(lock).encoder = segment.shared.of(lock).joined = nullptr;
    queue_.changed(lock);
  }
  if (auto audio = take_audio(segment, length)) movie.tracks.push_back(std::move(*audio));
  host_.reference_audio_used(segment.running_time + std::min(segment.length, length));
  auto reference = mp4::write_movie(movie);
  GST_DEBUG_OBJECT(host_.element, "segment %u: its reference is %zu bytes, %" GST_TIME_FORMAT,
                   segment.number, reference->size(), GST_TIME_ARGS(segment.reference_length));
  const QueueLock lock = queue_.lock();
  segment.shared.of(lock).reference = reference;
  return reference;
}

/// The audio for the reference; empty where there is none.
std::optional<mp4::SampleTrack> Submitter::take_audio(const Segment& segment, GstClockTime length) {
  const auto audio = host_.reference_audio();
  if (!audio) return std::nullopt;
  GST_DEBUG_OBJECT(host_.element,
                   "segment %u: waiting for audio up to running time %" GST_TIME_FORMAT,
                   segment.number, GST_TIME_ARGS(segment.running_time + length));
  return audio->take(segment.running_time, segment.running_time + length, kMovieTicks,
                     *segment.cancel, deadlines_.is_live() ? kAudioPatienceLive : kAudioPatience);
}

/// Live, a segment that had to wait for a free job would be late, and a late one is not worth its
/// price.
void Submitter::check_in_flight(const Segment& segment) {
  if (!deadlines_.is_live()) return;
  if (deadlines_.has_passed(segment.running_time, running_time_now(host_.element)))
    throw Failure(Reason::timed_out,
                  "Segment " + std::to_string(segment.number) +
                      " was not submitted: its deadline has passed. Set a larger `latency`.");
  const GstClockTime nominal = deadlines_.nominal();
  const unsigned asked = segment.settings.max_in_flight;
  const auto needed = static_cast<unsigned>((segment.settings.latency + nominal - 1) / nominal) + 2;
  const unsigned most = asked ? asked : needed;
  unsigned running = 0;
  {
    const QueueLock lock = queue_.lock();
    running = progress_.running(lock, &segment);
  }
  if (running < most) return;
  throw Failure(Reason::budget, "The segment was not submitted: " + std::to_string(running) +
                                    " jobs are running, as many as max-in-flight allows. Set "
                                    "max-in-flight to " +
                                    std::to_string(needed) + " for this latency.");
}

Plan Submitter::make_plan(Segment& segment, std::shared_ptr<const ByteRope> reference) {
  const BinSettings& settings = segment.settings;
  PlanHelp help{host_.publisher(),
                [&] { segment.pending->announce("fitting"); },
                *segment.cancel,
                host_.log,
                settings.max_reference_bytes,
                settings.encoder,
                settings.anchor == AnchorMode::first,
                segment.still};
  Plan plan = plan_job(settings, std::move(reference), help);
  plan.spec.label = "segment " + std::to_string(segment.number);
  return plan;
}

/// May its reference have to be shown?
bool Submitter::is_kept(const Segment& segment) const {
  const bool live = deadlines_.is_live();
  return segment.settings.dry_run || segment.on_failure(live) == OnFailure::source ||
         (live && segment.settings.late_policy == LatePolicy::source);
}

void Submitter::submit_job(const std::shared_ptr<Segment>& segment, JobSpec spec) {
  {
    const QueueLock lock = queue_.lock();
    segment->shared.of(lock).submitted = true;
  }
  progress_.submitting();
  const auto client = jobs_.client();
  const Client::JobId job = client->submit(std::move(spec), segment->pending);
  // A flush between the last check and the submission missed this job.
  if (is_wanted(*segment)) return progress_.submitted();
  client->cancel(job);
  progress_.withdrawn();
}

/// Is the result of this segment still wanted?
bool Submitter::is_wanted(const Segment& segment) const {
  return !segment.cancel->cancelled() && queue_.flow() == GST_FLOW_OK;
}

// A still of the first result is sent as a reference image with each later job

/// Attaches the still, or makes this segment the candidate. Not live, it waits for an earlier
/// candidate: jobs running beside the first one would have another style. Throws Failure
/// (cancelled).
void Submitter::add_still(Segment& segment) {
  if (segment.settings.anchor == AnchorMode::none) return;
  wait_for_candidate(segment);
  make_anchor_still(*segment.cancel);
  const QueueLock lock = queue_.lock();
  // Once it is the candidate, others wait for it.
  if (is_dropped(lock, segment)) throw Failure(Reason::cancelled, "stopped");
  Anchor& anchor = shared_.of(lock).anchor;
  if (anchor.state() == Anchor::State::still) segment.still = anchor.still();
  if (anchor.state() == Anchor::State::open)
    anchor.choose(segment.number, segment.settings.dry_run);
}

/// Has it lost its place in the output? A flush that has ended by the time a thread checks has
/// replaced the cancellation object.
bool Submitter::is_dropped(const QueueLock& lock, const Segment& segment) const {
  return !queue_.is_open(lock) || shared_.of(lock).closed ||
         jobs_.transcode_cancel() != segment.cancel;
}

/// Returns at once when this segment is not wanted any more.
void Submitter::wait_for_candidate(const Segment& segment) {
  QueueLock lock = queue_.lock();
  Anchor& anchor = shared_.of(lock).anchor;
  if (!segment.settings.dry_run) anchor.forget_plan();
  if (deadlines_.is_live() || anchor.state() != Anchor::State::under_way) return;
  lock.unlock();
  GST_DEBUG_OBJECT(host_.element, "segment %u waits for the first result (anchor=first)",
                   segment.number);
  lock.lock();
  queue_.wait(lock, [&] {
    return is_dropped(lock, segment) || anchor.state() != Anchor::State::under_way;
  });
}

/// Makes the still of the candidate's result, if there is one. Not on the network thread, because
/// it decodes.
void Submitter::make_anchor_still(BusCancellation& cancel) {
  std::shared_ptr<const ByteRope> result;
  {
    const QueueLock lock = queue_.lock();
    result = shared_.of(lock).anchor.result();
  }
  if (!result) return;
  try {
    const BytesPtr still = make_still(std::move(result), cancel);
    gsize size = 0;
    const auto* data = static_cast<const guchar*>(g_bytes_get_data(still.get(), &size));
    const CharPtr base64(g_base64_encode(data, size));
    const QueueLock lock = queue_.lock();
    shared_.of(lock).anchor.set_still(std::string("data:image/jpeg;base64,") + base64.get());
  } catch (const Failure& failure) {
    if (failure.error().reason == Reason::cancelled) throw;
    bool first = false;
    {
      const QueueLock lock = queue_.lock();
      first = shared_.of(lock).anchor.reject_result();
    }
    if (first)
      host_.log(LogLevel::warning,
                std::string("anchor: trying the next segment instead. ") + failure.what());
  }
}

/// A segment's job has finished or was not submitted. If its failure ends the stream, the candidate
/// gets no successor: segments that wait are cancelled by that end, and are not bought before it.
void Submitter::anchor_finished(const Segment& segment, const JobOutcome& outcome) {
  const auto* error = std::get_if<Error>(&outcome);
  const bool ends_stream = error && error->reason != Reason::cancelled &&
                           segment.on_failure(deadlines_.is_live()) == OnFailure::error;
  if (ends_stream) return;
  const QueueLock lock = queue_.lock();
  shared_.of(lock).anchor.finished(segment.number, outcome);
  queue_.changed(lock);
}

// Outcomes

/// A job has finished, on the network thread: wakes the output and records the delay.
void Submitter::outcome_changed(const std::shared_ptr<Segment>& segment) {
  const auto delay =
      static_cast<GstClockTime>(g_get_monotonic_time() - segment->cut_at) * GST_USECOND;
  const bool succeeded = segment->pending->succeeded();
  bool longest = false, late = false;
  {
    const QueueLock lock = queue_.lock();
    Shared& shared = shared_.of(lock);
    late = segment->shared.of(lock).late;
    longest = segment->shared.of(lock).submitted && succeeded && delay > shared.longest_delay;
    if (longest) shared.longest_delay = delay;
    std::erase(shared.late, segment);
    queue_.changed(lock);
  }
  if (longest) host_.delay_observed(delay);
  if (late && succeeded) report_late_delay(*segment, delay);
}

/// A late result has arrived after all: reports which latency would have been enough.
void Submitter::report_late_delay(const Segment& segment, GstClockTime delay) {
  const Error error{Reason::timed_out,
                    "The result of segment " + std::to_string(segment.number) + " took " +
                        seconds(delay) + " and came too late. A `latency` of " +
                        seconds(delay + Deadlines::kPrepare) + " would have been enough.",
                    0,
                    segment.pending->task_id(),
                    {}};
  post_warning(host_.element, error, "it is not shown; `omni-ledger list --open` lists it");
}

// Flushes, the end

void Submitter::interrupt() {
  std::vector<std::shared_ptr<SegmentEncoder>> encoders;
  {
    const QueueLock lock = queue_.lock();
    const Shared& shared = shared_.of(lock);
    std::vector<std::shared_ptr<Segment>> segments(shared.waiting.begin(), shared.waiting.end());
    if (shared.at_work) segments.push_back(shared.at_work);
    for (const auto& segment : segments) {
      encoders.push_back(segment->shared.of(lock).encoder);
      encoders.push_back(segment->shared.of(lock).joined);
    }
  }
  for (const auto& encoder : encoders)
    if (encoder) encoder->cancel();
  jobs_.cancel_all();
}

void Submitter::drop() {
  // Their contents are freed after the lock is released.
  std::deque<std::shared_ptr<Segment>> waiting;
  std::vector<std::shared_ptr<Segment>> late;
  // Cancels work in preparation only; later work gets a new cancellation object.
  if (!queue_.is_stopped()) jobs_.renew();
  const QueueLock lock = queue_.lock();
  Shared& shared = shared_.of(lock);
  waiting.swap(shared.waiting);
  late.swap(shared.late);
  shared.anchor.cancel();
}

void Submitter::close() {
  {
    const QueueLock lock = queue_.lock();
    shared_.of(lock).closed = true;
    queue_.changed(lock);
  }
  if (thread_.joinable()) thread_.join();
  jobs_.close();
}

}  // namespace omni
