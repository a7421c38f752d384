// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The command line.
#pragma once

#include <optional>

#include "settings.h"

namespace emu {

/// Nothing when --help or --version was all that was wanted. Throws std::invalid_argument with one
/// clear line about a bad option.
std::optional<Settings> read_options(int argc, char** argv);

}  // namespace emu
