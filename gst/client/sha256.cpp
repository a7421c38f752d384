// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/sha256.h"

#include <algorithm>
#include <memory>

namespace omni {

namespace {

// Bytes between two checks for cancellation: 3 ms.
constexpr std::size_t kStride = 1024 * 1024;

using ChecksumPtr = std::unique_ptr<GChecksum, FreeWith<&g_checksum_free>>;

}  // namespace

std::string sha256_hex(std::string_view text) {
  const CharPtr hex(g_compute_checksum_for_data(
      G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(text.data()), text.size()));
  return hex.get();
}

std::string sha256_hex(const ByteRope& bytes, const std::atomic<bool>* cancelled) {
  const ChecksumPtr sum(g_checksum_new(G_CHECKSUM_SHA256));
  for (std::size_t at = 0; at < bytes.size();) {
    if (cancelled && *cancelled) return {};
    const auto [data, size] = bytes.run_at(at);
    const std::size_t step = std::min(size, kStride);
    g_checksum_update(sum.get(), data, static_cast<gssize>(step));
    at += step;
  }
  return g_checksum_get_string(sum.get());
}

}  // namespace omni
