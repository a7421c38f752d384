// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// From properties to a client: which service, with which key, through what, and how references
// become reachable for it.
#pragma once

#include "client/client.h"
#include "elements/common/settings.h"

namespace omni {

/// How many jobs run at once: max-in-flight, or what it stands for when it is 0.
unsigned jobs_at_once(const Settings& settings);

/// The way that is named, else the one whose settings are there; none when there is none.
Transport url_transport(const Settings& settings);

/// What stands in the ledger already where a budget-period is set. Blocking, for dry runs.
Spent spent_before(const Settings& settings);

/// Connects an element to its service and its ledger. `max_in_flight` 0: as the settings say.
/// Throws Failure, with unauthorized when there is no key.
std::shared_ptr<Client> new_client(GstElement* element, const Settings& settings, LogSink log,
                                   unsigned max_in_flight = 0);

}  // namespace omni
