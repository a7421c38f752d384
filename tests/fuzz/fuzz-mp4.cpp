// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// libFuzzer target: any bytes as an MP4, in pieces whose length the last byte chooses.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "media/mp4/probe.h"
#include "service/glib-ptr.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

omni::ByteRope in_pieces(const std::uint8_t* data, std::size_t size) {
  omni::ByteRope bytes;
  const std::size_t piece = size == 0 ? 1 : 1 + data[size - 1] % 64 * std::size_t{17};
  for (std::size_t at = 0; at < size; at += piece) {
    bytes.append(omni::BytesPtr::adopt(g_bytes_new_static(data + at, std::min(piece, size - at))));
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto outcome = omni::mp4::probe(in_pieces(data, size));
  if (const auto* info = std::get_if<omni::mp4::Info>(&outcome)) {
    require(info->video() != nullptr);
    require(info->duration_ns == info->video()->duration_ns);
  } else {
    const std::string& text = std::get<omni::mp4::Problem>(outcome).text;
    require(!text.empty() && g_utf8_validate(text.c_str(), -1, nullptr));
  }
  return 0;
}
