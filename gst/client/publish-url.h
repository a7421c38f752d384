// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// URL templates: where a name is inserted, and which part of a URL may be shown or sent. Pure
// functions.
#pragma once

#include <string>

namespace omni {

/// Replaces every {what} in a template.
std::string fill_template(std::string text, const std::string& what, const std::string& value);

/// The address of `path` ("hex/reference.mp4") below `base`: replaces {name}, or is appended to the
/// path, before any query.
std::string public_address(const std::string& base, const std::string& path);

struct PutTarget {
  std::string url;            // without user and password
  std::string authorization;  // "Basic ...", or empty
};
/// `put_url` for one name. Throws Failure(invalid_request) for a template without {name} in its
/// path or query, and for anything but an http(s) URL.
PutTarget put_target(const std::string& put_url, const std::string& name);

/// The URL for reading the file stored at `target`: from `public_url`, or if that is empty, the
/// same URL without its query. Throws Failure(invalid_request) if that cannot be the same file.
std::string read_address(const PutTarget& target, const std::string& public_url,
                         const std::string& name);

}  // namespace omni
