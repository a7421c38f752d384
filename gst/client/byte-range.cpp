// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/byte-range.h"

#include <glib.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace omni {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Digits only. A number that is too large for any file is clamped to the maximum.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

}  // namespace

ByteRange parse_byte_range(std::string_view header, std::uint64_t size) {
  const ByteRange whole;
  const std::size_t equals = header.find('=');
  if (equals == std::string_view::npos) return whole;
  const std::string_view unit = trim(header.substr(0, equals));
  const bool in_bytes =
      unit.size() == 5 && g_ascii_strncasecmp(unit.data(), "bytes", unit.size()) == 0;
  const std::string_view spec = trim(header.substr(equals + 1));
  const std::size_t dash = spec.find('-');
  if (!in_bytes || dash == std::string_view::npos) return whole;
  const std::string_view left = trim(spec.substr(0, dash)), right = trim(spec.substr(dash + 1));
  const auto first = number(left), last = number(right);
  if ((!left.empty() && !first) || (!right.empty() && !last)) return whole;
  if (left.empty()) {
    if (!last) return whole;
    if (*last == 0 || size == 0) return {ByteRange::Kind::unsatisfiable};
    return {ByteRange::Kind::part, size - std::min(*last, size), size - 1};
  }
  if (last && *last < *first) return whole;
  if (*first >= size) return {ByteRange::Kind::unsatisfiable};
  return {ByteRange::Kind::part, *first, last ? std::min(*last, size - 1) : size - 1};
}

}  // namespace omni
