// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Images that a request names: reading their addresses, and the pictures in them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emu {

/// One image of a request, as it stands there.
struct ImageInput {
  enum class Role { reference, first, last };
  std::string name;  // of the field, for messages: "image_urls[0]"
  std::string url;   // http(s) address or data URI
  Role role = Role::reference;
  std::string file;  // where its bytes are kept
};

struct ImageSize {
  unsigned width = 0, height = 0;
};

/// A picture in memory: three planes, the chroma planes half as wide and high (I420).
struct Picture {
  unsigned width = 0, height = 0;  // even
  std::vector<std::uint8_t> planes[3];
};

/// Throws std::runtime_error when there is no picture in the file that can be decoded.
ImageSize image_size(const std::string& path);

/// The picture, turned upright and stretched to this size.
Picture load_picture(const std::string& path, unsigned width, unsigned height);

}  // namespace emu
