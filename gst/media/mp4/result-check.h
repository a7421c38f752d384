// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Whether what a service sent as its result may go downstream: an MP4 that is whole, and sane
// beside what was bought. Looks at the boxes alone; whether the picture decodes is found out by who
// decodes it.
#pragma once

#include <optional>
#include <string>

#include "service/byte-rope.h"

namespace omni::mp4 {

/// A sentence for the user that says what is wrong with it; nullopt for a usable result.
/// `seconds`: what was bought, 0 = unknown.
std::optional<std::string> result_problem(const ByteRope& result, unsigned seconds);

}  // namespace omni::mp4
