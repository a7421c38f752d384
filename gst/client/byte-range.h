// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The Range header of HTTP, as far as a server of whole files needs it. A pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace omni {

struct ByteRange {
  enum class Kind {
    whole,          // none was asked for, or one that need not be understood
    part,           // first..last, both included
    unsatisfiable,  // it begins behind the end
  };
  Kind kind = Kind::whole;
  std::uint64_t first = 0, last = 0;
};

/// One range of a file of `size` bytes. Several at once are answered with the whole, as a server
/// may.
ByteRange parse_byte_range(std::string_view header, std::uint64_t size);

}  // namespace omni
