// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// URLs: joining, origins, redirects, and redaction for display. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace omni {

/// scheme://host:port in lower case with an explicit port; empty for anything but http and https.
std::string origin_of(const std::string& url);

/// `reference` resolved against `base` (RFC 3986); nullopt unless the result is an http or https
/// URL.
std::optional<std::string> resolve_url(const std::string& base, const std::string& reference);

/// `base` + `path`. `base` may end with a slash and may have a path.
std::string join_path(const std::string& base, std::string_view path);

/// True for a base of API paths: http(s), a host, optionally a port and a path; no user, query or
/// fragment.
bool is_base_url(const std::string& url);

/// Normalized: equal for addresses that differ only in case, the default port and trailing slashes.
std::string normal_base_url(const std::string& url);

/// True if a request to `from` may be redirected to `to`: only http(s), and never from https to
/// http.
bool may_redirect(const std::string& from, const std::string& to);

/// True for an address that, judging by its text, only this machine or its own network can reach:
/// loopback, private and link-local addresses, localhost, *.local, and names without a dot. No name
/// is resolved.
bool is_local_address(const std::string& url);

/// For logs and messages: without user, password, query and fragment, which may contain secrets.
std::string redact_url(const std::string& url);

}  // namespace omni
