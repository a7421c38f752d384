// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/data-uri.h"

#include <string_view>

namespace omni {

std::shared_ptr<const ByteRope> decode_data_uri(const std::string& uri) {
  const std::size_t comma = uri.find(',');
  if (!g_str_has_prefix(uri.c_str(), "data:") || comma == std::string::npos) return nullptr;
  if (!std::string_view(uri).substr(0, comma).ends_with(";base64")) return nullptr;
  gsize size = 0;
  guchar* data = g_base64_decode(uri.c_str() + comma + 1, &size);
  auto bytes = std::make_shared<ByteRope>();
  bytes->append(BytesPtr::adopt(g_bytes_new_take(data, size)));
  return bytes;
}

}  // namespace omni
