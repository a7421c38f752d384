// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// AWS Signature Version 4 as S3 requires it: the path signed as it is sent, the payload's hash in a
// header. Pure functions over texts; the time is an argument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace omni {

using SignedHeaders = std::vector<std::pair<std::string, std::string>>;

struct SigV4Key {
  std::string access_key, secret_key, session_token;
  std::string region;
  std::string service = "s3";
};

struct SigV4Request {
  std::string method;
  std::string url;        // as sent: percent-encoded
  SignedHeaders headers;  // all signed headers but Host, which comes from the URL
  std::string payload_hash;
};

inline constexpr char kUnsignedPayload[] = "UNSIGNED-PAYLOAD";

/// Percent-encodes all but A-Z a-z 0-9 - . _ ~ (and / in a path).
std::string sigv4_encode(std::string_view text, bool is_path = false);
/// 20130524T000000Z
std::string sigv4_time(std::int64_t unix_seconds);

// The steps, named as in the specification. `time` has the form above.
std::string canonical_request(const SigV4Request& request);
std::string string_to_sign(const std::string& canonical, const SigV4Key& key,
                           const std::string& time);
std::string sigv4_signature(const std::string& to_sign, const SigV4Key& key,
                            const std::string& time);

/// The value of the Authorization header.
std::string sigv4_authorization(const SigV4Request& request, const SigV4Key& key,
                                const std::string& time);

/// The headers to send with a body of this hash, including Authorization.
SignedHeaders sigv4_headers(SigV4Request request, const SigV4Key& key, const std::string& time);

/// A URL that allows anybody to do `method` for this many seconds.
std::string presigned_url(const std::string& method, const std::string& url, const SigV4Key& key,
                          const std::string& time, std::int64_t expires_seconds);

}  // namespace omni
