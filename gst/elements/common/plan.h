// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Turns properties and a reference into a job: reads files, inspects the MP4, makes it fit if
// asked, resolves the request and builds its body. Mistakes are found here, before anything is
// sent. Knows no pads and posts no messages.
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

/// A job that is ready to be submitted.
struct Plan {
  JobSpec spec;
  ResolvedRequest resolved;
  std::uint64_t duration_ns = 0;  // of the reference

  /// The request body for display; payloads are shown by size.
  std::string shown_request() const;
};

/// What planning needs from its element.
struct PlanHelp {
  /// Lets the application publish bytes; returns an empty URL when it declines. May be null.
  std::function<std::string(const ByteRope&)> publish;
  /// The reference is about to be re-encoded. May be null.
  std::function<void()> on_transcode;
  BusCancellation& cancellation;
  LogSink log;
  // Set by an element that makes the references itself:
  std::uint64_t max_reference_bytes = 0;     // 0 = only the service's limit applies
  std::string encoder;                       // factory for transcoding; empty = by preference
  bool anchored = false;                     // anchor=first: jobs differ only in the style image:
  std::shared_ptr<const std::string> still;  // that image, as a data: URI; null until it exists
};

/// The job for one reference; null for prompt and images alone. Throws Failure that says what the
/// user has to change.
Plan plan_job(const Settings& settings, std::shared_ptr<const ByteRope> reference,
              const PlanHelp& help);

/// The facts about the model that references are sent to. Throws Failure for parameters that cannot
/// be read.
const ModelFacts& model_of(const Settings& settings);

/// Refuses settings that leave no room for one more image than `images`, beside references of this
/// length. Throws Failure.
void check_room_for_image(const Settings& settings, std::uint64_t reference_ns);

/// Maximum bytes that the service accepts for a generated reference; 0 = unknown.
std::uint64_t reference_limit(const Settings& settings);

/// No clip is larger, whatever it is used for.
inline constexpr std::uint64_t kMostCollected = std::uint64_t{1} << 30;

/// Refuses a reference by its size, as soon as that is known. Throws Failure.
void check_reference_size(const Settings& settings, std::uint64_t bytes);

}  // namespace omni
