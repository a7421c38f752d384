// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Templates of addresses: where a name goes into a URL, and what of a URL may be shown or sent.
// Pure functions.
#pragma once

#include <string>

namespace omni {

/// Replaces every {what} in a template.
std::string fill_template(std::string text, const std::string& what, const std::string& value);

/// The address of `path` ("hex/reference.mp4") below `base`: in the place of {name}, else at the
/// end of the path, before any query.
std::string public_address(const std::string& base, const std::string& path);

struct PutTarget {
  std::string url;            // without user and password
  std::string authorization;  // "Basic ...", or empty
};
/// `put_url` for one name. Throws Failure(invalid_request) for a template without {name} in its
/// path or query, and for what is no http(s) URL.
PutTarget put_target(const std::string& put_url, const std::string& name);

/// What is stored at `target` is read from `public_url`, or without one from the same address
/// without its query. Throws Failure(invalid_request) when that cannot be the same file.
std::string read_address(const PutTarget& target, const std::string& public_url,
                         const std::string& name);

}  // namespace omni
