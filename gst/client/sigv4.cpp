// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/sigv4.h"

#include <gio/gio.h>

#include <algorithm>
#include <cctype>

#include "client/sha256.h"
#include "service/glib-ptr.h"

namespace omni {

namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string hmac(const std::string& key, const std::string& text) {
  GHmac* hmac =
      g_hmac_new(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(key.data()), key.size());
  g_hmac_update(hmac, reinterpret_cast<const guchar*>(text.data()),
                static_cast<gssize>(text.size()));
  guint8 digest[32];
  gsize size = sizeof digest;
  g_hmac_get_digest(hmac, digest, &size);
  g_hmac_unref(hmac);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

/// scheme://HOST[:PORT]/PATH?QUERY, split without decoding.
struct UrlParts {
  std::string host, path, query;
};

UrlParts parts_of(const std::string& url) {
  const std::size_t start = url.find("://") + 3;
  const std::size_t path = std::min(url.find_first_of("/?#", start), url.size());
  const std::size_t query = std::min(url.find_first_of("?#", path), url.size());
  const std::size_t end = std::min(url.find('#', query), url.size());
  UrlParts parts;
  parts.host = url.substr(start, path - start);
  const bool secure = url.starts_with("https:");
  const std::string standard = secure ? ":443" : ":80";
  if (parts.host.ends_with(standard)) parts.host.resize(parts.host.size() - standard.size());
  std::transform(parts.host.begin(), parts.host.end(), parts.host.begin(), g_ascii_tolower);
  parts.path = path < query ? url.substr(path, query - path) : "/";
  if (query < end) parts.query = url.substr(query + 1, end - query - 1);
  return parts;
}

std::string canonical_query(const std::string& query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t at = 0; !query.empty() && at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string pair = query.substr(at, end - at);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(pair.substr(0, equals),
                       equals < pair.size() ? pair.substr(equals + 1) : std::string());
    at = end + 1;
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const auto& [name, value] : pairs) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

/// Collapses white space to single spaces and trims the ends.
std::string folded(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (!std::isspace(static_cast<unsigned char>(c)))
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

SignedHeaders headers_to_sign(const SigV4Request& request) {
  SignedHeaders headers = {{"host", parts_of(request.url).host}};
  for (const auto& [name, value] : request.headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), g_ascii_tolower);
    headers.emplace_back(lower, folded(value));
  }
  std::sort(headers.begin(), headers.end(),
            [](const auto& one, const auto& other) { return one.first < other.first; });
  return headers;
}

std::string names_of(const SignedHeaders& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

std::string scope_of(const SigV4Key& key, const std::string& time) {
  return time.substr(0, 8) + "/" + key.region + "/" + key.service + "/aws4_request";
}

}  // namespace

std::string sigv4_encode(std::string_view text, bool is_path) {
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        g_ascii_isalnum(c) || std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain || (is_path && c == '/')) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
      encoded += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
    }
  }
  return encoded;
}

std::string sigv4_time(std::int64_t unix_seconds) {
  GDateTime* time = g_date_time_new_from_unix_utc(unix_seconds);
  const CharPtr text(g_date_time_format(time, "%Y%m%dT%H%M%SZ"));
  g_date_time_unref(time);
  return text.get();
}

std::string canonical_request(const SigV4Request& request) {
  const UrlParts parts = parts_of(request.url);
  const SignedHeaders headers = headers_to_sign(request);
  std::string text =
      request.method + "\n" + parts.path + "\n" + canonical_query(parts.query) + "\n";
  for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
  return text + "\n" + names_of(headers) + "\n" + request.payload_hash;
}

std::string string_to_sign(const std::string& canonical, const SigV4Key& key,
                           const std::string& time) {
  std::string text = kAlgorithm;
  for (const std::string& line : {time, scope_of(key, time), sha256_hex(canonical)})
    text += "\n" + line;
  return text;
}

std::string sigv4_signature(const std::string& to_sign, const SigV4Key& key,
                            const std::string& time) {
  const std::string date = hmac("AWS4" + key.secret_key, time.substr(0, 8));
  const std::string signing = hmac(hmac(hmac(date, key.region), key.service), "aws4_request");
  return hex(hmac(signing, to_sign));
}

std::string sigv4_authorization(const SigV4Request& request, const SigV4Key& key,
                                const std::string& time) {
  const std::string to_sign = string_to_sign(canonical_request(request), key, time);
  std::string text = kAlgorithm;
  text += " Credential=" + key.access_key + "/" + scope_of(key, time);
  text += ", SignedHeaders=" + names_of(headers_to_sign(request));
  text += ", Signature=" + sigv4_signature(to_sign, key, time);
  return text;
}

SignedHeaders sigv4_headers(SigV4Request request, const SigV4Key& key, const std::string& time) {
  request.headers.emplace_back("X-Amz-Date", time);
  request.headers.emplace_back("X-Amz-Content-SHA256", request.payload_hash);
  if (!key.session_token.empty())
    request.headers.emplace_back("X-Amz-Security-Token", key.session_token);
  SignedHeaders headers = request.headers;
  headers.emplace_back("Authorization", sigv4_authorization(request, key, time));
  return headers;
}

std::string presigned_url(const std::string& method, const std::string& url, const SigV4Key& key,
                          const std::string& time, std::int64_t expires_seconds) {
  SigV4Request request{method, url, {}, kUnsignedPayload};
  request.url += url.find('?') == std::string::npos ? '?' : '&';
  request.url += "X-Amz-Algorithm=";
  request.url += kAlgorithm;
  request.url += "&X-Amz-Credential=" + sigv4_encode(key.access_key + "/" + scope_of(key, time));
  request.url += "&X-Amz-Date=" + time + "&X-Amz-Expires=" + std::to_string(expires_seconds);
  request.url += "&X-Amz-SignedHeaders=host";
  if (!key.session_token.empty())
    request.url += "&X-Amz-Security-Token=" + sigv4_encode(key.session_token);
  const std::string to_sign = string_to_sign(canonical_request(request), key, time);
  return request.url + "&X-Amz-Signature=" + sigv4_signature(to_sign, key, time);
}

}  // namespace omni
