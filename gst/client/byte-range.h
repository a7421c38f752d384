// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Parsing of the HTTP Range header, as far as a server of whole files needs it. A pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace omni {

struct ByteRange {
  enum class Kind {
    whole,          // no range requested, or one that a server may ignore
    part,           // first..last, both inclusive
    unsatisfiable,  // the range begins after the end
  };
  Kind kind = Kind::whole;
  std::uint64_t first = 0, last = 0;
};

/// One range of a file of `size` bytes. Several ranges are answered with the whole file, as a
/// server may do. soup_message_headers_get_ranges() does not work here: it merges overlapping
/// ranges, and turns a number that is too large into a negative offset.
ByteRange parse_byte_range(std::string_view header, std::uint64_t size);

}  // namespace omni
