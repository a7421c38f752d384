// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Files that properties name: texts, keys, images. Bounded, and never anything that could block.
// And what all who write results share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "service/byte-rope.h"

namespace omni {

/// A whole regular file of at most `most` bytes; `property` is what named it. Throws Failure.
std::string read_file(const std::string& path, const char* property, std::size_t most);

/// A property's text, or that of the file which @FILE names.
std::string text_or_file(const std::string& value, const char* property);

/// What stands in a key file.
std::string first_line(const std::string& path, const char* property);

/// Where ledger and results are: state-dir, or gst-omni in the XDG state folder when that is empty.
std::string state_folder(const std::string& state_dir);

/// False with errno when not all could be written.
bool write_all(int file, GBytes* bytes);
/// A whole file as it is on disk, not read; nullptr with `why` (may be null).
std::shared_ptr<const ByteRope> map_file(int file, std::string* why);

/// An environment variable; empty when it is not set.
std::string environment(const char* name);

}  // namespace omni
