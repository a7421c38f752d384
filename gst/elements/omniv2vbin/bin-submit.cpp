// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, the submitting thread: a cut segment's encoder is drained, its MP4 written, planned
// and submitted. A thread of its own, because all of this may take a while, and neither the source
// nor the jobs that run should wait for it.
#include <pthread.h>

#include "elements/common/connection.h"
#include "elements/common/messages.h"
#include "elements/common/plan.h"
#include "elements/omniv2vbin/bin-stream.h"
#include "media/interrupt.h"
#include "media/mp4/writer.h"

namespace omni {

namespace {

constexpr std::uint32_t kMovieTicks = 1000;
// Sound that is later than this will not come, or comes behind a picture that waits for it. Live,
// there is not even so much time.
constexpr GstClockTime kSoundPatience = 5 * GST_SECOND;
constexpr GstClockTime kSoundPatienceLive = 2 * GST_SECOND;

}  // namespace

void BinStream::submit_all() {
  pthread_setname_np(pthread_self(), "omni-submit");
  for (;;) {
    std::shared_ptr<Segment> segment;
    {
      std::unique_lock lock(lock_);
      submitting_ = nullptr;
      changed_.notify_all();
      changed_.wait(lock, [&] { return closed_ || !to_submit_.empty(); });
      if (closed_) return;
      segment = submitting_ = to_submit_.front();
      to_submit_.pop_front();
    }
    try {
      submit(segment);
    } catch (const Failure& failure) {
      segment->pending->finish(failure.error());
    } catch (const std::exception& error) {
      segment->pending->finish(Error{Reason::bad_input, error.what(), 0, {}, {}});
    }
    segment->interrupt = nullptr;
    // These may be megabytes, and the segment may wait for long.
    segment->settings.images.clear();
    segment->still = nullptr;
    for (std::string* text : {&segment->settings.first_image, &segment->settings.last_image,
                              &segment->settings.parameters})
      text->clear();
  }
}

/// The sound that goes along; empty where there is none.
std::optional<mp4::SampleTrack> BinStream::take_sound(const Segment& segment, GstClockTime length) {
  const auto sound = host_.sound();
  if (!sound) return std::nullopt;
  return sound->take(segment.running_time, segment.running_time + length, kMovieTicks,
                     *segment.interrupt, live_ ? kSoundPatienceLive : kSoundPatience);
}

std::shared_ptr<const ByteRope> BinStream::make_reference(Segment& segment) {
  const std::shared_ptr<SegmentEncoder> encoder = segment.encoder;
  // Also where no reference is made: what nobody asks for must not pile up.
  if (const auto sound = host_.sound()) sound->drop_before(segment.running_time);
  if (!encoder)
    throw Failure(
        Reason::bad_input,
        "The segment was not encoded: the encoder is too slow for this live stream. Use a "
        "smaller `resolution` or a faster `encoder`.");
  mp4::Movie movie;
  movie.timescale = kMovieTicks;
  const GstClockTime length =
      std::min(segment.length + segment.overlap_tail, segment.reference_length);
  movie.tracks.push_back(encoder->complete(segment.reference_length));
  {
    // Before the sound is waited for: another encoder may begin.
    const std::lock_guard lock(lock_);
    segment.encoder = nullptr;
    changed_.notify_all();
  }
  if (auto sound = take_sound(segment, length)) movie.tracks.push_back(std::move(*sound));
  host_.sound_used(segment.running_time + std::min(segment.length, length));
  auto reference = mp4::write_movie(movie);
  const std::lock_guard lock(lock_);
  segment.reference = reference;
  return reference;
}

/// Live, a segment that would wait for a place would be late, and one that is late already is not
/// worth its price.
void BinStream::check_in_flight(const Segment& segment) {
  if (!live_) return;
  if (is_past_deadline(segment))
    throw Failure(Reason::timed_out,
                  "Segment " + std::to_string(segment.number) +
                      " was not submitted, for its deadline came first. Set a larger `latency`.");
  const unsigned asked = segment.settings.max_in_flight;
  const auto needed = static_cast<unsigned>((segment.settings.latency + nominal_duration_ - 1) /
                                            nominal_duration_) +
                      2;
  const unsigned most = asked ? asked : needed;
  unsigned running = 0;
  {
    const std::lock_guard lock(lock_);
    for (const Item& item : queue_)
      running += item.segment && item.segment.get() != &segment && item.segment->submitted &&
                 !item.segment->late && !item.segment->pending->finished();
  }
  if (running < most) return;
  throw Failure(Reason::budget, "The segment was not submitted, for " + std::to_string(running) +
                                    " jobs are under way, as many as max-in-flight allows. Set "
                                    "max-in-flight to " +
                                    std::to_string(needed) + " for this latency.");
}

void BinStream::submit(const std::shared_ptr<Segment>& segment) {
  const auto reference = make_reference(*segment);
  const BinSettings& settings = segment->settings;
  PendingResult& pending = *segment->pending;
  check_in_flight(*segment);
  add_still(*segment);
  PlanHelp help{host_.publisher(),
                [&] { pending.announce("fitting"); },
                *segment->interrupt,
                host_.log,
                settings.max_reference_bytes,
                settings.encoder,
                settings.anchor == AnchorMode::first,
                segment->still};
  Plan plan = plan_job(settings, reference, help);
  pending.report.seconds = plan.resolved.seconds;
  pending.report.prompt = plan.resolved.request.prompt;
  plan.spec.label = "segment " + std::to_string(segment->number);
  const bool keep = settings.dry_run || segment->on_failure(live_) == OnFailure::source ||
                    (live_ && settings.late_policy == LatePolicy::source);
  {
    const std::lock_guard lock(lock_);
    if (!keep) segment->reference = nullptr;
  }
  if (!is_wanted(*segment)) throw Failure(Reason::cancelled, "stopped");
  pending.limit = plan.spec.spend_limit;
  if (settings.dry_run) {
    host_.spend.plan(pending.limit, spent_before(settings), plan.resolved.seconds,
                     plan.spec.reference->size());
    pending.report.request = plan.shown_request();
    return pending.finish(reference);
  }
  {
    const std::lock_guard lock(lock_);
    segment->submitted = true;
  }
  const auto running = client();
  const Client::JobId job = running->submit(std::move(plan.spec), segment->pending);
  // Whoever called off what ran a moment ago did not find this one.
  if (!is_wanted(*segment)) running->cancel(job);
}

std::shared_ptr<PendingResult> BinStream::new_pending(const std::shared_ptr<Segment>& segment) {
  const auto finished = [this, of = std::weak_ptr<Segment>(segment)](const JobOutcome& outcome) {
    const auto segment = of.lock();
    if (!segment) return;  // flushed away
    anchor_finished(*segment, outcome);
    outcome_changed(segment);
  };
  auto pending = std::make_shared<PendingResult>(host_.element, host_.spend,
                                                 segment->on_failure(live_), false, finished);
  pending->report.segment = segment->number;
  pending->report.prompt = segment->settings.prompt;
  pending->report.running_time = segment->running_time;
  return pending;
}

/// A job is over, on the network thread: the output may go on, and it is known how long it took.
void BinStream::outcome_changed(const std::shared_ptr<Segment>& segment) {
  const auto delay =
      static_cast<GstClockTime>(g_get_monotonic_time() - segment->cut_at) * GST_USECOND;
  bool longest = false, late = false;
  {
    const std::lock_guard lock(lock_);
    late = segment->late;
    longest = segment->submitted && segment->pending->succeeded() && delay > longest_delay_;
    if (longest) longest_delay_ = delay;
    std::erase(overdue_, segment);
    ++changes_;
    changed_.notify_all();
  }
  if (longest) host_.delay_observed(delay);
  if (late && segment->pending->succeeded()) tell_late_delay(*segment, delay);
}

std::shared_ptr<Client> BinStream::client() const {
  const std::lock_guard lock(lock_);
  return client_;
}

std::shared_ptr<Interrupt> BinStream::transcode_cancel() const {
  const std::lock_guard lock(lock_);
  return transcode_cancel_;
}

void BinStream::close() {
  {
    const std::lock_guard lock(lock_);
    closed_ = true;
    changed_.notify_all();
  }
  if (submitter_.joinable()) submitter_.join();
  std::shared_ptr<Client> last;
  {
    const std::lock_guard lock(lock_);
    last.swap(client_);
  }
  if (last) host_.spend.close(*last);
}

ClientStats BinStream::stats() const {
  const auto running = client();
  return host_.spend.totals(running.get());
}

}  // namespace omni
