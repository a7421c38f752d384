// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/boxes.h"

#include <limits>
#include <tuple>

namespace omni::mp4 {
namespace {

constexpr unsigned kMaxBoxes = 400'000;  // an hour of fragments of a frame each has fewer
// No table tells how many fragments there are. What is larger may be one that is damaged.
constexpr std::uint64_t kMostBehindFragments = 512;
constexpr std::uint64_t kMaxTime = std::numeric_limits<std::int64_t>::max();

std::uint64_t capped_sum(std::uint64_t one, std::uint64_t other) {
  return one > kMaxTime - std::min(other, kMaxTime) ? kMaxTime : one + other;
}

[[noreturn]] void damaged(const std::string& what) {
  throw Problem{"the MP4 is damaged: " + what, false};
}

}  // namespace

std::uint64_t to_ns(std::uint64_t duration, std::uint32_t timescale) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  if (timescale == 0) return 0;
  const std::uint64_t seconds = duration / timescale;
  if (seconds >= kMaxTime / kSecond) return kMaxTime;
  return seconds * kSecond + duration % timescale * kSecond / timescale;
}

void Timeline::add(std::optional<std::uint64_t> start, std::uint64_t duration) {
  const std::uint64_t from = start.value_or(last_);
  const std::uint64_t to = capped_sum(from, duration);
  first_ = any_ ? std::min(first_, from) : from;
  last_ = any_ ? std::max(last_, to) : to;
  any_ = true;
}

std::optional<Box> BoxReader::next(const Box& parent, std::uint64_t at) {
  const bool top = parent.type == 0;
  const std::uint64_t left = parent.end - at;
  // QuickTime closes some lists with four zero bytes.
  if (left == 0 || (left < 8 && (!top || number(at, static_cast<int>(left)) == 0))) return {};
  if (top && is_trailer(at, left)) return {};
  if (left < 8) throw Problem{"the file is cut off in the middle of a box header", true};
  if (++boxes_ > kMaxBoxes) throw Problem{"the MP4 has too many boxes", false};
  if (at == 0) check_beginning();

  Box box{u32(at + 4), at, at + 8, 0};
  std::uint64_t size = u32(at);
  if (size == 1) {
    if (left < 16) too_long(box, top, 16, left);
    size = u64(at + 8);
    box.body = at + 16;
  } else if (size == 0) {
    size = left;  // to the end
  }
  if (size < box.body - at) damaged(name(box) + " is smaller than its own header");
  if (size > left && top && movie_seen_ && !fragments_seen_ && box.type == fourcc("mdat")) {
    data_cut_ = true;
    size = left;
  }
  if (size > left) too_long(box, top, size, left);
  box.end = at + size;
  movie_seen_ |= top && box.type == fourcc("moov");
  fragments_seen_ |= top && box.type == fourcc("moof");
  return box;
}

/// A tag, a line end, another file: what somebody has put behind the last box. A fragment that is
/// cut off is none: frames would be missing.
bool BoxReader::is_trailer(std::uint64_t at, std::uint64_t left) {
  if (!movie_seen_ || fits(at, left)) return false;
  if (fragments_seen_ && left > kMostBehindFragments) return false;
  // The size of a box that is not huge begins with 0.
  if (left < 8) return !fragments_seen_ || number(at, 1) != 0;
  switch (u32(at + 4)) {
    case fourcc("mdat"):
    case fourcc("moof"):
    case fourcc("styp"):
    case fourcc("sidx"):
      return false;
    default:
      return true;
  }
}

bool BoxReader::fits(std::uint64_t at, std::uint64_t left) {
  if (left < 8) return false;
  const std::uint64_t size = u32(at);
  if (size == 1) return left >= 16 && u64(at + 8) >= 16 && u64(at + 8) <= left;
  return size == 0 || (size >= 8 && size <= left);
}

/// ByteRope that are no box at all are no damaged MP4.
void BoxReader::check_beginning() {
  const std::string type = text(4, 4);
  const bool known = type == "ftyp" || type == "moov" || type == "mdat" || type == "free";
  const std::uint32_t size = u32(0);
  const bool fits = (size == 0 || size == 1 || size >= 8) && size <= file_.size();
  if (type.find('?') != std::string::npos || (!known && !fits)) {
    throw Problem{"this is not an MP4: it does not begin with a box", false};
  }
}

void BoxReader::too_long(const Box& box, bool top, std::uint64_t size, std::uint64_t left) {
  if (!top) damaged(name(box) + " is larger than the box around it");
  throw Problem{"the file is cut off: " + name(box) + " needs " + std::to_string(size) +
                    " bytes, but only " + std::to_string(left) + " are left",
                true};
}

std::string BoxReader::name(const Box& box) {
  return "box '" + text(box.start + 4, 4) + "' at byte " + std::to_string(box.start);
}

void BoxReader::need(const Box& box, std::uint64_t bytes) const {
  if (box.end - box.body < bytes) {
    damaged("the box at byte " + std::to_string(box.start) + " is too short for what it must hold");
  }
}

void BoxReader::need_entries(const Box& box, std::uint64_t row_bytes) {
  need(box, 8);
  need(box, 8 + u32(box.body + 4) * row_bytes);
}

