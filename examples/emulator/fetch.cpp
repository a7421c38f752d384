// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "fetch.h"

#include <libsoup/soup.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "config.h"
#include "service/glib-ptr.h"

namespace emu {
namespace {

constexpr unsigned kMaxRedirects = 5;
constexpr auto kUriFlags = static_cast<GUriFlags>(
    G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY |
    G_URI_FLAGS_ENCODED_FRAGMENT | G_URI_FLAGS_SCHEME_NORMALIZE);
constexpr unsigned kIdleSeconds = 30;
constexpr gint64 kWholeMicroseconds = 300 * G_USEC_PER_SEC;

bool is_loopback(GUri* uri) {
  const char* host = g_uri_get_host(uri);
  if (!host) return false;
  if (g_ascii_strcasecmp(host, "localhost") == 0) return true;
  GInetAddress* raw = g_inet_address_new_from_string(host);
  const auto address = omni::ObjectPtr<GInetAddress>::adopt(raw);
  return address && g_inet_address_get_is_loopback(address.get());
}

bool has_scheme(GUri* uri, const char* scheme) {
  return g_ascii_strcasecmp(g_uri_get_scheme(uri), scheme) == 0;
}

void check(GUri* uri, const FetchRules& rules) {
  if (!has_scheme(uri, "http") && !has_scheme(uri, "https")) {
    throw FetchFailure("the address is not http(s)");
  }
  if (!rules.anywhere && !is_loopback(uri)) {
    throw FetchFailure(
        "the emulator fetches from this computer only, unless it runs with --fetch-anywhere");
  }
}

omni::UriPtr parse(const char* text) {
  omni::UriPtr uri(g_uri_parse(text, kUriFlags, nullptr));
  if (!uri) throw FetchFailure("it is not a valid URL");
  return uri;
}

omni::UriPtr redirect_target(GUri* from, SoupMessage* message, const FetchRules& rules) {
  const char* location =
      soup_message_headers_get_one(soup_message_get_response_headers(message), "Location");
  omni::UriPtr to(location ? g_uri_parse_relative(from, location, kUriFlags, nullptr) : nullptr);
  if (!to) throw FetchFailure("a redirect without a valid URL");
  check(to.get(), rules);
  if (has_scheme(from, "https") && !has_scheme(to.get(), "https")) {
    throw FetchFailure("a redirect from https to http");
  }
  return to;
}

struct Opened {
  omni::ObjectPtr<SoupMessage> message;
  omni::ObjectPtr<GInputStream> stream;
};

Opened open(SoupSession* session, omni::UriPtr uri, const FetchRules& rules, GCancellable* cancel) {
  for (unsigned hop = 0; hop <= kMaxRedirects; ++hop) {
    Opened opened;
    opened.message =
        omni::ObjectPtr<SoupMessage>::adopt(soup_message_new_from_uri("GET", uri.get()));
    soup_message_add_flags(opened.message.get(), SOUP_MESSAGE_NO_REDIRECT);
    GError* raw = nullptr;
    opened.stream = omni::ObjectPtr<GInputStream>::adopt(
        soup_session_send(session, opened.message.get(), cancel, &raw));
    const omni::ErrorPtr error(raw);
    if (!opened.stream) throw FetchFailure(error->message);
    const unsigned status = soup_message_get_status(opened.message.get());
    if (status == SOUP_STATUS_OK) return opened;
    if (!SOUP_STATUS_IS_REDIRECTION(status)) {
      throw FetchFailure("the server answered with status " + std::to_string(status));
    }
    uri = redirect_target(uri.get(), opened.message.get(), rules);
  }
  throw FetchFailure("over 5 redirects");
}

}  // namespace

void fetch(const std::string& url, const std::string& path, const FetchRules& rules,
           GCancellable* cancel) {
  omni::UriPtr uri = parse(url.c_str());
  check(uri.get(), rules);
  const auto session = omni::ObjectPtr<SoupSession>::adopt(soup_session_new_with_options(
      "user-agent", "omni-emulator/" VERSION, "timeout", kIdleSeconds, nullptr));
  const Opened opened = open(session.get(), std::move(uri), rules, cancel);
  std::ofstream file(path, std::ios::binary);
  std::vector<char> piece(64 * 1024);
  std::uint64_t total = 0;
  const gint64 end = g_get_monotonic_time() + kWholeMicroseconds;
  for (;;) {
    GError* raw = nullptr;
    const gssize got =
        g_input_stream_read(opened.stream.get(), piece.data(), piece.size(), cancel, &raw);
    const omni::ErrorPtr error(raw);
    if (got < 0) throw FetchFailure(error->message);
    if (got == 0) break;
    total += static_cast<std::uint64_t>(got);
    if (total > rules.limit) {
      throw FetchFailure("it is over " + std::to_string(rules.limit / (1024 * 1024)) + " MiB");
    }
    if (g_get_monotonic_time() > end) throw FetchFailure("it took over 5 minutes");
    file.write(piece.data(), got);
  }
  if (!file.flush()) throw FetchFailure("the emulator cannot write the file");
}

}  // namespace emu
