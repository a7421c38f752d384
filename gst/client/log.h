// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The client's log: levels, and a sink that the application of this library sets. No message may
// contain a key or a URL query: callers use redact_url() and quote_for_user().
#pragma once

#include <functional>
#include <string>

namespace omni {

enum class LogLevel {
  warning,  // something the user should know
  info,     // the progress of a job in a few lines
  debug,    // each HTTP exchange
};

using LogSink = std::function<void(LogLevel, const std::string&)>;

}  // namespace omni
