// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Reads files named by properties (texts, keys, images): bounded, and never anything that could
// block. Also holds what all writers of results share.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "service/byte-rope.h"

namespace omni {

/// Reads a whole regular file of at most `most` bytes. `property` named it. Throws Failure.
std::string read_file(const std::string& path, const char* property, std::size_t most);

/// The text of a property, or that of the file if it is @FILE.
std::string text_or_file(const std::string& value, const char* property);

/// The first line of a key file.
std::string first_line(const std::string& path, const char* property);

/// The folder of the ledger and of results: state-dir, or if that is empty gst-omni in the XDG
/// state folder.
std::string state_folder(const std::string& state_dir);

/// False, with errno set, if not everything could be written.
bool write_all(int file, GBytes* bytes);
/// Maps a whole file instead of reading it. nullptr, with `why` (may be null), if it fails.
std::shared_ptr<const ByteRope> map_file(int file, std::string* why);

/// An environment variable; empty if it is not set.
std::string environment(const char* name);

}  // namespace omni
