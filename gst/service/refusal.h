// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Turns a service's refusal into the user's error: the reason word, what was wrong, what to do.
// Text in, Error out; no I/O.
#pragma once

#include <string_view>

#include "service/error.h"
#include "service/reply.h"

namespace omni {

/// The reason word and the user's message for an HTTP status and the content of its body. `text`
/// and `code` of the refusal may be empty. `provider` is the service's display name.
Error error_from_refusal(std::string_view provider, int http_status, const Refusal& refusal);

/// Does the refusal name the model, so that another address of the service would not take it
/// either?
bool names_model(const Refusal& refusal);

/// The same for a request that something before the service answered: a web page, or nothing, with
/// a status that refuses.
Error error_from_stranger(std::string_view provider, int http_status);

/// As error_from_refusal, for a task that the service reports as failed.
Error error_from_failed_task(std::string_view provider, const Task& task);

}  // namespace omni
