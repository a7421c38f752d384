// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/clip-player.h"

#include "service/error.h"

namespace omni {

const ClipFrame& ClipPlayer::at(GstClockTime time) {
  const GstClockTime wanted = placed_time(fit_, time, lengths_.reference, lengths_.part);
  if (!shown_) shown_ = decoder_->next();
  if (!shown_) throw Failure(Reason::bad_result, "The result that the service sent has no video.");
  for (;;) {
    if (!upcoming_ && !at_end_) {
      upcoming_ = decoder_->next();
      at_end_ = !upcoming_;
    }
    if (!upcoming_ || upcoming_->time > wanted) return *shown_;
    shown_ = std::move(upcoming_);
    upcoming_.reset();
  }
}

}  // namespace omni
