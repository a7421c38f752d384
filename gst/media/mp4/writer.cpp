// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/writer.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "media/mp4/boxes.h"

namespace omni::mp4 {
namespace {

constexpr std::uint64_t kChunkNs = 500'000'000;  // media played together is stored together
constexpr std::uint32_t kUndetermined = 0x55C4;  // "und", packed as in mdhd

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}
std::string u16(std::uint64_t value) {
  return number(value, 2);
}
std::string u32(std::uint64_t value) {
  return number(value, 4);
}
std::string box(const char* type, const std::string& body) {
  return u32(8 + body.size()) + type + body;
}
std::string full(const char* type, std::uint32_t version_and_flags, const std::string& body) {
  return box(type, u32(version_and_flags) + body);
}
std::string table(const char* type, std::size_t rows, const std::string& body) {
  return full(type, 0, u32(rows) + body);
}

struct Chunk {
  std::size_t first = 0;  // sample
  std::size_t count = 0;
  std::uint32_t description = 1;
  std::uint64_t offset = 0;  // after the header of mdat
};

struct TrackPlan {
  const SampleTrack* track = nullptr;
  std::uint32_t id = 0;
  std::vector<std::uint32_t> compositions;
  std::uint64_t later = 0;  // than in the source, so that no composition offset is negative
  std::vector<Edit> edits;
  std::vector<Chunk> chunks;
  std::uint64_t duration = 0;  // as presented, in the movie's timescale
};

class MovieWriter {
 public:
  explicit MovieWriter(const Movie& movie) : movie_(movie) {}
  std::shared_ptr<const ByteRope> run();

 private:
  void plan_track(const SampleTrack& track);
  void plan_compositions(TrackPlan& plan) const;
  void plan_edits(TrackPlan& plan) const;
  void lay_out();
  std::string moov(std::uint64_t data_start) const;
  std::string trak(const TrackPlan& plan, std::uint64_t data_start) const;
  std::string tkhd(const TrackPlan& plan) const;
  std::string edts(const TrackPlan& plan) const;
  std::string mdia(const TrackPlan& plan, std::uint64_t data_start) const;
  std::string stbl(const TrackPlan& plan, std::uint64_t data_start) const;
  std::string chunk_tables(const TrackPlan& plan, std::uint64_t data_start) const;
  std::uint64_t to_movie_time(std::uint64_t time, std::uint32_t timescale) const;

  const Movie& movie_;
  std::vector<TrackPlan> plans_;
  std::vector<std::pair<std::size_t, std::size_t>> order_;  // track, chunk
  std::uint64_t data_bytes_ = 0;
};

std::uint64_t MovieWriter::to_movie_time(std::uint64_t time, std::uint32_t timescale) const {
  if (timescale == 0) return 0;
  return time / timescale * movie_.timescale +
         (time % timescale * movie_.timescale + timescale / 2) / timescale;
}

std::shared_ptr<const ByteRope> MovieWriter::run() {
  for (const SampleTrack& track : movie_.tracks) plan_track(track);
  lay_out();
  const std::string ftyp = box("ftyp", "isom" + u32(0x200) + "isomiso2avc1mp41");
  const bool wide = data_bytes_ > std::numeric_limits<std::uint32_t>::max() - 8;
  const std::uint64_t data_start = ftyp.size() + moov(0).size() + (wide ? 16 : 8);
  const std::string head =
      ftyp + moov(data_start) +
      (wide ? u32(1) + "mdat" + number(data_bytes_ + 16, 8) : u32(data_bytes_ + 8) + "mdat");
  auto result = std::make_shared<ByteRope>();
  result->append(BytesPtr::adopt(g_bytes_new(head.data(), head.size())));
  for (const auto& [track, index] : order_) {
    const Chunk& chunk = plans_[track].chunks[index];
    const Sample* sample = &plans_[track].track->samples[chunk.first];
    for (const Sample* end = sample + chunk.count; sample != end;) {
      const std::uint64_t start = sample->offset;  // adjacent samples are taken as one piece
      std::uint64_t size = 0;
      for (; sample != end && sample->offset == start + size; ++sample) size += sample->size;
      result->append_slice(*plans_[track].track->media, start, size);
    }
  }
  return result;
}

void MovieWriter::plan_track(const SampleTrack& track) {
  TrackPlan plan;
  plan.track = &track;
  plan.id = static_cast<std::uint32_t>(plans_.size() + 1);
  plan.edits = track.edits;
  plan_compositions(plan);
  plan_edits(plan);
  plans_.push_back(std::move(plan));
}

/// Negative offsets, which QuickTime has and many readers do not expect, become an edit.
void MovieWriter::plan_compositions(TrackPlan& plan) const {
  std::int64_t lowest = 0;
  bool any = false;
  for (const Sample& sample : plan.track->samples) {
    lowest = std::min<std::int64_t>(lowest, sample.composition);
    any = any || sample.composition != 0;
  }
  if (!any) return;
  for (const Sample& sample : plan.track->samples) {
    plan.compositions.push_back(static_cast<std::uint32_t>(sample.composition - lowest));
  }
  plan.later = static_cast<std::uint64_t>(-lowest);
  // Without an edit, many readers stop after the sum of durations, before the last frames.
  if (plan.edits.empty()) plan.edits.push_back({0, 0, 0x10000});
  for (Edit& edit : plan.edits) {
    if (edit.media_time >= 0) edit.media_time -= lowest;
  }
}

/// An edit without a duration lasts until the end.
void MovieWriter::plan_edits(TrackPlan& plan) const {
  const SampleTrack& track = *plan.track;
  const std::uint64_t shown = track.shown_end() + plan.later;
  for (Edit& edit : plan.edits) {
    const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(0, edit.media_time));
    if (edit.duration == 0 && edit.media_time >= 0 && shown > from) {
      edit.duration = to_movie_time(shown - from, track.timescale);
    }
    plan.duration += edit.duration;
  }
  if (plan.edits.empty()) plan.duration = to_movie_time(shown, track.timescale);
}

