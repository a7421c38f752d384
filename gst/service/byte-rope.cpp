// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "service/byte-rope.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace omni {

void ByteRope::append(BytesPtr piece) {
  if (!piece) return;
  const std::size_t length = g_bytes_get_size(piece.get());
  if (length == 0) return;  // an empty piece would give two pieces the same offset
  starts_.push_back(size_);
  pieces_.push_back(std::move(piece));
  size_ += length;
}

std::size_t ByteRope::index_at(std::uint64_t offset) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  return static_cast<std::size_t>(after - starts_.begin()) - 1;
}

void ByteRope::append_slice(const ByteRope& from, std::uint64_t offset, std::uint64_t length) {
  if (offset >= from.size_) return;
  length = std::min<std::uint64_t>(length, from.size_ - offset);
  for (std::size_t index = from.index_at(offset); length > 0; ++index) {
    GBytes* piece = from.pieces_[index].get();
    const std::uint64_t inside = offset - from.starts_[index];
    const std::uint64_t count = std::min<std::uint64_t>(length, g_bytes_get_size(piece) - inside);
    append(BytesPtr::adopt(g_bytes_new_from_bytes(piece, inside, count)));
    offset += count;
    length -= count;
  }
}

std::size_t ByteRope::read(std::uint64_t offset, void* to, std::size_t length) const {
  auto* out = static_cast<std::uint8_t*>(to);
  std::size_t done = 0;
  while (done < length) {
    const auto [data, available] = run_at(offset + done);
    if (available == 0) break;
    const std::size_t count = std::min(available, length - done);
    std::memcpy(out + done, data, count);
    done += count;
  }
  return done;
}

std::pair<const std::uint8_t*, std::size_t> ByteRope::run_at(std::uint64_t offset) const {
  if (offset >= size_) return {nullptr, 0};
  const std::size_t index = index_at(offset);
  gsize length = 0;
  const auto* data =
      static_cast<const std::uint8_t*>(g_bytes_get_data(pieces_[index].get(), &length));
  const auto inside = static_cast<std::size_t>(offset - starts_[index]);
  return {data + inside, length - inside};
}

}  // namespace omni
