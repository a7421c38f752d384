// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The command line.
#pragma once

#include <optional>

#include "settings.h"

namespace emu {

/// nullopt after --help or --version. Throws std::invalid_argument with a one-line message for an
/// invalid option.
std::optional<Settings> read_options(int argc, char** argv);

}  // namespace emu