std::uint8_t BoxReader::version(const Box& box) {
  need(box, 4);
  return static_cast<std::uint8_t>(number(box.body, 1));
}

std::string BoxReader::text(std::uint64_t offset, int length) {
  std::string result;
  for (int i = 0; i < length; ++i) {
    const auto c = static_cast<char>(number(offset + static_cast<unsigned>(i), 1));
    result += c >= ' ' && c < 0x7f ? c : '?';
  }
  return result;
}

std::uint64_t BoxReader::sum_u32(std::uint64_t offset, std::uint64_t count) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) sum += u32(offset + i * 4);
  return sum;
}

std::uint32_t BoxReader::media_timescale(const Box& box) {
  const bool wide = version(box) == 1;
  need(box, wide ? 32 : 20);
  return u32(box.body + (wide ? 20 : 12));
}

std::uint64_t BoxReader::media_duration(const Box& box) {
  const bool wide = version(box) == 1;
  need(box, wide ? 32 : 20);
  const std::uint64_t duration = wide ? u64(box.body + 24) : u32(box.body + 16);
  const std::uint64_t unknown =
      wide ? std::numeric_limits<std::uint64_t>::max() : std::numeric_limits<std::uint32_t>::max();
  return duration == unknown ? 0 : duration;
}

std::uint64_t BoxReader::sum_time_table(const Box& stts) {
  need_entries(stts, 8);
  const std::uint64_t count = u32(stts.body + 4);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t row = stts.body + 8 + i * 8;
    sum = capped_sum(sum, std::uint64_t{u32(row)} * u32(row + 4));
  }
  return sum;
}

std::uint64_t BoxReader::latest_composition(const Box& ctts) {
  need_entries(ctts, 8);
  const std::uint64_t count = u32(ctts.body + 4);
  std::int32_t latest = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    latest = std::max(latest, static_cast<std::int32_t>(u32(ctts.body + 12 + i * 8)));
  }
  return static_cast<std::uint64_t>(latest);
}

std::vector<Edit> BoxReader::edits(const Box& edts) {
  std::vector<Edit> rows;
  each(edts, [&](const Box& elst) {
    if (elst.type != fourcc("elst")) return;
    const bool wide = version(elst) == 1;
    const std::uint64_t row_bytes = wide ? 20 : 12;
    need_entries(elst, row_bytes);
    rows.clear();
    for (std::uint64_t i = 0; i < u32(elst.body + 4); ++i) {
      const std::uint64_t row = elst.body + 8 + i * row_bytes;
      Edit edit;
      edit.duration = wide ? u64(row) : u32(row);
      edit.media_time =
          wide ? static_cast<std::int64_t>(u64(row + 8)) : static_cast<std::int32_t>(u32(row + 4));
      edit.rate = u32(row + (wide ? 16 : 8));
      rows.push_back(edit);
    }
  });
  return rows;
}

std::optional<std::uint64_t> BoxReader::fragment_default(const Box& tfhd) {
  need(tfhd, 8);
  const std::uint32_t flags = u32(tfhd.body) & 0xFFFFFF;
  if (!(flags & 0x08)) return {};
  const std::uint64_t at = 8 + (flags & 0x01 ? 8 : 0) + (flags & 0x02 ? 4 : 0);
  need(tfhd, at + 4);
  return u32(tfhd.body + at);
}

void BoxReader::add_run(const Box& trun, std::uint64_t default_duration, FragmentRun& sum) {
  need(trun, 8);
  const std::uint32_t flags = u32(trun.body) & 0xFFFFFF;
  const std::uint64_t count = u32(trun.body + 4);
  const std::uint64_t head = 8 + (flags & 0x01 ? 4 : 0) + (flags & 0x04 ? 4 : 0);
  std::uint64_t row_bytes = 0;
  for (const std::uint32_t field : {0x100, 0x200, 0x400, 0x800}) row_bytes += flags & field ? 4 : 0;
  need(trun, head + count * row_bytes);
  sum.samples += count;
  if (flags & 0x800) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto later = static_cast<std::int32_t>(u32(trun.body + head + (i + 1) * row_bytes - 4));
      sum.latest = std::max(sum.latest, static_cast<std::uint64_t>(std::max(0, later)));
    }
  }
  if (!(flags & 0x100)) {
    sum.duration = capped_sum(sum.duration, count * default_duration);
    return;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    sum.duration = capped_sum(sum.duration, u32(trun.body + head + i * row_bytes));
  }
}

std::uint64_t BoxReader::number(std::uint64_t offset, int bytes) {
  const auto length = static_cast<std::size_t>(bytes);
  if (offset < run_start_ || offset - run_start_ >= run_length_) {
    std::tie(run_, run_length_) = file_.run_at(offset);
    run_start_ = offset;
  }
  std::uint8_t copy[8] = {};
  const std::uint8_t* from = copy;
  const std::uint64_t inside = offset - run_start_;
  if (run_length_ >= length && inside <= run_length_ - length) {
    from = run_ + inside;
  } else {
    file_.read(offset, copy, length);
  }
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | from[i];
  return value;
}

}  // namespace omni::mp4
