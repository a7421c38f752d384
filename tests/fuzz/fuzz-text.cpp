// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// libFuzzer target: any bytes where a server, a peer or a file says something short: URLs, the
// headers Retry-After and Range, an AAC setup, and what is shown of all that to a user.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "client/byte-range.h"
#include "client/retry.h"
#include "client/url.h"
#include "media/aac-setup.h"
#include "service/redact.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// A query may be signed: that there is one is all that is shown.
bool shows_no_query(const std::string& shown) {
  const std::size_t mark = shown.find('?');
  return mark == std::string::npos || shown.substr(mark) == "?(redacted)";
}

bool is_web(const std::string& url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

/// Whatever a service names: only the web, and never from https to http.
void check_url(const std::string& text) {
  for (const char* base : {"https://api.example/v1", "http://127.0.0.1:8080/a/b?c"}) {
    const auto resolved = omni::resolve_url(base, text);
    if (!resolved) continue;
    require(is_web(*resolved));
    const std::string origin = omni::origin_of(*resolved);
    require(is_web(origin));
    if (omni::may_redirect("https://api.example/", *resolved))
      require(origin.starts_with("https://"));
    omni::is_local_address(*resolved);
    require(shows_no_query(omni::redact_url(*resolved)));
  }
  omni::is_base_url(text);
  omni::redact_typed_url(text);
}

void check_headers(const std::string& text) {
  if (const auto pause = omni::parse_retry_after(text.c_str(), 1'700'000'000))
    require(*pause >= 0 && *pause <= 600 * omni::kSecond);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1000}, UINT64_MAX}) {
    const omni::ByteRange range = omni::parse_byte_range(text, size);
    if (range.kind == omni::ByteRange::Kind::part)
      require(range.first <= range.last && range.last < size);
  }
}

void check_aac(std::string_view bytes) {
  omni::read_aac_config(bytes);
  if (bytes.size() < omni::kAdtsBytes) return;
  std::array<std::uint8_t, omni::kAdtsBytes> head;
  for (std::size_t i = 0; i < head.size(); ++i) head[i] = static_cast<std::uint8_t>(bytes[i]);
  if (const auto adts = omni::read_adts(head)) require(adts->header <= adts->size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_url(text.substr(0, text.find('\0')));
  check_headers(text.substr(0, text.find('\0')));
  check_aac(text);
  const std::string shown = omni::quote_for_user(text);
  require(g_utf8_validate(shown.data(), static_cast<gssize>(shown.size()), nullptr));
  omni::find_request_id(text);
  return 0;
}
