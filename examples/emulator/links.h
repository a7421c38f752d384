// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Unguessable names, and the signed, expiring URLs of results.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace emu {

/// `bytes` random bytes from the system, as hex digits.
std::string random_hex(unsigned bytes);

/// `length` random characters from `alphabet`, which has at most 64.
std::string random_text(unsigned length, std::string_view alphabet);

std::int64_t now_ms();

class Links {
 public:
  Links() : secret_(random_hex(32)) {}
  /// "/results/TOKEN.mp4?expires=MS&sig=HEX"
  std::string path_and_query(const std::string& token, std::int64_t expires_ms) const;

  /// The same permission as one word, for an artifact's URL: "MS-HEX".
  std::string access(const std::string& token, std::int64_t expires_ms) const;

  enum class Verdict { good, forged, expired };
  Verdict check(std::string_view token, const char* query) const;
  Verdict check_access(std::string_view token, const char* query) const;

 private:
  std::string sign(std::string_view token, std::string_view expires) const;
  Verdict judge(std::string_view token, std::string_view expires, std::string_view signature) const;

  std::string secret_;
};

}  // namespace emu
