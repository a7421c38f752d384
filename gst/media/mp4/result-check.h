// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decides whether the result of a service may go downstream: it must be a complete MP4 and
// plausible for what was bought. Only the boxes are checked; the decoder finds out whether the
// video decodes.
#pragma once

#include <optional>
#include <string>

#include "service/byte-rope.h"

namespace omni::mp4 {

/// A sentence for the user that says what is wrong; nullopt for a usable result. `seconds` is the
/// length that was bought, 0 = unknown.
std::optional<std::string> result_problem(const ByteRope& result, unsigned seconds);

}  // namespace omni::mp4
