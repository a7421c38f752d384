// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// From properties and a reference to a job: files read, the MP4 looked into, made to fit if asked,
// the request resolved and built. What is wrong is found here, before anything is sent. No pads, no
// messages.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/job.h"
#include "elements/common/settings.h"
#include "media/bus-cancellation.h"
#include "media/transcode.h"
#include "service/byte-rope.h"
#include "service/dialect.h"

namespace omni {

/// A job that could be submitted.
struct Plan {
  JobSpec spec;
  ResolvedRequest resolved;
  std::uint64_t duration_ns = 0;  // of the reference

  /// The request body for display: payloads are shown by their size.
  std::string shown_request() const;
};

/// What planning needs from its element.
struct PlanHelp {
  /// Has the application publish bytes; empty when it does not want to. May be null.
  std::function<std::string(const ByteRope&)> publish;
  /// The reference is about to be re-encoded. May be null.
  std::function<void()> on_transcode;
  BusCancellation& cancellation;
  LogSink log;
  // Where the element itself makes the references:
  std::uint64_t max_reference_bytes = 0;     // 0 = the service's limit alone counts
  std::string encoder;                       // factory for transcoding; empty = by preference
  bool anchored = false;                     // jobs of this run differ in the style image only:
  std::shared_ptr<const std::string> still;  // that image, as a data: URI; null before there is one
};

/// The job for one reference; without one (null) for a text or images alone. Throws Failure with
/// what the user has to change.
Plan plan_job(const Settings& settings, std::shared_ptr<const ByteRope> reference,
              const PlanHelp& help);

/// What is known of the model that a reference goes to. Throws Failure for parameters that cannot
/// be read.
const ModelFacts& model_of(const Settings& settings);

/// Refuses settings with which there is no room for one image more than `images` has, beside
/// references of this length. Throws Failure.
void check_room_for_image(const Settings& settings, std::uint64_t reference_ns);

/// The most bytes that the service takes of a reference that is made for it; 0 = unknown.
std::uint64_t reference_limit(const Settings& settings);

/// No clip is larger, whatever is to become of it.
inline constexpr std::uint64_t kMostCollected = std::uint64_t{1} << 30;

/// Refuses a reference by its size alone, as soon as it is known. Throws Failure.
void check_reference_size(const Settings& settings, std::uint64_t bytes);

}  // namespace omni
