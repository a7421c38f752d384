// The Range header of HTTP, as far as a server of whole files needs it, and cutting a rope without
// copying it. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "service/bytes.h"

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

/// `length` bytes from `offset`, in pieces that share the rope's memory.
std::vector<BytesPtr> slices(const Bytes& rope, std::uint64_t offset, std::uint64_t length);

}  // namespace omni
