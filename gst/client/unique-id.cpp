// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/unique-id.h"

#include <sys/random.h>

#include <array>
#include <cstdio>

namespace omni {

std::string unique_id() {
  std::array<unsigned char, 16> bytes;
  // For so few bytes this fails only if a signal arrives while the machine is still booting.
  while (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
  }
  bytes[6] = (bytes[6] & 0x0f) | 0x40;  // RFC 9562: version 4, random
  bytes[8] = (bytes[8] & 0x3f) | 0x80;  // the RFC's variant
  std::string id;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", bytes[i]);
    id += hex;
  }
  return id;
}

}  // namespace omni