/// The track that is furthest behind in time is next.
void MovieWriter::lay_out() {
  struct Cursor {
    std::size_t sample = 0;
    std::uint64_t time = 0;
  };
  std::vector<Cursor> cursors(plans_.size());
  const auto time_of = [&](std::size_t i) {
    return to_ns(cursors[i].time, plans_[i].track->timescale);
  };
  for (;;) {
    std::size_t next = plans_.size();
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      if (cursors[i].sample >= plans_[i].track->samples.size()) continue;
      if (next == plans_.size() || time_of(i) < time_of(next)) next = i;
    }
    if (next == plans_.size()) return;
    const std::vector<Sample>& samples = plans_[next].track->samples;
    Cursor& at = cursors[next];
    const std::uint64_t until = time_of(next) + kChunkNs;
    Chunk chunk{at.sample, 0, samples[at.sample].description, data_bytes_};
    while (at.sample < samples.size() && samples[at.sample].description == chunk.description &&
           (chunk.count == 0 || time_of(next) < until)) {
      data_bytes_ += samples[at.sample].size;
      at.time += samples[at.sample].duration;
      ++at.sample;
      ++chunk.count;
    }
    order_.emplace_back(next, plans_[next].chunks.size());
    plans_[next].chunks.push_back(chunk);
  }
}

std::string MovieWriter::moov(std::uint64_t data_start) const {
  std::uint64_t longest = 0;
  std::string traks;
  for (const TrackPlan& plan : plans_) {
    longest = std::max(longest, plan.duration);
    traks += trak(plan, data_start);
  }
  const std::string unity = u32(0x10000) + u32(0) + u32(0) + u32(0) + u32(0x10000) + u32(0) +
                            u32(0) + u32(0) + u32(0x40000000);
  const std::string mvhd = full("mvhd", 1u << 24,
                                std::string(16, '\0') + u32(movie_.timescale) + number(longest, 8) +
                                    u32(0x10000) + u16(0x100) + std::string(10, '\0') + unity +
                                    std::string(24, '\0') + u32(plans_.size() + 1));
  return box("moov", mvhd + traks);
}

std::string MovieWriter::trak(const TrackPlan& plan, std::uint64_t data_start) const {
  return box("trak", tkhd(plan) + edts(plan) + mdia(plan, data_start));
}

