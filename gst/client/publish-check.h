// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Checks a URL the way the service will use it, before anything is paid: does it exist, and is it
// the expected file?
#pragma once

#include "client/publisher.h"

namespace omni {

/// Throws Failure(invalid_request) for a URL that, judging by its text, no service at `base_url`
/// could fetch. No traffic.
void require_fetchable(const std::string& url, const std::string& setting,
                       const std::string& base_url);

/// Requests the URL from here. Throws Failure if there is no valid reply.
Async<void> check_published(Http& http, LogSink log, PublishedUpload offer, JobLimits terms,
                            Cancellation& cancellation);

enum class TypeVerdict {
  right,
  vague,  // an unspecific type: accepted with a warning
  wrong,
};
/// Compares a Content-Type with the expected one. If none is expected, any type is right.
TypeVerdict judge_type(const std::string& wanted, const std::string& told);

/// The size of the whole file that a reply belongs to, even if only a part of it was requested.
std::optional<std::uint64_t> whole_size(const std::string& content_range,
                                        std::optional<std::uint64_t> length);

}  // namespace omni
