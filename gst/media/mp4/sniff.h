// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Identifies a file that is not an MP4 by its first bytes, so that a message can name its type.
#pragma once

#include <string>

#include "service/byte-rope.h"

namespace omni::mp4 {

/// With its article, such as "a JPEG image"; empty when the first bytes are not recognized.
std::string other_type(const ByteRope& file);

}  // namespace omni::mp4
