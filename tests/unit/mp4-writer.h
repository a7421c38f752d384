// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Builds small MP4 files, good and bad, box by box. Shared by the unit tests and the fuzz seeds.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "service/byte-rope.h"

namespace mp4_writer {

inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}
inline std::string u16(std::uint64_t value) {
  return number(value, 2);
}
inline std::string u32(std::uint64_t value) {
  return number(value, 4);
}
inline std::string u64(std::uint64_t value) {
  return number(value, 8);
}
inline std::string zeros(std::size_t count) {
  return std::string(count, '\0');
}

inline std::string box(const std::string& type, const std::string& body) {
  return u32(8 + body.size()) + type + body;
}
inline std::string wide_box(const std::string& type, const std::string& body) {
  return u32(1) + type + u64(16 + body.size()) + body;
}
inline std::string full(const std::string& type, unsigned version, unsigned flags,
                        const std::string& body) {
  return box(type, u32(version << 24 | flags) + body);
}

inline std::string ftyp(const std::string& brand = "isom") {
  return box("ftyp", brand + u32(512) + "isommp42");
}

struct TrackPlan {
  std::uint32_t id = 1;
  std::string handler = "vide";
  std::string codec = "avc1";
  unsigned width = 1280;
  unsigned height = 720;
  int degrees = 0;
  unsigned flags = 7;    // of tkhd: enabled, in movie, in preview
  unsigned version = 0;  // of tkhd and mdhd
  std::uint32_t timescale = 1000;
  std::uint64_t duration = 8000;
  std::uint32_t samples = 4;
  std::uint32_t sample_bytes = 10;
  std::uint64_t chunk_offset = 0;  // all samples are in one chunk
  bool wide_offsets = false;       // co64
  std::string more;                // further boxes in stbl
  std::string edits;               // edts
};

/// A row of an edit list, in the movie's timescale and the track's.
struct EditRow {
  std::uint32_t duration = 0;
  std::int32_t media_time = 0;
};
inline std::string edts(std::initializer_list<EditRow> rows, unsigned version = 0) {
  std::string text;
  for (const EditRow& row : rows) {
    const auto time = static_cast<std::uint64_t>(std::int64_t{row.media_time});
    text += number(row.duration, version == 1 ? 8 : 4) + number(time, version == 1 ? 8 : 4) +
            u32(0x10000);
  }
  return box("edts", full("elst", version, 0, u32(static_cast<std::uint32_t>(rows.size())) + text));
}

/// Times of creation, timescale, duration: what mvhd and mdhd have in common.
inline std::string times(unsigned version, std::uint32_t timescale, std::uint64_t duration) {
  if (version == 1) return u64(0) + u64(0) + u32(timescale) + u64(duration);
  return u32(0) + u32(0) + u32(timescale) + u32(duration);
}

inline std::string matrix(int degrees) {
  const std::uint32_t one = 0x10000;
  const std::uint32_t minus = 0xFFFF0000;
  const std::uint32_t a = degrees == 0 ? one : degrees == 180 ? minus : 0;
  const std::uint32_t b = degrees == 90 ? one : degrees == 270 ? minus : 0;
  const std::uint32_t c = degrees == 90 ? minus : degrees == 270 ? one : 0;
  return u32(a) + u32(b) + u32(0) + u32(c) + u32(a) + u32(0) + u32(0) + u32(0) + u32(0x40000000);
}

inline std::string tkhd(const TrackPlan& plan) {
  const bool wide = plan.version == 1;
  const std::string head = wide ? u64(0) + u64(0) + u32(plan.id) + u32(0) + u64(plan.duration)
                                : u32(0) + u32(0) + u32(plan.id) + u32(0) + u32(plan.duration);
  return full(
      "tkhd", plan.version, plan.flags,
      head + zeros(16) + matrix(plan.degrees) + u32(plan.width << 16) + u32(plan.height << 16));
}

inline std::string stsd(const TrackPlan& plan) {
  const std::string entry =
      box(plan.codec, zeros(24) + u16(plan.width) + u16(plan.height) + zeros(50));
  return full("stsd", 0, 0, u32(1) + entry);
}

