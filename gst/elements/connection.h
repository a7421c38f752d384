// From properties to a client: which service, with which key, through what, and how references
// become reachable for it.
#pragma once

#include "client/client.h"
#include "elements/settings.h"

namespace omni {

/// How many jobs run at once: max-in-flight, or what it stands for when it is 0.
unsigned jobs_at_once(const Settings& settings);

/// The way that is named, else the one whose settings are there; none when there is none.
Transport url_transport(const Settings& settings);

/// Where the client connects and with which key. Throws Failure(unauthorized) when there is none.
ClientSettings client_settings(const Settings& settings, LogSink log);

}  // namespace omni
