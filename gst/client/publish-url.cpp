// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/publish-url.h"

#include <gio/gio.h>

#include "client/url.h"
#include "service/error.h"
#include "service/glib-ptr.h"

namespace omni {

namespace {

// Unchanged: what the user wrote is sent and signed as it is.
constexpr auto kVerbatim =
    static_cast<GUriFlags>(G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH |
                           G_URI_FLAGS_ENCODED_QUERY | G_URI_FLAGS_ENCODED_FRAGMENT);

[[noreturn]] void refuse(std::string text) {
  throw Failure(Reason::invalid_request, std::move(text));
}

UriPtr parse(const std::string& url) {
  return UriPtr(g_uri_parse(url.c_str(), kVerbatim, nullptr));
}

bool holds(const char* text, const std::string& part) {
  return text && std::string_view(text).find(part) != std::string_view::npos;
}

std::string without_user(GUri* uri, bool with_query) {
  const CharPtr text(g_uri_join(kVerbatim, g_uri_get_scheme(uri), nullptr, g_uri_get_host(uri),
                                g_uri_get_port(uri), g_uri_get_path(uri),
                                with_query ? g_uri_get_query(uri) : nullptr, nullptr));
  return text.get();
}

std::string basic_credentials(GUri* uri) {
  if (!g_uri_get_user(uri)) return {};
  const char* password = g_uri_get_password(uri);
  const std::string both = std::string(g_uri_get_user(uri)) + ":" + (password ? password : "");
  const CharPtr base64(g_base64_encode(reinterpret_cast<const guchar*>(both.data()), both.size()));
  return std::string("Basic ") + base64.get();
}

}  // namespace

std::string fill_template(std::string text, const std::string& what, const std::string& value) {
  const std::string mark = "{" + what + "}";
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size())
    text.replace(at, mark.size(), value);
  return text;
}

std::string public_address(const std::string& base, const std::string& path) {
  if (base.find("{name}") != std::string::npos) return fill_template(base, "name", path);
  const std::size_t end = std::min(base.find_first_of("?#"), base.size());
  return join_path(base.substr(0, end), path) + base.substr(end);
}

PutTarget put_target(const std::string& put_url, const std::string& name) {
  const UriPtr uri = parse(fill_template(put_url, "name", name));
  if (!uri || origin_of(without_user(uri.get(), false)).empty())
    refuse("put-url \"" + redact_url(put_url) +
           "\" is not a web address. Write http(s)://[USER:PASSWORD@]HOST/FOLDER/{name}.");
  if (!holds(g_uri_get_path(uri.get()), name) && !holds(g_uri_get_query(uri.get()), name))
    refuse("put-url \"" + redact_url(put_url) +
           "\" has no {name}: two jobs would overwrite each other's reference. Write "
           "http(s)://HOST/FOLDER/{name}.");
  return {without_user(uri.get(), true), basic_credentials(uri.get())};
}

std::string read_address(const PutTarget& target, const std::string& public_url,
                         const std::string& name) {
  if (!public_url.empty()) {
    const std::string url = fill_template(public_url, "name", name);
    if (url.find(name) != std::string::npos) return url;
    refuse("public-url \"" + redact_url(public_url) +
           "\" has no {name}: the service would download the same file for every job. Write "
           "http(s)://HOST/FOLDER/{name}.");
  }
  const UriPtr uri = parse(target.url);
  const std::string url = without_user(uri.get(), false);
  if (url.find(name) != std::string::npos) return url;
  refuse(
      "put-url has {name} in its query, so the URL for reading is unknown. Set public-url to it, "
      "with {name} in it.");
}

}  // namespace omni
