// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/url.h"

#include <arpa/inet.h>
#include <gio/gio.h>

#include <array>

#include "service/glib-ptr.h"
#include "service/redact.h"

namespace omni {

namespace {

// Percent-encoding is kept: a signature covers the text, and %2B is not a plus.
constexpr auto kFlags = static_cast<GUriFlags>(G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED);

UriPtr parse(const std::string& url) {
  return UriPtr(g_uri_parse(url.c_str(), kFlags, nullptr));
}

bool is_web(GUri* uri) {
  const char* scheme = uri ? g_uri_get_scheme(uri) : nullptr;
  const bool web = scheme && (g_str_equal(scheme, "http") || g_str_equal(scheme, "https"));
  return web && g_uri_get_host(uri) && *g_uri_get_host(uri);
}

int port_of(GUri* uri) {
  const int port = g_uri_get_port(uri);
  if (port > 0) return port;
  return g_str_equal(g_uri_get_scheme(uri), "https") ? 443 : 80;
}

struct Network4 {
  std::uint32_t address;
  int bits;
};

bool is_local_v4(std::uint32_t address) {
  static constexpr std::array kLocal = {
      Network4{0x00000000, 8},   // this host
      Network4{0x0a000000, 8},   // private
      Network4{0x64400000, 10},  // carrier-grade NAT
      Network4{0x7f000000, 8},   // loopback
      Network4{0xa9fe0000, 16},  // link-local
      Network4{0xac100000, 12},  // private
      Network4{0xc0a80000, 16},  // private
  };
  for (const Network4& network : kLocal) {
    if ((address ^ network.address) >> (32 - network.bits) == 0) return true;
  }
  return false;
}

bool is_local_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address)) return true;
  if (IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_SITELOCAL(&address)) return true;
  const std::uint8_t* byte = address.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    const auto part = [byte](int index) { return static_cast<std::uint32_t>(byte[index]); };
    return is_local_v4(part(12) << 24 | part(13) << 16 | part(14) << 8 | part(15));
  }
  return (byte[0] & 0xfe) == 0xfc;  // unique local
}

bool is_local_name(std::string name) {
  while (name.ends_with('.')) name.pop_back();
  if (name.find('.') == std::string::npos) return true;  // localhost, and local names
  for (const char* end : {".localhost", ".local", ".internal", ".home.arpa"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

}  // namespace

bool is_local_address(const std::string& url) {
  const UriPtr uri = parse(url);
  if (!is_web(uri.get())) return false;
  const CharPtr lower(g_ascii_strdown(g_uri_get_host(uri.get()), -1));
  std::string host = lower.get();
  host = host.substr(0, host.find('%'));  // an IPv6 zone
  in6_addr v6;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return is_local_v6(v6);
  in_addr v4;
  if (inet_aton(host.c_str(), &v4) == 1) return is_local_v4(ntohl(v4.s_addr));
  return is_local_name(host);
}

std::string origin_of(const std::string& url) {
  const UriPtr uri = parse(url);
  if (!is_web(uri.get())) return {};
  const CharPtr host(g_ascii_strdown(g_uri_get_host(uri.get()), -1));
  return std::string(g_uri_get_scheme(uri.get())) + "://" + host.get() + ":" +
         std::to_string(port_of(uri.get()));
}

std::optional<std::string> resolve_url(const std::string& base, const std::string& reference) {
  const UriPtr base_uri = parse(base);
  if (!base_uri) return std::nullopt;
  const UriPtr uri(g_uri_parse_relative(base_uri.get(), reference.c_str(), kFlags, nullptr));
  if (!is_web(uri.get())) return std::nullopt;
  // GLib reads a path from "http://a b;c:" that it then refuses to write.
  const char* path = g_uri_get_path(uri.get());
  if (*path && *path != '/') return std::nullopt;
  const CharPtr text(g_uri_to_string(uri.get()));
  // GLib also cannot parse every host that it has written.
  if (!text || origin_of(text.get()).empty()) return std::nullopt;
  return std::string(text.get());
}

std::string join_path(const std::string& base, std::string_view path) {
  std::string joined = base;
  while (!joined.empty() && joined.back() == '/') joined.pop_back();
  if (path.empty() || path.front() != '/') joined += '/';
  joined += path;
  return joined;
}

bool is_base_url(const std::string& url) {
  const UriPtr uri = parse(url);
  return is_web(uri.get()) && !g_uri_get_userinfo(uri.get()) && !g_uri_get_query(uri.get()) &&
         !g_uri_get_fragment(uri.get()) && url.find_first_of(" \t\r\n") == std::string::npos;
}

std::string normal_base_url(const std::string& url) {
  const UriPtr uri = parse(url);
  std::string normal = origin_of(url);
  if (normal.empty()) return url;
  normal += g_uri_get_path(uri.get());
  while (normal.ends_with('/')) normal.pop_back();
  return normal;
}

bool may_redirect(const std::string& from, const std::string& to) {
  const UriPtr source = parse(from), target = parse(to);
  if (!is_web(source.get()) || !is_web(target.get())) return false;
  const bool secure_from = g_str_equal(g_uri_get_scheme(source.get()), "https");
  const bool secure_to = g_str_equal(g_uri_get_scheme(target.get()), "https");
  return secure_to || !secure_from;
}

std::string redact_url(const std::string& url) {
  if (g_str_has_prefix(url.c_str(), "data:")) return "data:(redacted)";
  const UriPtr uri = parse(url);
  if (!uri || !g_uri_get_host(uri.get())) return "(not a URL)";
  const std::string host = g_uri_get_host(uri.get());
  const bool literal = host.find(':') != std::string::npos;  // an IPv6 address
  std::string shown = std::string(g_uri_get_scheme(uri.get())) + "://";
  shown += literal ? "[" + host + "]" : host;
  if (g_uri_get_port(uri.get()) > 0) {
    shown += ':';
    shown += std::to_string(g_uri_get_port(uri.get()));
  }
  shown += g_uri_get_path(uri.get());
  if (g_uri_get_query(uri.get())) shown += "?(redacted)";
  return without_hidden_words(shown);
}

}  // namespace omni
