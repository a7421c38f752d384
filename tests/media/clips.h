// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Clips for the tests of media: made by a launch line, and looked at by decoding them again, so
// that what the code under test says about a file is not all there is.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>
#include <vector>

#include "service/byte-rope.h"

namespace clips {

using BytesPtr = std::shared_ptr<const omni::ByteRope>;

/// What the line's last element, which must be `appsink name=out`, gets up to EOS. Aborts the test
/// when the line does not work.
BytesPtr make(const std::string& line);

std::string text(const omni::ByteRope& bytes);
BytesPtr rope(const std::string& text, std::size_t piece = 4096);

/// The same file, to be shown turned to the right by a quarter; `height` is its picture's.
BytesPtr turned(const BytesPtr& file, std::uint32_t height);

struct Buffer {
  GstClockTime time = 0;  // running time
  std::string data;
};
struct Stream {
  std::string caps;
  std::string orientation;  // tag image-orientation
  std::vector<Buffer> buffers;
};

/// The file through filesrc ! qtdemux ! CHAIN ! appsink, for the track "video" or "audio".
Stream play(const omni::ByteRope& file, const std::string& track, const std::string& chain);

}  // namespace clips
