// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The client's log: levels and a sink that the application of this library sets. Nothing that goes
// through here holds a key or a URL query: callers pass redact_url() and quote_for_user().
#pragma once

#include <functional>
#include <string>

namespace omni {

enum class LogLevel {
  warning,  // something the user should know
  info,     // the story of a job in a few lines
  debug,    // each HTTP exchange
};

using LogSink = std::function<void(LogLevel, const std::string&)>;

}  // namespace omni
