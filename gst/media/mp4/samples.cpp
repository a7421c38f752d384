// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/samples.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "media/mp4/boxes.h"

namespace omni::mp4 {
namespace {

constexpr std::uint64_t kMaxSamples =
    1'000'000;  // half a day of video; bounds what a hostile file may cost

struct Defaults {  // trex, then tfhd
  std::uint32_t description = 1;
  std::uint32_t duration = 0;
  std::uint32_t size = 0;
  std::uint32_t flags = 0;
};

struct TrackTables {
  SampleTrack track;
  Defaults defaults;
  std::optional<Box> times;         // stts
  std::optional<Box> compositions;  // ctts
  std::optional<Box> syncs;         // stss
  std::optional<Box> chunks;        // stsc
  std::optional<Box> sizes;         // stsz, stz2
  std::optional<Box> offsets;       // stco, co64
  std::uint64_t start = 0;          // decoding time of the first sample; fragments may start late
  std::uint64_t end = 0;
};

class MovieReader {
 public:
  explicit MovieReader(std::shared_ptr<const ByteRope> file)
      : file_(std::move(file)), in_(*file_) {}
  Movie run();

 private:
  void read_moov(const Box& moov);
  void read_trex(const Box& trex);
  void read_track(const Box& trak);
  void read_header(const Box& tkhd, SampleTrack& track);
  void read_media(const Box& mdia, TrackTables& tables);
  void read_tables(const Box& stbl, TrackTables& tables);
  void read_entries(const Box& stsd, SampleTrack& track);
  std::string bytes(const Box& box);
  void load(TrackTables& tables);
  std::vector<std::uint32_t> read_sizes(const TrackTables& tables);
  void place_samples(const TrackTables& tables, std::vector<Sample>& samples);
  void time_samples(const TrackTables& tables, std::vector<Sample>& samples);
  void read_fragment(const Box& moof);
  std::uint64_t read_run(const Box& trun, const Defaults& defaults, std::uint64_t base,
                         std::uint64_t at, TrackTables& tables);
  Defaults read_fragment_header(const Box& tfhd, std::uint64_t& base, TrackTables*& tables);
  void jump(TrackTables& tables, std::uint64_t time);
  void add(TrackTables& tables, const Sample& sample);
  void place_late_starts();
  void check_bounds(const SampleTrack& track) const;

