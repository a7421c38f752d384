// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin, anchor=first: a still of the first segment that the service has regenerated goes as a
// reference image with each job after it.
#include "elements/omniv2vbin/anchor.h"

#include "elements/omniv2vbin/bin-stream.h"
#include "media/interrupt.h"
#include "media/still.h"

namespace omni {

void Anchor::choose(guint segment, bool planned) {
  state_ = State::under_way;
  candidate_ = segment;
  planned_ = planned;
}

void Anchor::forget_plan() {
  if (planned_) *this = {};
}

void Anchor::finished(guint segment, const JobOutcome& outcome) {
  if (state_ != State::under_way || segment != candidate_) return;
  const auto* result = std::get_if<std::shared_ptr<const ByteRope>>(&outcome);
  state_ = result ? State::result : State::open;
  if (result) result_ = *result;
}

void Anchor::call_off() {
  if (state_ == State::under_way) state_ = State::open;
}

void Anchor::set_still(std::string data_uri) {
  state_ = State::still;
  still_ = std::make_shared<const std::string>(std::move(data_uri));
  result_ = nullptr;
}

bool Anchor::give_up() {
  state_ = State::open;
  result_ = nullptr;
  return !std::exchange(gave_up_, true);
}

/// On the submitting thread: this segment gets the still, or becomes the one of which it is made.
/// Not live, it waits for a candidate before it: jobs that run beside the first one would have
/// another style. Throws Failure (cancelled).
void BinStream::add_still(Segment& segment) {
  if (segment.settings.anchor == AnchorMode::none) return;
  wait_for_candidate(segment);
  make_anchor_still(*segment.interrupt);
  const std::lock_guard lock(lock_);
  // Once it is chosen, others wait for it.
  if (is_dropped(segment)) throw Failure(Reason::cancelled, "stopped");
  if (anchor_.state() == Anchor::State::still) segment.still = anchor_.still();
  if (anchor_.state() == Anchor::State::open)
    anchor_.choose(segment.number, segment.settings.dry_run);
}

/// Under lock_: is there no place any more where it could go? A flush that is over by the time a
/// thread looks has left another `transcode_cancel_` behind.
bool BinStream::is_dropped(const Segment& segment) const {
  return flushing_ || closed_ || flow_ != GST_FLOW_OK || transcode_cancel_ != segment.interrupt;
}

/// Ends at once when this segment is not wanted any more.
void BinStream::wait_for_candidate(const Segment& segment) {
  std::unique_lock lock(lock_);
  if (!segment.settings.dry_run) anchor_.forget_plan();
  if (live_) return;
  changed_.wait(lock,
                [&] { return is_dropped(segment) || anchor_.state() != Anchor::State::under_way; });
}

/// Of the candidate's result, once that is there. Not on the network thread: it decodes.
void BinStream::make_anchor_still(Interrupt& interrupt) {
  std::shared_ptr<const ByteRope> result;
  {
    const std::lock_guard lock(lock_);
    result = anchor_.result();
  }
  if (!result) return;
  try {
    const BytesPtr still = make_still(std::move(result), interrupt);
    gsize size = 0;
    const auto* data = static_cast<const guchar*>(g_bytes_get_data(still.get(), &size));
    const CharPtr base64(g_base64_encode(data, size));
    const std::lock_guard lock(lock_);
    anchor_.set_still(std::string("data:image/jpeg;base64,") + base64.get());
  } catch (const Failure& failure) {
    if (failure.error().reason == Reason::cancelled) throw;
    std::unique_lock lock(lock_);
    const bool first = anchor_.give_up();
    lock.unlock();
    if (first)
      host_.log(LogLevel::warning,
                std::string("anchor: the next segment is tried instead. ") + failure.what());
  }
}

/// A segment's job is over, or came to nothing. Where a failure ends the stream, nobody follows the
/// candidate: what waits for it is called off by that end, and is not bought before it.
void BinStream::anchor_finished(const Segment& segment, const JobOutcome& outcome) {
  const auto* error = std::get_if<Error>(&outcome);
  const bool ends_stream =
      error && error->reason != Reason::cancelled && segment.on_failure(live_) == OnFailure::error;
  if (ends_stream) return;
  const std::lock_guard lock(lock_);
  anchor_.finished(segment.number, outcome);
  changed_.notify_all();
}

}  // namespace omni
