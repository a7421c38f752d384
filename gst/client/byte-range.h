// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The Range header of HTTP, as far as a server of whole files needs it. A pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace omni {

struct ByteRange {
  enum class Kind {
    whole,          // none was requested, or one that a server may ignore
    part,           // first..last, both included
    unsatisfiable,  // it begins after the end
  };
  Kind kind = Kind::whole;
  std::uint64_t first = 0, last = 0;
};

/// One range of a file of `size` bytes. Several at once are answered with the whole, as a server
/// may. soup_message_headers_get_ranges() does not do here: it joins ranges that overlap into one,
/// and a number that is too large becomes a negative offset.
ByteRange parse_byte_range(std::string_view header, std::uint64_t size);

}  // namespace omni