  std::shared_ptr<const ByteRope> file_;
  BoxReader in_;
  Movie movie_;
  std::vector<TrackTables> tracks_;
  std::uint64_t samples_ = 0;
};

Movie MovieReader::run() {
  std::vector<Box> fragments;
  in_.each(in_.whole(), [&](const Box& box) {
    if (box.type == fourcc("ftyp")) movie_.quicktime = in_.text(box.body, 4) == "qt  ";
    if (box.type == fourcc("moov") && tracks_.empty()) read_moov(box);
    if (box.type == fourcc("moof")) fragments.push_back(box);
  });
  for (TrackTables& tables : tracks_) load(tables);
  for (const Box& moof : fragments) read_fragment(moof);
  place_late_starts();
  for (TrackTables& tables : tracks_) {
    check_bounds(tables.track);
    tables.track.media = file_;
    movie_.tracks.push_back(std::move(tables.track));
  }
  return std::move(movie_);
}

void MovieReader::read_moov(const Box& moov) {
  in_.each(moov, [this](const Box& box) {
    if (box.type == fourcc("mvhd")) movie_.timescale = in_.media_timescale(box);
    if (box.type == fourcc("trak")) read_track(box);
  });
  in_.each(moov, [this](const Box& box) {
    if (box.type != fourcc("mvex")) return;
    in_.each(box, [this](const Box& inner) {
      if (inner.type == fourcc("trex")) read_trex(inner);
    });
  });
  if (movie_.timescale == 0) movie_.timescale = 1000;
}

void MovieReader::read_trex(const Box& trex) {
  in_.need(trex, 24);
  for (TrackTables& tables : tracks_) {
    if (tables.track.id != in_.u32(trex.body + 4)) continue;
    tables.defaults = {in_.u32(trex.body + 8), in_.u32(trex.body + 12), in_.u32(trex.body + 16),
                       in_.u32(trex.body + 20)};
  }
}

void MovieReader::read_track(const Box& trak) {
  TrackTables tables;
  in_.each(trak, [&](const Box& box) {
    if (box.type == fourcc("tkhd")) read_header(box, tables.track);
    if (box.type == fourcc("edts")) tables.track.edits = in_.edits(box);
    if (box.type == fourcc("mdia")) read_media(box, tables);
  });
  tracks_.push_back(std::move(tables));
}

void MovieReader::read_header(const Box& tkhd, SampleTrack& track) {
  const bool wide = in_.version(tkhd) == 1;
  in_.need(tkhd, wide ? 96 : 84);
  track.enabled = in_.u32(tkhd.body) & 1;
  track.id = in_.u32(tkhd.body + (wide ? 20 : 12));
  const std::uint64_t matrix = tkhd.body + (wide ? 52 : 40);
  for (unsigned i = 0; i < 9; ++i) track.matrix[i] = in_.u32(matrix + i * 4);
  track.width = in_.u32(matrix + 36);
  track.height = in_.u32(matrix + 40);
}

void MovieReader::read_media(const Box& mdia, TrackTables& tables) {
  in_.each(mdia, [&](const Box& box) {
    if (box.type == fourcc("mdhd")) {
      const std::uint64_t language = in_.version(box) == 1 ? 32 : 20;
      tables.track.timescale = in_.media_timescale(box);
      in_.need(box, language + 2);
      tables.track.language = in_.u16(box.body + language);
    } else if (box.type == fourcc("hdlr")) {
      in_.need(box, 12);
      tables.track.handler = in_.text(box.body + 8, 4);
    } else if (box.type == fourcc("minf")) {
      in_.each(box, [&](const Box& inner) {
        if (inner.type == fourcc("stbl")) read_tables(inner, tables);
      });
    }
  });
}

void MovieReader::read_tables(const Box& stbl, TrackTables& tables) {
  in_.each(stbl, [&](const Box& box) {
    switch (box.type) {
      case fourcc("stsd"):
        read_entries(box, tables.track);
        break;
      case fourcc("stts"):
        in_.need_entries(box, 8);
        tables.times = box;
        break;
      case fourcc("ctts"):
        in_.need_entries(box, 8);
        tables.compositions = box;
        break;
      case fourcc("stss"):
        in_.need_entries(box, 4);
        tables.syncs = box;
        break;
      case fourcc("stsc"):
        in_.need_entries(box, 12);
        tables.chunks = box;
        break;
      case fourcc("stsz"):
      case fourcc("stz2"):
        in_.need(box, 12);
        tables.sizes = box;
        break;
      case fourcc("stco"):
      case fourcc("co64"):
        in_.need_entries(box, box.type == fourcc("stco") ? 4 : 8);
        tables.offsets = box;
        break;
      default:
        break;
    }
  });
}

void MovieReader::read_entries(const Box& stsd, SampleTrack& track) {
  in_.need(stsd, 8);
  const Box rows{stsd.type, stsd.start, stsd.body + 8, stsd.end};
  track.entries.clear();
  in_.each(rows, [&](const Box& entry) {
    if (track.entries.empty()) track.codec = in_.text(entry.start + 4, 4);
    track.entries.push_back(bytes(entry));
  });
}

std::string MovieReader::bytes(const Box& box) {
  std::string text(static_cast<std::size_t>(box.end - box.start), '\0');
  file_->read(box.start, text.data(), text.size());
  return text;
}

void MovieReader::load(TrackTables& tables) {
  if (!tables.sizes || !tables.chunks || !tables.offsets || !tables.times) return;
  const std::vector<std::uint32_t> sizes = read_sizes(tables);
  if (sizes.empty()) return;
  std::vector<Sample>& samples = tables.track.samples;
  samples.resize(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) samples[i].size = sizes[i];
  place_samples(tables, samples);
  time_samples(tables, samples);
}

std::vector<std::uint32_t> MovieReader::read_sizes(const TrackTables& tables) {
  const Box& box = *tables.sizes;
  const std::uint64_t count = in_.u32(box.body + 8);
  const std::uint32_t fixed = in_.u32(box.body + 4);
  const bool compact = box.type == fourcc("stz2");
  // Equal sizes in audio mean bytes in one file and uncompressed frames in the next.
  if (!compact && fixed != 0 && tables.track.handler == "soun") return {};
  samples_ += count;
  if (samples_ > kMaxSamples) throw Problem{"the MP4 has too many samples", false};
  std::vector<std::uint32_t> sizes(static_cast<std::size_t>(count), compact ? 0 : fixed);
  if (compact) {
    const std::uint32_t bits = fixed & 0xFF;
    in_.need(box, 12 + (count * bits + 7) / 8);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t at = box.body + 12 + i * bits / 8;
      const std::uint32_t pair = in_.u16(at);
      sizes[i] = bits == 16 ? pair : bits == 8 || i % 2 ? pair >> 8 : pair >> 12;
      if (bits == 4) sizes[i] &= 15;
    }
  } else if (fixed == 0) {
    in_.need(box, 12 + count * 4);
    for (std::uint64_t i = 0; i < count; ++i) sizes[i] = in_.u32(box.body + 12 + i * 4);
  }
  return sizes;
}

void MovieReader::place_samples(const TrackTables& tables, std::vector<Sample>& samples) {
  const Box& stsc = *tables.chunks;
  const Box& offsets = *tables.offsets;
  const bool wide = offsets.type == fourcc("co64");
  const std::uint64_t chunks = in_.u32(offsets.body + 4);
  const std::uint64_t rows = in_.u32(stsc.body + 4);
  std::size_t next = 0;
  for (std::uint64_t chunk = 0, row = 0; chunk < chunks && next < samples.size(); ++chunk) {
    while (row + 1 < rows && in_.u32(stsc.body + 8 + (row + 1) * 12) <= chunk + 1) ++row;
    const std::uint64_t at = stsc.body + 8 + row * 12;
    const std::uint32_t count = rows == 0 ? 0 : in_.u32(at + 4);
    std::uint64_t offset =
        wide ? in_.u64(offsets.body + 8 + chunk * 8) : in_.u32(offsets.body + 8 + chunk * 4);
    for (std::uint32_t i = 0; i < count && next < samples.size(); ++i, ++next) {
      samples[next].offset = offset;
      samples[next].description = in_.u32(at + 8);
      offset += samples[next].size;
    }
  }
  if (next < samples.size()) throw Problem{"the MP4 is damaged: it has samples in no chunk", false};
}

void MovieReader::time_samples(const TrackTables& tables, std::vector<Sample>& samples) {
  const auto spread = [&](const Box& table, auto use) {
    std::size_t next = 0;
    for (std::uint64_t row = 0; row < in_.u32(table.body + 4) && next < samples.size(); ++row) {
      const std::uint32_t count = in_.u32(table.body + 8 + row * 8);
      const std::uint32_t value = in_.u32(table.body + 12 + row * 8);
      for (std::uint32_t i = 0; i < count && next < samples.size(); ++i) {
        use(samples[next++], value);
      }
    }
  };
  spread(*tables.times, [](Sample& sample, std::uint32_t value) { sample.duration = value; });
  if (tables.compositions) {
    spread(*tables.compositions, [](Sample& sample, std::uint32_t value) {
      sample.composition = static_cast<std::int32_t>(value);
    });
  }
  if (!tables.syncs) return;
  for (Sample& sample : samples) sample.sync = false;
  for (std::uint64_t i = 0; i < in_.u32(tables.syncs->body + 4); ++i) {
    const std::uint32_t number = in_.u32(tables.syncs->body + 8 + i * 4);
    if (number >= 1 && number <= samples.size()) samples[number - 1].sync = true;
  }
}

void MovieReader::read_fragment(const Box& moof) {
  std::uint64_t end = moof.start;  // of the previous track's data, where the next may start
  in_.each(moof, [&](const Box& traf) {
    if (traf.type != fourcc("traf")) return;
    TrackTables* tables = nullptr;
    Defaults defaults;
    std::uint64_t base = end;
    in_.each(traf, [&](const Box& box) {
      if (box.type == fourcc("tfhd")) {
        in_.need(box, 4);
        const std::uint32_t flags = in_.u32(box.body);
        if (flags & 0x20000) base = moof.start;
        defaults = read_fragment_header(box, base, tables);
        end = base;
      } else if (box.type == fourcc("tfdt") && tables) {
        const bool wide = in_.version(box) == 1;
        in_.need(box, wide ? 12 : 8);
        jump(*tables, wide ? in_.u64(box.body + 4) : in_.u32(box.body + 4));
      } else if (box.type == fourcc("trun") && tables) {
        end = read_run(box, defaults, base, end, *tables);
      }
    });
  });
}

Defaults MovieReader::read_fragment_header(const Box& tfhd, std::uint64_t& base,
                                           TrackTables*& tables) {
  in_.need(tfhd, 8);
  const std::uint32_t flags = in_.u32(tfhd.body);
  const std::uint32_t id = in_.u32(tfhd.body + 4);
  const auto found = std::find_if(tracks_.begin(), tracks_.end(),
                                  [id](const TrackTables& one) { return one.track.id == id; });
  tables = found == tracks_.end() ? nullptr : &*found;
  Defaults defaults = tables ? tables->defaults : Defaults{};
  std::uint64_t at = 8;
  const auto skip = [&](std::uint64_t bytes) {
    in_.need(tfhd, at + bytes);
    return tfhd.body + std::exchange(at, at + bytes);
  };
  if (flags & 0x01) base = in_.u64(skip(8));
  if (flags & 0x02) defaults.description = in_.u32(skip(4));
  if (flags & 0x08) defaults.duration = in_.u32(skip(4));
  if (flags & 0x10) defaults.size = in_.u32(skip(4));
  if (flags & 0x20) defaults.flags = in_.u32(skip(4));
  return defaults;
}

/// Returns where its data ends.
std::uint64_t MovieReader::read_run(const Box& trun, const Defaults& defaults, std::uint64_t base,
                                    std::uint64_t at, TrackTables& tables) {
  in_.need(trun, 8);
  const std::uint32_t flags = in_.u32(trun.body);
  const std::uint64_t count = in_.u32(trun.body + 4);
  std::uint64_t row = trun.body + 8;
  std::uint64_t row_bytes = 0;
  for (const std::uint32_t field : {0x100, 0x200, 0x400, 0x800}) row_bytes += flags & field ? 4 : 0;
  in_.need(trun, 8 + (flags & 0x01 ? 4 : 0) + (flags & 0x04 ? 4 : 0) + count * row_bytes);
  const auto take = [&](std::uint32_t field, std::uint32_t otherwise) {
    return flags & field ? in_.u32(std::exchange(row, row + 4)) : otherwise;
  };
  if (flags & 0x01) {
    const auto distance = static_cast<std::int32_t>(in_.u32(std::exchange(row, row + 4)));
    at = base + static_cast<std::uint64_t>(std::int64_t{distance});
  }
  const std::uint32_t first_flags = take(0x04, defaults.flags);
  for (std::uint64_t i = 0; i < count; ++i) {
    Sample sample;
    sample.offset = at;
    sample.description = defaults.description;
    sample.duration = take(0x100, defaults.duration);
    sample.size = take(0x200, defaults.size);
    sample.sync = !(take(0x400, i == 0 ? first_flags : defaults.flags) & 0x10000);
    sample.composition = static_cast<std::int32_t>(take(0x800, 0));
    at += sample.size;
    add(tables, sample);
  }
  return at;
}

/// A fragment gives its start time: the sample before it lasts until then.
void MovieReader::jump(TrackTables& tables, std::uint64_t time) {
  std::vector<Sample>& samples = tables.track.samples;
  if (samples.empty()) {
    tables.start = tables.end = time;
    return;
  }
  const std::uint64_t began = tables.end - samples.back().duration;
  if (time <= began || time - began > std::numeric_limits<std::uint32_t>::max()) return;
  samples.back().duration = static_cast<std::uint32_t>(time - began);
  tables.end = time;
}

void MovieReader::add(TrackTables& tables, const Sample& sample) {
  if (++samples_ > kMaxSamples) throw Problem{"the MP4 has too many samples", false};
  tables.track.samples.push_back(sample);
  tables.end += sample.duration;
}

/// Sample tables start at 0. A track that starts later, as in fragments of a live recording, gets
/// an edit for the time by which it starts after the others.
void MovieReader::place_late_starts() {
  std::optional<std::uint64_t> first;
  for (const TrackTables& tables : tracks_) {
    const std::uint64_t start = to_ns(tables.start, tables.track.timescale);
    if (!tables.track.samples.empty()) first = std::min(first.value_or(start), start);
  }
  for (TrackTables& tables : tracks_) {
    SampleTrack& track = tables.track;
    if (tables.start == 0) continue;
    const auto start = static_cast<std::int64_t>(tables.start);
    for (Edit& edit : track.edits) {
      if (edit.media_time >= 0)
        edit.media_time = std::max<std::int64_t>(0, edit.media_time - start);
    }
    const std::uint64_t late = to_ns(tables.start, track.timescale) - first.value_or(0);
    const std::uint64_t wait = late / 1000 * movie_.timescale / 1'000'000;
    if (!track.edits.empty() || wait == 0) continue;
    track.edits = {{wait, -1, 0x10000}, {0, 0, 0x10000}};
  }
}

void MovieReader::check_bounds(const SampleTrack& track) const {
  for (const Sample& sample : track.samples) {
    if (sample.offset > file_->size() || sample.size > file_->size() - sample.offset) {
      throw Problem{"the file is cut off: samples lie beyond its end", true};
    }
  }
}

}  // namespace

