// The command line.
#pragma once

#include <optional>

#include "settings.h"

namespace emu {

/// Nothing when --help or --version was all that was wanted. Throws std::invalid_argument with one
/// clear line about a bad option.
std::optional<Settings> read_options(int argc, char** argv);

}  // namespace emu
