// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Tells what a file is that is no MP4, from its first bytes, so that a message can say so.
#pragma once

#include <string>

#include "service/byte-rope.h"

namespace omni::mp4 {

/// With its article, such as "a JPEG image"; empty when the first bytes tell nothing.
std::string other_type(const ByteRope& file);

}  // namespace omni::mp4
