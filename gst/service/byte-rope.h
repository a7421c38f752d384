// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A byte sequence made of pieces that are never copied: the reference as it arrived, buffer by
// buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "service/glib-ptr.h"

namespace omni {

/// A rope of GBytes with random access. Filled once, then shared read-only.
class ByteRope {
 public:
  void append(BytesPtr piece);
  /// Part of another rope, clamped to its end. The memory is shared, not copied.
  void append_slice(const ByteRope& from, std::uint64_t offset, std::uint64_t length);
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Copies up to `length` bytes from `offset`. Returns the number of bytes copied.
  std::size_t read(std::uint64_t offset, void* to, std::size_t length) const;

  /// The longest contiguous run that starts at `offset`: pointer and length (0 at the end).
  std::pair<const std::uint8_t*, std::size_t> run_at(std::uint64_t offset) const;

  /// The pieces in order, for callers that pass them on whole.
  const std::vector<BytesPtr>& pieces() const { return pieces_; }

 private:
  std::size_t index_at(std::uint64_t offset) const;  // of the piece

  std::vector<BytesPtr> pieces_;
  std::vector<std::uint64_t> starts_;  // offset of each piece
  std::size_t size_ = 0;
};

}  // namespace omni