inline std::string stbl(const TrackPlan& plan) {
  std::string sizes;
  for (std::uint32_t i = 0; i < plan.samples; ++i) sizes += u32(plan.sample_bytes);
  const std::string offset = plan.wide_offsets ? u64(plan.chunk_offset) : u32(plan.chunk_offset);
  const std::uint32_t delta =
      plan.samples == 0 ? 0 : static_cast<std::uint32_t>(plan.duration / plan.samples);
  const std::string chunks =
      plan.samples == 0 ? u32(0) : u32(1) + u32(1) + u32(plan.samples) + u32(1);
  return box("stbl", stsd(plan) + full("stts", 0, 0, u32(1) + u32(plan.samples) + u32(delta)) +
                         full("stsc", 0, 0, chunks) +
                         full("stsz", 0, 0, u32(0) + u32(plan.samples) + sizes) +
                         full(plan.wide_offsets ? "co64" : "stco", 0, 0,
                              plan.samples == 0 ? u32(0) : u32(1) + offset) +
                         plan.more);
}

inline std::string trak(const TrackPlan& plan) {
  const std::string mdhd =
      full("mdhd", plan.version, 0, times(plan.version, plan.timescale, plan.duration) + u32(0));
  const std::string hdlr = full("hdlr", 0, 0, u32(0) + plan.handler + zeros(12) + zeros(1));
  return box("trak", tkhd(plan) + plan.edits + box("mdia", mdhd + hdlr + box("minf", stbl(plan))));
}

inline std::string mvhd(std::uint64_t duration = 8000, unsigned version = 0,
                        std::uint32_t timescale = 1000) {
  return full("mvhd", version, 0, times(version, timescale, duration) + zeros(80));
}

/// ftyp, mdat, moov: what a muxer writes that does not go back.
inline std::string plain_file(TrackPlan plan = {}) {
  const std::string media = box("mdat", std::string(plan.samples * plan.sample_bytes, 'm'));
  plan.chunk_offset = ftyp().size() + 8;
  return ftyp() + media + box("moov", mvhd() + trak(plan));
}

/// ftyp, moov, mdat: ready for streaming.
inline std::string fast_start_file(TrackPlan plan = {}) {
  const std::string media = box("mdat", std::string(plan.samples * plan.sample_bytes, 'm'));
  const std::size_t moov = box("moov", mvhd() + trak(plan)).size();
  plan.chunk_offset = ftyp().size() + moov + 8;
  return ftyp() + box("moov", mvhd() + trak(plan)) + media;
}

struct FragmentPlan {
  std::uint64_t start = 0;
  bool has_start = true;               // tfdt
  std::uint32_t default_duration = 0;  // tfhd, when not 0
  std::uint32_t samples = 4;
  std::uint32_t sample_duration = 250;  // trun, when not 0
};

inline std::string moof(const FragmentPlan& plan) {
  std::string rows;
  for (std::uint32_t i = 0; i < plan.samples && plan.sample_duration != 0; ++i) {
    rows += u32(plan.sample_duration) + u32(10);
  }
  const std::string tfhd = plan.default_duration == 0
                               ? full("tfhd", 0, 0x20000, u32(1))
                               : full("tfhd", 0, 0x20008, u32(1) + u32(plan.default_duration));
  const std::string tfdt = plan.has_start ? full("tfdt", 1, 0, u64(plan.start)) : "";
  const unsigned fields = plan.sample_duration == 0 ? 0x001 : 0x301;
  const std::string trun = full("trun", 0, fields, u32(plan.samples) + u32(0) + rows);
  return box("moof", full("mfhd", 0, 0, u32(1)) + box("traf", tfhd + tfdt + trun)) +
         box("mdat", std::string(plan.samples * 10, 'm'));
}

/// A moov without samples, its track's timescale 1000, and whatever follows.
inline std::string fragmented_file(const std::string& parts, const std::string& more_mvex = "",
                                   std::uint32_t default_duration = 0) {
  TrackPlan plan;
  plan.samples = 0;
  plan.duration = 0;
  const std::string trex =
      full("trex", 0, 0, u32(1) + u32(1) + u32(default_duration) + u32(0) + u32(0));
  return ftyp("iso6") + box("moov", mvhd(0) + trak(plan) + box("mvex", more_mvex + trex)) + parts;
}

/// As a rope of pieces, which is how files come in.
inline omni::ByteRope rope(const std::string& file, std::size_t piece = 4096) {
  omni::ByteRope bytes;
  for (std::size_t at = 0; at < file.size(); at += piece) {
    const std::string part = file.substr(at, piece);
    bytes.append(omni::BytesPtr::adopt(g_bytes_new(part.data(), part.size())));
  }
  return bytes;
}

}  // namespace mp4_writer
