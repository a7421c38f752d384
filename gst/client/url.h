// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// URLs: joining, origins, redirects, and the form in which they may be shown. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace omni {

/// scheme://host:port in lower case with the port written out; empty for anything but http and
/// https.
std::string origin_of(const std::string& url);

/// `reference` as seen from `base` (RFC 3986); nullopt unless the outcome is an http or https URL.
std::optional<std::string> resolve_url(const std::string& base, const std::string& reference);

/// `base` + `path`, where base may end in a slash and may have a path of its own.
std::string join_path(const std::string& base, std::string_view path);

/// A base for API paths: http(s), a host, perhaps a port and a path; no user, query or fragment.
bool is_base_url(const std::string& url);

/// The same for addresses that differ in nothing but case, the default port and slashes at the end.
std::string normal_base_url(const std::string& url);

/// May a request that went to `from` be sent on to `to`? Only http(s), and never from https to
/// http.
bool may_redirect(const std::string& from, const std::string& to);

/// An address that only this machine or its own network can reach, as far as the text tells:
/// loopback, private and link-local addresses, localhost, *.local, and names without a dot. No name
/// is looked up.
bool is_local_address(const std::string& url);

/// For logs and messages: without user, password, query and fragment, which may hold secrets.
std::string redact_url(const std::string& url);

}  // namespace omni
