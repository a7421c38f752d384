// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The images of a request: reading their URLs and decoding them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emu {

/// One image as given in a request.
struct ImageInput {
  enum class Role { reference, first, last };
  std::string name;  // name of the field, for messages: "image_urls[0]"
  std::string url;   // http(s) URL or data URI
  Role role = Role::reference;
  std::string file;  // the file with its bytes
};

struct ImageSize {
  unsigned width = 0, height = 0;
};

/// A decoded image: three planes, the chroma planes half as wide and high (I420).
struct Picture {
  unsigned width = 0, height = 0;  // even
  std::vector<std::uint8_t> planes[3];
};

/// Throws std::runtime_error if the file contains no image that can be decoded.
ImageSize image_size(const std::string& path);

/// The image, rotated upright and scaled to this size.
Picture load_picture(const std::string& path, unsigned width, unsigned height);

}  // namespace emu
