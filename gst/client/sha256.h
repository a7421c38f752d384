// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// SHA-256 as 64 hex digits in lower case.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "service/byte-rope.h"

namespace omni {

std::string sha256_hex(std::string_view text);
/// For long data; empty if `cancelled` was set in the meantime.
std::string sha256_hex(const ByteRope& bytes, const std::atomic<bool>* cancelled = nullptr);

}  // namespace omni
