// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Makes a client from properties: service, key, proxy, and how references are published.
#pragma once

#include "client/client.h"
#include "elements/common/settings.h"

namespace omni {

/// Maximum number of jobs at once: max-in-flight, or its default when it is 0.
unsigned jobs_at_once(const Settings& settings);

/// The configured transport, else the one whose settings are present; none otherwise.
Transport url_transport(const Settings& settings);

/// What the ledger already counts where budget-period is set. Blocking, for dry runs.
Spent spent_before(const Settings& settings);

/// Connects an element to its service and ledger. `max_in_flight` 0 = as in the settings. Throws
/// Failure; unauthorized when there is no key.
std::shared_ptr<Client> new_client(GstElement* element, const Settings& settings, LogSink log,
                                   unsigned max_in_flight = 0);

}  // namespace omni