void append(SampleTrack& track, const SampleTrack& next) {
  std::vector<std::uint32_t> descriptions;
  for (const std::string& entry : next.entries) {
    auto same = std::find(track.entries.begin(), track.entries.end(), entry);
    if (same == track.entries.end()) same = track.entries.insert(same, entry);
    descriptions.push_back(static_cast<std::uint32_t>(same - track.entries.begin()) + 1);
  }
  const auto media = std::make_shared<ByteRope>(*track.media);
  for (Sample sample : next.samples) {
    sample.offset += media->size();
    sample.description = descriptions.at(sample.description - 1);
    track.samples.push_back(sample);
  }
  for (const BytesPtr& piece : next.media->pieces()) media->append(piece);
  track.media = media;
}

std::uint64_t SampleTrack::media_duration() const {
  std::uint64_t sum = 0;
  for (const Sample& sample : samples) sum += sample.duration;
  return sum;
}

std::uint64_t SampleTrack::shown_end() const {
  std::int64_t end = 0;
  std::int64_t time = 0;
  for (const Sample& sample : samples) {
    end = std::max(end, time + sample.composition + sample.duration);
    time += sample.duration;
  }
  return static_cast<std::uint64_t>(end);
}

std::uint64_t SampleTrack::media_bytes() const {
  std::uint64_t sum = 0;
  for (const Sample& sample : samples) sum += sample.size;
  return sum;
}

const SampleTrack* Movie::video() const {
  const SampleTrack* best = nullptr;
  const auto rank = [](const SampleTrack& track) {
    return shown_rank(track.samples.size(), track.enabled);
  };
  for (const SampleTrack& track : tracks) {
    if (track.handler == "vide" && (!best || rank(track) > rank(*best))) best = &track;
  }
  return best;
}

Movie read_movie(std::shared_ptr<const ByteRope> file) {
  return MovieReader(std::move(file)).run();
}

}  // namespace omni::mp4
