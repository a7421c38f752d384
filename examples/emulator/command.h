// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The user's own program as the model (--command).
#pragma once

#include "probe.h"
#include "render.h"

namespace emu {

/// Runs the program to its end. `image` = the file of the first image, or empty. Lines "progress N"
/// (0 to 100) on its stdout are reported. If the program fails or leaves no MP4, throws TaskFailure
/// with the last line of its stderr.
void run_command(const RenderSpec& spec, const Probe& probe, const Shape& shape,
                 const std::string& image, Ticket& ticket);

}  // namespace emu
