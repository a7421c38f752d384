// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "links.h"

#include <glib.h>
#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "service/glib-ptr.h"

namespace emu {

namespace {

std::string random_bytes(unsigned count) {
  std::string raw(count, '\0');
  if (getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size())) {
    throw std::runtime_error("the system provides no random numbers");
  }
  return raw;
}

/// Empty if the query does not contain it.
std::string query_value(const char* query, std::string_view wanted) {
  std::string found;
  GUriParamsIter iter;
  g_uri_params_iter_init(&iter, query ? query : "", -1, "&", G_URI_PARAMS_NONE);
  char *name = nullptr, *value = nullptr;
  while (g_uri_params_iter_next(&iter, &name, &value, nullptr)) {
    const omni::CharPtr own_name(name), own_value(value);
    if (wanted == name) found = value;
  }
  return found;
}

}  // namespace

std::string random_hex(unsigned bytes) {
  std::string hex;
  for (const unsigned char byte : random_bytes(bytes)) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::string random_text(unsigned length, std::string_view alphabet) {
  std::string text;
  while (text.size() < length) {
    // Values beyond the alphabet are discarded, so that all characters are equally likely.
    for (const unsigned char byte : random_bytes(length)) {
      const unsigned at = byte & 63U;
      if (at < alphabet.size() && text.size() < length) text += alphabet[at];
    }
  }
  return text;
}

std::int64_t now_ms() {
  return g_get_real_time() / 1000;
}

std::string Links::sign(std::string_view token, std::string_view expires) const {
  const std::string text = std::string(token) + "\n" + std::string(expires);
  omni::CharPtr hmac(
      g_compute_hmac_for_string(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(secret_.data()),
                                secret_.size(), text.data(), static_cast<gssize>(text.size())));
  return hmac.get();
}

std::string Links::path_and_query(const std::string& token, std::int64_t expires_ms) const {
  const std::string expires = std::to_string(expires_ms);
  return "/results/" + token + ".mp4?expires=" + expires + "&sig=" + sign(token, expires);
}

std::string Links::access(const std::string& token, std::int64_t expires_ms) const {
  const std::string expires = std::to_string(expires_ms);
  return expires + "-" + sign(token, expires);
}

Links::Verdict Links::check(std::string_view token, const char* query) const {
  return judge(token, query_value(query, "expires"), query_value(query, "sig"));
}

Links::Verdict Links::check_access(std::string_view token, const char* query) const {
  const std::string access = query_value(query, "access");
  const auto dash = std::min(access.find('-'), access.size());
  return judge(token, access.substr(0, dash), access.substr(std::min(dash + 1, access.size())));
}

Links::Verdict Links::judge(std::string_view token, std::string_view expires,
                            std::string_view signature) const {
  if (signature != sign(token, expires)) return Verdict::forged;
  std::int64_t at = 0;
  std::from_chars(expires.data(), expires.data() + expires.size(), at);
  return now_ms() > at ? Verdict::expired : Verdict::good;
}

}  // namespace emu
