// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/anchor.h"

#include <utility>

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

void Anchor::cancel() {
  if (state_ == State::under_way) state_ = State::open;
}

void Anchor::set_still(std::string data_uri) {
  state_ = State::still;
  still_ = std::make_shared<const std::string>(std::move(data_uri));
  result_ = nullptr;
}

bool Anchor::reject_result() {
  state_ = State::open;
  result_ = nullptr;
  return !std::exchange(result_rejected_, true);
}

}  // namespace omni