std::string MovieWriter::tkhd(const TrackPlan& plan) const {
  std::string matrix;
  for (const std::uint32_t value : plan.track->matrix) matrix += u32(value);
  const bool sound = plan.track->handler == "soun";
  return full("tkhd", 1u << 24 | 3,
              std::string(16, '\0') + u32(plan.id) + u32(0) + number(plan.duration, 8) +
                  std::string(8, '\0') + u16(0) + u16(0) + u16(sound ? 0x100 : 0) + u16(0) +
                  matrix + u32(plan.track->width) + u32(plan.track->height));
}

std::string MovieWriter::edts(const TrackPlan& plan) const {
  if (plan.edits.empty()) return {};
  std::string rows;
  for (const Edit& edit : plan.edits) {
    rows += number(edit.duration, 8) + number(static_cast<std::uint64_t>(edit.media_time), 8) +
            u32(edit.rate);
  }
  return box("edts", full("elst", 1u << 24, u32(plan.edits.size()) + rows));
}

std::string MovieWriter::mdia(const TrackPlan& plan, std::uint64_t data_start) const {
  const SampleTrack& track = *plan.track;
  const bool sound = track.handler == "soun";
  // Values below 0x400 are Macintosh language codes.
  const std::uint32_t language = track.language < 0x400 ? kUndetermined : track.language;
  const std::string mdhd = full("mdhd", 1u << 24,
                                std::string(16, '\0') + u32(track.timescale) +
                                    number(track.media_duration(), 8) + u16(language) + u16(0));
  const std::string hdlr = full("hdlr", 0,
                                u32(0) + track.handler + std::string(12, '\0') +
                                    (sound ? "Sound" : "Video") + std::string(1, '\0'));
  const std::string head = sound ? full("smhd", 0, u32(0)) : full("vmhd", 1, std::string(8, '\0'));
  const std::string dinf = box("dinf", table("dref", 1, full("url ", 1, "")));
  return box("mdia", mdhd + hdlr + box("minf", head + dinf + stbl(plan, data_start)));
}

/// Rows of (count, value), one for each run of equal values.
template <class Value>
std::string runs(const char* type, const std::vector<Sample>& samples, Value value) {
  std::string rows;
  std::size_t count = 0;
  for (std::size_t i = 0; i < samples.size();) {
    std::size_t end = i;
    while (end < samples.size() && value(end) == value(i)) ++end;
    rows += u32(end - i) + u32(value(i));
    ++count;
    i = end;
  }
  return table(type, count, rows);
}

std::string MovieWriter::stbl(const TrackPlan& plan, std::uint64_t data_start) const {
  const std::vector<Sample>& samples = plan.track->samples;
  std::string entries;
  for (const std::string& entry : plan.track->entries) entries += entry;
  std::string tables = table("stsd", plan.track->entries.size(), entries);
  tables += runs("stts", samples, [&](std::size_t i) { return samples[i].duration; });
  if (!plan.compositions.empty()) {
    tables += runs("ctts", samples, [&](std::size_t i) { return plan.compositions[i]; });
  }
  std::string syncs;
  std::string sizes;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].sync) syncs += u32(i + 1);
    sizes += u32(samples[i].size);
  }
  if (syncs.size() != samples.size() * 4) tables += table("stss", syncs.size() / 4, syncs);
  tables += full("stsz", 0, u32(0) + u32(samples.size()) + sizes);
  return box("stbl", tables + chunk_tables(plan, data_start));
}

std::string MovieWriter::chunk_tables(const TrackPlan& plan, std::uint64_t data_start) const {
  std::string stsc;
  std::string offsets;
  // Decided by the data length alone, since offsets are written before their start is known.
  const bool wide = data_bytes_ > std::numeric_limits<std::uint32_t>::max() / 2;
  for (std::size_t i = 0; i < plan.chunks.size(); ++i) {
    const Chunk& chunk = plan.chunks[i];
    const bool same = i > 0 && plan.chunks[i - 1].count == chunk.count &&
                      plan.chunks[i - 1].description == chunk.description;
    if (!same) stsc += u32(i + 1) + u32(chunk.count) + u32(chunk.description);
    offsets += number(data_start + chunk.offset, wide ? 8 : 4);
  }
  return table("stsc", stsc.size() / 12, stsc) +
         table(wide ? "co64" : "stco", plan.chunks.size(), offsets);
}

}  // namespace

std::shared_ptr<const ByteRope> write_movie(const Movie& movie) {
  return MovieWriter(movie).run();
}

}  // namespace omni::mp4
