// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/sniff.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace omni::mp4 {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  const char* type;
};
constexpr std::array kMagics = {
    Magic{"\xFF\xD8\xFF"sv, "a JPEG image"},
    Magic{"\x89PNG"sv, "a PNG image"},
    Magic{"GIF8"sv, "a GIF image"},
    Magic{"\x1A\x45\xDF\xA3"sv, "a WebM or Matroska file"},
    Magic{"FLV\x01"sv, "an FLV file"},
    Magic{"OggS"sv, "an Ogg file"},
    Magic{"fLaC"sv, "a FLAC file"},
    Magic{"ID3"sv, "an MP3 file"},
    Magic{"%PDF"sv, "a PDF document"},
    Magic{"PK\x03\x04"sv, "a ZIP archive"},
    Magic{"\x1F\x8B"sv, "a gzip archive"},
    Magic{"\x00\x00\x01\xBA"sv, "an MPEG program stream"},
    Magic{"\x00\x00\x01\xB3"sv, "an MPEG-1 or MPEG-2 video stream"},
    Magic{"\x00\x00\x00\x01\x67"sv, "a bare H.264 stream"},
    Magic{"\x00\x00\x00\x01\x27"sv, "a bare H.264 stream"},
    Magic{"\x00\x00\x00\x01\x09\x10"sv, "a bare H.264 stream"},
    Magic{"\x00\x00\x00\x01\x09\xF0"sv, "a bare H.264 stream"},
    Magic{"\x00\x00\x00\x01\x40\x01"sv, "a bare H.265 stream"},
};

constexpr std::size_t kTsPacket = 188;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string riff_type(std::string_view head) {
  const std::string_view form = head.substr(std::min<std::size_t>(8, head.size()), 4);
  if (form == "AVI ") return "an AVI file";
  if (form == "WEBP") return "a WebP image";
  if (form == "WAVE") return "a WAV file";
  return "a RIFF file";
}

/// Web servers answer with text where a video was expected.
std::string text_type(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  head.remove_prefix(first);
  if (head.starts_with("<?xml")) return "an XML document";
  if (head.starts_with("<") && head.size() > 1 && (head[1] == '!' || is_letter(head[1]))) {
    return "an HTML page";
  }
  return head.starts_with("{") || head.starts_with("[") ? "a JSON text" : "";
}

/// A 64-bit box size starts with the same bytes as a raw H.264 stream, but a box type follows it.
bool may_be_box(std::string_view head) {
  if (head.size() < 8) return false;
  for (const char c : head.substr(4, 4)) {
    if (!is_letter(c)) return false;
  }
  return true;
}

}  // namespace

std::string other_type(const ByteRope& file) {
  std::array<char, 3 * kTsPacket> buffer;
  const std::string_view head(buffer.data(), file.read(0, buffer.data(), buffer.size()));
  if (may_be_box(head) && head[0] == '\0') return {};
  if (head.starts_with("RIFF")) return riff_type(head);
  for (const Magic& magic : kMagics) {
    if (head.starts_with(magic.bytes)) return magic.type;
  }
  if (head.size() > kTsPacket && head[0] == 0x47 && head[kTsPacket] == 0x47) {
    return "an MPEG transport stream";
  }
  return text_type(head);
}

}  // namespace omni::mp4
