// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Fetches reference videos and images that are given by URL.
#pragma once

#include <gio/gio.h>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace emu {

struct FetchFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct FetchRules {
  std::uint64_t limit = 0;  // bytes
  bool anywhere = false;    // false: from this machine's own addresses only
};

/// Follows a few redirects, each under the same rules and never from https to http. Throws
/// FetchFailure without the URL: its query may be a secret.
void fetch(const std::string& url, const std::string& path, const FetchRules& rules,
           GCancellable* cancel);

}  // namespace emu
