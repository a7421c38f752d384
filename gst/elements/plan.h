// From properties and a reference to a job: files read, the MP4 looked into, the request fitted and
// built. What is wrong is found here, before anything is sent. No pads, no messages.
#pragma once

#include <memory>
#include <string>

#include "client/client.h"
#include "elements/gst-ptr.h"
#include "elements/settings.h"
#include "service/bytes.h"
#include "service/dialect.h"

namespace omni {

/// A job that could be submitted.
struct Plan {
  JobSpec spec;
  FittedRequest fitted;
  std::uint64_t duration_ns = 0;  // of the reference
};

/// Throws Failure with what the user has to change.
Plan plan_job(const Settings& settings, std::shared_ptr<const Bytes> reference);

/// Refuses a reference by its size alone, as soon as it is known. Throws Failure.
void check_reference_size(const Settings& settings, std::uint64_t bytes);

/// How many jobs run at once: max-in-flight, or what it stands for when it is 0.
unsigned jobs_at_once(const Settings& settings);

/// Where the client connects and with which key. Throws Failure(unauthorized) when there is none.
ClientSettings client_settings(const Settings& settings, LogSink log);

}  // namespace omni
