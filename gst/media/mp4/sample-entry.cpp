// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/sample-entry.h"

namespace omni::mp4 {
namespace {

constexpr std::size_t kVideoHead = 8 + 78;  // of a video entry, before its child boxes
constexpr std::size_t kAudioHead = 8 + 28;
constexpr int kMaxDepth = 4;

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}
std::string box(std::string_view type, const std::string& body) {
  return number(8 + body.size(), 4) + std::string(type) + body;
}
std::uint64_t value_at(std::string_view text, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + bytes && i < text.size(); ++i) {
    value = value << 8 | static_cast<std::uint8_t>(text[i]);
  }
  return value;
}

/// Calls `use` with the type and body of each box; stops at the first thing that is not a box.
template <class Use>
void each_box(std::string_view boxes, Use use) {
  while (boxes.size() >= 8) {
    const std::uint64_t size = value_at(boxes, 0, 4);
    if (size < 8 || size > boxes.size()) return;
    use(boxes.substr(4, 4), boxes.substr(8, size - 8));
    boxes.remove_prefix(size);
  }
}

/// An MPEG-4 descriptor: its tag, and its length in groups of seven bits.
std::string descriptor(unsigned tag, const std::string& body) {
  return number(tag, 1) + "\x80\x80\x80" + number(body.size() & 0x7F, 1) + body;
}

/// Removes a descriptor with this tag from the front; empty when the tag differs.
std::string_view open_descriptor(std::string_view& text, unsigned tag) {
  if (text.size() < 2 || value_at(text, 0, 1) != tag) return {};
  std::size_t at = 1;
  std::size_t length = 0;
  for (int i = 0; i < 4 && at < text.size(); ++i) {
    const auto part = static_cast<std::uint8_t>(text[at++]);
    length = length << 7 | (part & 0x7F);
    if (!(part & 0x80)) break;
  }
  const std::string_view body = text.substr(at, length);
  text.remove_prefix(std::min(text.size(), at + length));
  return body;
}

bool holds_aac(std::string_view esds) {
  esds.remove_prefix(std::min<std::size_t>(4, esds.size()));
  std::string_view stream = open_descriptor(esds, 3);
  if (stream.size() < 3) return false;
  const std::uint64_t flags = value_at(stream, 2, 1);
  std::size_t skip = 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x20 ? 2 : 0);
  if (flags & 0x40) skip += 1 + value_at(stream, 3 + (flags & 0x80 ? 2 : 0), 1);
  stream.remove_prefix(std::min(skip, stream.size()));
  const std::uint64_t type = value_at(open_descriptor(stream, 4), 0, 1);
  return type == 0x40 || (type >= 0x66 && type <= 0x68);  // MPEG-4 AAC, MPEG-2 AAC
}

/// QuickTime nests it in a 'wave' box.
std::string find_esds(std::string_view boxes, int depth = 0) {
  std::string found;
  each_box(boxes, [&](std::string_view type, std::string_view body) {
    if (!found.empty()) return;
    if (type == "esds") found = std::string(body);
    if (type == "wave" && depth < kMaxDepth) found = find_esds(body, depth + 1);
  });
  return found;
}

std::string audio_entry(std::uint64_t channels, std::uint64_t rate, const std::string& esds) {
  const std::string head = std::string(6, '\0') + number(1, 2) + std::string(8, '\0') +
                           number(channels, 2) + number(16, 2) + std::string(4, '\0') +
                           number(rate > 0xFFFF ? 0 : rate, 2) + number(0, 2);
  return box("mp4a", head + box("esds", esds));
}

std::string video_head(std::uint64_t width, std::uint64_t height, std::string_view resolution,
                       std::string_view name) {
  return std::string(6, '\0') + number(1, 2) + std::string(16, '\0') + number(width, 2) +
         number(height, 2) + std::string(resolution) + number(0, 4) + number(1, 2) +
         std::string(name) + number(0x18, 2) + number(0xFFFF, 2);
}

std::string colour_box(const Colour& colour) {
  return box("colr", "nclx" + number(colour.primaries, 2) + number(colour.transfer, 2) +
                         number(colour.matrix, 2) + number(colour.full_range ? 0x80 : 0, 1));
}

}  // namespace

std::string avc_entry(unsigned width, unsigned height, std::string_view config,
                      const Colour& colour) {
  const std::string resolution = number(0x480000, 4) + number(0x480000, 4);
  std::string body = video_head(width, height, resolution, std::string(32, '\0')) +
                     box("avcC", std::string(config)) + box("pasp", number(1, 4) + number(1, 4));
  if (colour.primaries != 2 || colour.transfer != 2 || colour.matrix != 2 || colour.full_range) {
    body += colour_box(colour);
  }
  return box("avc1", body);
}

std::string aac_entry(unsigned channels, unsigned rate, std::string_view config) {
  const std::string decoder =
      descriptor(4, number(0x40, 1) + number(0x15, 1) + number(0, 3) + number(0, 4) + number(0, 4) +
                        descriptor(5, std::string(config)));
  const std::string esds = number(0, 4) + descriptor(3, number(0, 2) + number(0, 1) + decoder +
                                                            descriptor(6, number(2, 1)));
  return audio_entry(channels, rate, esds);
}

std::string plain_video_entry(std::string_view entry) {
  if (entry.size() < kVideoHead) return std::string(entry);
  std::string body = video_head(value_at(entry, 32, 2), value_at(entry, 34, 2), entry.substr(36, 8),
                                entry.substr(50, 32));
  each_box(entry.substr(kVideoHead), [&](std::string_view type, std::string_view inner) {
    if (type == "colr" && inner.substr(0, 4) == "nclc") {
      const auto code = [inner](std::size_t at) {
        return static_cast<unsigned>(value_at(inner, at, 2));
      };
      body += colour_box({code(4), code(6), code(8), false});
      return;
    }
    for (const std::string_view known : {"avcC", "pasp", "colr", "clap", "btrt", "mdcv", "clli"}) {
      if (type == known) body += box(type, std::string(inner));
    }
  });
  return box(entry.substr(4, 4), body);
}

bool is_full_range(std::string_view entry) {
  bool full = false;
  if (entry.size() < kVideoHead) return full;
  each_box(entry.substr(kVideoHead), [&](std::string_view type, std::string_view inner) {
    if (type == "colr" && inner.substr(0, 4) == "nclx") full = value_at(inner, 10, 1) & 0x80;
  });
  return full;
}

std::string plain_aac_entry(std::string_view entry, std::uint32_t timescale) {
  if (entry.size() < kAudioHead || entry.substr(4, 4) != "mp4a") return {};
  const std::uint64_t version = value_at(entry, 16, 2);
  const std::size_t head = kAudioHead + (version == 1 ? 16 : version == 2 ? 36 : 0);
  if (entry.size() < head) return {};
  const std::string esds = find_esds(entry.substr(head));
  if (!holds_aac(esds)) return {};
  if (version == 2) return audio_entry(value_at(entry, 48, 4), timescale, esds);
  return audio_entry(value_at(entry, 24, 2), value_at(entry, 32, 2), esds);
}

}  // namespace omni::mp4
