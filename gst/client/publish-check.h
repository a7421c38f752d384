// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Looks at a URL the way the service will: is it there, is it what it should be? Before anything is
// paid for.
#pragma once

#include "client/publisher.h"

namespace omni {

/// Throws Failure(invalid_request) for a URL that no service at `base_url` could fetch, as far as
/// its text tells. No traffic.
void require_fetchable(const std::string& url, const std::string& setting,
                       const std::string& base_url);

/// Asks for it from here. Throws Failure when there is no good answer.
Async<void> check_published(Http& http, LogSink log, PublishedUpload offer, JobLimits terms,
                            Cancellation& cancellation);

enum class TypeVerdict {
  right,
  vague,  // says nothing: tolerated, with a warning
  wrong,
};
/// A Content-Type against what it should be; where that is empty, anything is right.
TypeVerdict judge_type(const std::string& wanted, const std::string& told);

/// The size behind a reply: of the whole, also when only a part of it was asked for.
std::optional<std::uint64_t> whole_size(const std::string& content_range,
                                        std::optional<std::uint64_t> length);

}  // namespace omni
