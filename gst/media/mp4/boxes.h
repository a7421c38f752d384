// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Reads boxes and their fields from a rope, within bounds and with bounded work. What the boxes
// mean together is decided in probe.cpp and samples.cpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "media/mp4/probe.h"
#include "media/mp4/samples.h"
#include "service/byte-rope.h"

namespace omni::mp4 {

constexpr std::uint32_t fourcc(const char (&text)[5]) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(text[i]);
  return value;
}

struct Box {
  std::uint32_t type = 0;
  std::uint64_t start = 0;
  std::uint64_t body = 0;  // after the size and the type
  std::uint64_t end = 0;
};

/// `duration` / `timescale` seconds; 0 when unknown, capped at some centuries.
std::uint64_t to_ns(std::uint64_t duration, std::uint32_t timescale);

/// The time span that the parts of a track cover together. A live recording need not start at 0.
class Timeline {
 public:
  /// A part without a start follows the previous one.
  void add(std::optional<std::uint64_t> start, std::uint64_t duration);
  std::uint64_t length() const { return any_ && last_ > first_ ? last_ - first_ : 0; }
  std::uint64_t first() const { return first_; }
  std::uint64_t last() const { return last_; }

 private:
  bool any_ = false;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
};

struct FragmentRun {
  std::uint64_t samples = 0;
  std::uint64_t duration = 0;
  std::uint64_t latest = 0;  // how much later than it is decoded a sample is shown, at the most
};

/// Every function throws Problem for a box that does not hold what it promises.
class BoxReader {
 public:
  explicit BoxReader(const ByteRope& file) : file_(file) {}

  std::uint64_t size() const { return file_.size(); }
  Box whole() const { return {0, 0, 0, file_.size()}; }

  /// Calls `use` for each box in the body of `parent`. Behind moov a file may end in anything: what
  /// is no box ends the list, and an mdat that promises more than there is ends with the file.
  template <class Use>
  void each(const Box& parent, Use use) {
    std::uint64_t at = parent.body;
    while (const std::optional<Box> box = next(parent, at)) {
      use(*box);
      at = box->end;
    }
  }

  /// Was there such an mdat? Then only the tables tell whether samples are missing.
  bool data_cut() const { return data_cut_; }

  /// Throws when the body of the box is shorter.
  void need(const Box& box, std::uint64_t bytes) const;
  /// The same for a table: version, flags, count, and `count` rows.
  void need_entries(const Box& box, std::uint64_t row_bytes);

  // need() has checked the bounds; reads outside return 0.
  std::uint8_t version(const Box& box);
  std::uint16_t u16(std::uint64_t offset) { return static_cast<std::uint16_t>(number(offset, 2)); }
  std::uint32_t u32(std::uint64_t offset) { return static_cast<std::uint32_t>(number(offset, 4)); }
  std::uint64_t u64(std::uint64_t offset) { return number(offset, 8); }
  /// Printable characters; others become '?'.
  std::string text(std::uint64_t offset, int length);
  std::uint64_t sum_u32(std::uint64_t offset, std::uint64_t count);

  // mvhd and mdhd share a layout. A duration of all ones means unknown and is returned as 0.
  std::uint32_t media_timescale(const Box& box);
  std::uint64_t media_duration(const Box& box);

  /// stts: the sum of count x duration.
  std::uint64_t sum_time_table(const Box& stts);
  /// ctts: how much later than it is decoded a sample is shown, at the most.
  std::uint64_t latest_composition(const Box& ctts);
  /// edts: the rows of its edit list.
  std::vector<Edit> edits(const Box& edts);
  /// tfhd: the default sample duration when it has one.
  std::optional<std::uint64_t> fragment_default(const Box& tfhd);
  /// trun: adds its samples and their durations.
  void add_run(const Box& trun, std::uint64_t default_duration, FragmentRun& sum);

 private:
  std::optional<Box> next(const Box& parent, std::uint64_t at);
  bool is_trailer(std::uint64_t at, std::uint64_t left);
  bool fits(std::uint64_t at, std::uint64_t left);
  void check_beginning();
  [[noreturn]] void too_long(const Box& box, bool top, std::uint64_t size, std::uint64_t left);
  std::string name(const Box& box);
  std::uint64_t number(std::uint64_t offset, int bytes);

  const ByteRope& file_;
  unsigned boxes_ = 0;
  bool movie_seen_ = false;
  bool fragments_seen_ = false;
  bool data_cut_ = false;
  std::uint64_t run_start_ = 0;  // the piece of the rope that was read last
  std::size_t run_length_ = 0;
  const std::uint8_t* run_ = nullptr;
};

}  // namespace omni::mp4
