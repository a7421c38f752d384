// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/probe.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "media/mp4/boxes.h"
#include "media/mp4/shown.h"
#include "media/mp4/sniff.h"

namespace omni::mp4 {
namespace {

constexpr std::size_t kMaxTracks = 128;

/// What the boxes of one track say, before it becomes a Track.
struct TrackBoxes {
  Track track;
  std::uint32_t id = 0;
  std::uint32_t timescale = 0;
  bool turned = false;       // by 90 or 270 degrees
  unsigned coded_width = 0;  // of the sample entry
  unsigned coded_height = 0;
  std::uint64_t samples = 0;
  std::uint64_t default_sample_duration = 0;  // trex
  std::uint64_t duration = 0;                 // mdhd, in the track's timescale
  std::uint64_t latest = 0;                   // see FragmentRun
  Timeline fragments;
  std::vector<Edit> edits;
  std::optional<Box> sizes;    // stsz
  std::optional<Box> chunks;   // stsc
  std::optional<Box> offsets;  // stco, co64
};

class Prober {
 public:
  explicit Prober(const ByteRope& file) : boxes_(file) {}
  Info run();

 private:
  void scan_top();
  void read_brand(const Box& box);
  void read_movie(const Box& moov);
  void read_movie_extends(const Box& mvex);
  void read_track(const Box& trak);
  void read_media(const Box& mdia, TrackBoxes& track);
  void read_sample_table(const Box& stbl, TrackBoxes& track);
  void read_track_header(const Box& tkhd, TrackBoxes& track);
  void read_sample_entry(const Box& stsd, TrackBoxes& track);
  void read_sample_sizes(const Box& box, TrackBoxes& track);
  void check_chunks(const TrackBoxes& track);
  std::optional<std::uint64_t> chunk_bytes(const TrackBoxes& track, std::uint64_t chunk);
  void read_fragment(const Box& moof);
  void read_track_fragment(const Box& traf);
  void read_segment_index(const Box& sidx);
  void finish_track(TrackBoxes& track);
  std::uint64_t shown_duration(const TrackBoxes& track) const;
  void check_movie() const;
  TrackBoxes* find_track(std::uint32_t id);

  BoxReader boxes_;
  Info info_;
  std::vector<TrackBoxes> tracks_;
  std::vector<Box> fragments_;
  std::optional<Box> movie_;
  bool media_data_ = false;
  bool brand_ = false;
  std::uint32_t movie_timescale_ = 0;
  std::uint64_t longest_ns_ = 0;
  Timeline index_;  // in nanoseconds
};

Info Prober::run() {
  scan_top();
  check_movie();
  if (!brand_) info_.major_brand = "qt  ";  // QuickTime had no ftyp, and cameras still write none
  read_movie(*movie_);
  for (const Box& moof : fragments_) read_fragment(moof);
  for (TrackBoxes& track : tracks_) {
    finish_track(track);
    longest_ns_ = std::max(longest_ns_, track.track.duration_ns);
  }
  const std::uint64_t longest = std::max(longest_ns_, index_.length());
  for (TrackBoxes& track : tracks_) {
    if (track.track.duration_ns == 0) track.track.duration_ns = longest;
    info_.tracks.push_back(std::move(track.track));
  }
  const Track* video = info_.video();
  if (!video) throw Problem{"the file has no video track", false};
  if (video->samples == 0) throw Problem{"the MP4 has a video track, but no video samples", false};
  info_.duration_ns = video->duration_ns;
  return std::move(info_);
}

void Prober::scan_top() {
  boxes_.each(boxes_.whole(), [this](const Box& box) {
    switch (box.type) {
      case fourcc("ftyp"):
        if (!brand_) read_brand(box);
        break;
      case fourcc("mdat"):
        media_data_ = true;
        break;
      case fourcc("moov"):
        if (movie_) break;
        movie_ = box;
        info_.moov_at_end = media_data_;
        break;
      case fourcc("moof"):
        fragments_.push_back(box);
        break;
      case fourcc("sidx"):
        read_segment_index(box);
        break;
      default:
        break;
    }
  });
}

void Prober::read_brand(const Box& box) {
  boxes_.need(box, 4);
  brand_ = true;
  info_.major_brand = boxes_.text(box.body, 4);
}

void Prober::check_movie() const {
  if (movie_) return;
  if (!brand_) throw Problem{"this is not an MP4: it has no ftyp box", false};
  for (const char* image : {"heic", "heix", "mif1", "avif"}) {
    if (info_.major_brand == image) {
      throw Problem{"this is a HEIF or AVIF image, not an MP4 video", false};
    }
  }
  throw Problem{
      "the MP4 has no moov box, which describes the video: its recording was not finished", false};
}

void Prober::read_movie(const Box& moov) {
  boxes_.each(moov, [this](const Box& box) {
    if (box.type == fourcc("mvhd")) {
      movie_timescale_ = boxes_.media_timescale(box);
      longest_ns_ = std::max(longest_ns_, to_ns(boxes_.media_duration(box), movie_timescale_));
    } else if (box.type == fourcc("trak")) {
      read_track(box);
    } else if (box.type == fourcc("mvex")) {
      info_.fragmented = true;
    }
  });
  // mvex refers to tracks that may come after it.
  boxes_.each(moov, [this](const Box& box) {
    if (box.type == fourcc("mvex")) read_movie_extends(box);
  });
}

void Prober::read_movie_extends(const Box& mvex) {
  boxes_.each(mvex, [this](const Box& box) {
    if (box.type == fourcc("mehd")) {
      boxes_.need(box, boxes_.version(box) == 1 ? 12 : 8);
      const std::uint64_t duration =
          boxes_.version(box) == 1 ? boxes_.u64(box.body + 4) : boxes_.u32(box.body + 4);
      longest_ns_ = std::max(longest_ns_, to_ns(duration, movie_timescale_));
    } else if (box.type == fourcc("trex")) {
      boxes_.need(box, 24);
      TrackBoxes* track = find_track(boxes_.u32(box.body + 4));
      if (track) track->default_sample_duration = boxes_.u32(box.body + 12);
    }
  });
}

void Prober::read_track(const Box& trak) {
  if (tracks_.size() >= kMaxTracks) throw Problem{"the MP4 has too many tracks", false};
  TrackBoxes track;
  boxes_.each(trak, [&](const Box& box) {
    if (box.type == fourcc("tkhd")) read_track_header(box, track);
    if (box.type == fourcc("edts")) track.edits = boxes_.edits(box);
    if (box.type == fourcc("mdia")) read_media(box, track);
  });
  check_chunks(track);  // once for each track, however often a hostile file repeats its tables
  tracks_.push_back(std::move(track));
}

void Prober::read_track_header(const Box& tkhd, TrackBoxes& track) {
  const bool wide = boxes_.version(tkhd) == 1;
  boxes_.need(tkhd, wide ? 96 : 84);
  track.track.enabled = boxes_.u32(tkhd.body) & 1;
  track.id = boxes_.u32(tkhd.body + (wide ? 20 : 12));
  const std::uint64_t matrix = tkhd.body + (wide ? 52 : 40);
  // { a b u, c d v, x y w }: a quarter turn has its ones in b and c.
  track.turned = boxes_.u32(matrix) == 0 && boxes_.u32(matrix + 16) == 0 &&
                 boxes_.u32(matrix + 4) != 0 && boxes_.u32(matrix + 12) != 0;
  track.track.width = boxes_.u32(matrix + 36) >> 16;
  track.track.height = boxes_.u32(matrix + 40) >> 16;
}

void Prober::read_media(const Box& mdia, TrackBoxes& track) {
  boxes_.each(mdia, [&](const Box& box) {
    if (box.type == fourcc("mdhd")) {
      track.timescale = boxes_.media_timescale(box);
      track.duration = boxes_.media_duration(box);
    } else if (box.type == fourcc("hdlr")) {
      boxes_.need(box, 12);
      track.track.handler = boxes_.text(box.body + 8, 4);
    } else if (box.type == fourcc("minf")) {
      boxes_.each(box, [&](const Box& inner) {
        if (inner.type == fourcc("stbl")) read_sample_table(inner, track);
      });
    }
  });
}

void Prober::read_sample_table(const Box& stbl, TrackBoxes& track) {
  std::uint64_t total = 0;
  boxes_.each(stbl, [&](const Box& box) {
    switch (box.type) {
      case fourcc("stsd"):
        read_sample_entry(box, track);
        break;
      case fourcc("stts"):
        total = boxes_.sum_time_table(box);
        break;
      case fourcc("ctts"):
        track.latest = boxes_.latest_composition(box);
        break;
      case fourcc("stsz"):
      case fourcc("stz2"):
        read_sample_sizes(box, track);
        break;
      case fourcc("stsc"):
        boxes_.need_entries(box, 12);
        track.chunks = box;
        break;
      case fourcc("stco"):
      case fourcc("co64"):
        boxes_.need_entries(box, box.type == fourcc("stco") ? 4 : 8);
        track.offsets = box;
        break;
      default:
        break;
    }
  });
  if (track.duration == 0) track.duration = total;
}

void Prober::read_sample_entry(const Box& stsd, TrackBoxes& track) {
  boxes_.need(stsd, 8);
  if (boxes_.u32(stsd.body + 4) == 0) return;
  boxes_.need(stsd, 16);
  track.track.codec = boxes_.text(stsd.body + 12, 4);
  if (stsd.end - stsd.body < 44) return;
  track.coded_width = boxes_.u16(stsd.body + 40);
  track.coded_height = boxes_.u16(stsd.body + 42);
}

void Prober::read_sample_sizes(const Box& box, TrackBoxes& track) {
  boxes_.need(box, 12);
  track.samples = boxes_.u32(box.body + 8);
  if (box.type == fourcc("stz2")) {
    track.sizes.reset();
    boxes_.need(box, 12 + track.samples * (boxes_.u32(box.body + 4) & 0xFF) / 8);
    return;
  }
  track.sizes = box;
  const std::uint64_t fixed = boxes_.u32(box.body + 4);
  if (fixed == 0) boxes_.need(box, 12 + track.samples * 4);
  const std::uint64_t total =
      fixed == 0 ? boxes_.sum_u32(box.body + 12, track.samples) : track.samples * fixed;
  if (total > boxes_.size()) {
    throw Problem{"the file is cut off: its tables list more sample bytes than the file has", true};
  }
}

/// When mdat has no size of its own, all boxes may fit and samples still be missing.
void Prober::check_chunks(const TrackBoxes& track) {
  if (!track.offsets || track.samples == 0) return;
  const Box& box = *track.offsets;
  const bool wide = box.type == fourcc("co64");
  const std::uint64_t count = boxes_.u32(box.body + 4);
  std::uint64_t farthest = 0;
  std::uint64_t chunk = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = box.body + 8;
    const std::uint64_t offset = wide ? boxes_.u64(at + i * 8) : boxes_.u32(at + i * 4);
    if (offset < farthest) continue;
    farthest = offset;
    chunk = i;
  }
  const std::uint64_t size = boxes_.size();
  const std::optional<std::uint64_t> bytes = chunk_bytes(track, chunk);
  const bool outside = farthest > size || bytes.value_or(0) > size - farthest;
  if (outside || (!bytes && boxes_.data_cut())) {
    throw Problem{"the file is cut off: samples lie beyond its end", true};
  }
}

/// Of the chunk, counted from 0; empty when the tables do not tell.
std::optional<std::uint64_t> Prober::chunk_bytes(const TrackBoxes& track, std::uint64_t chunk) {
  if (!track.sizes || !track.chunks) return {};
  const std::uint64_t fixed = boxes_.u32(track.sizes->body + 4);
  // A fixed size of 1 is how QuickTime counts uncompressed sound: it says nothing about bytes.
  if (fixed == 1) return {};
  const std::uint64_t rows = boxes_.u32(track.chunks->body + 4);
  std::uint64_t first = 0;  // sample of the chunk
  std::uint64_t count = 0;
  for (std::uint64_t row = 0, begin = 0; row < rows && begin <= chunk; ++row) {
    const std::uint64_t at = track.chunks->body + 8 + row * 12;
    const std::uint64_t next = row + 1 < rows ? boxes_.u32(at + 12) - 1 : chunk + 1;
    count = boxes_.u32(at + 4);
    const std::uint64_t chunks = std::min(next, chunk) - std::min(begin, chunk);
    first = std::min(track.samples, first + chunks * count);
    begin = std::max(begin, next);
  }
  count = std::min(count, track.samples - first);
  if (fixed != 0) return fixed * count;
  return boxes_.sum_u32(track.sizes->body + 12 + first * 4, count);
}

void Prober::read_fragment(const Box& moof) {
  info_.fragmented = true;
  boxes_.each(moof, [this](const Box& box) {
    if (box.type == fourcc("traf")) read_track_fragment(box);
  });
}

void Prober::read_track_fragment(const Box& traf) {
  TrackBoxes* track = nullptr;
  std::uint64_t default_duration = 0;
  std::optional<std::uint64_t> start;
  FragmentRun sum;
  boxes_.each(traf, [&](const Box& box) {
    if (box.type == fourcc("tfhd")) {
      boxes_.need(box, 8);
      track = find_track(boxes_.u32(box.body + 4));
      default_duration =
          boxes_.fragment_default(box).value_or(track ? track->default_sample_duration : 0);
    } else if (box.type == fourcc("tfdt")) {
      boxes_.need(box, boxes_.version(box) == 1 ? 12 : 8);
      start = boxes_.version(box) == 1 ? boxes_.u64(box.body + 4) : boxes_.u32(box.body + 4);
    } else if (box.type == fourcc("trun")) {
      boxes_.add_run(box, default_duration, sum);
    }
  });
  if (!track) return;
  track->samples += sum.samples;
  track->latest = std::max(track->latest, sum.latest);
  track->fragments.add(start, sum.duration);
}

/// Times are kept in nanoseconds, because each index may have its own timescale.
void Prober::read_segment_index(const Box& sidx) {
  const bool wide = boxes_.version(sidx) == 1;
  const std::uint64_t head = wide ? 32 : 24;
  boxes_.need(sidx, head);
  const std::uint32_t timescale = boxes_.u32(sidx.body + 8);
  const std::uint64_t start = wide ? boxes_.u64(sidx.body + 12) : boxes_.u32(sidx.body + 12);
  const std::uint64_t count = boxes_.u16(sidx.body + head - 2);
  boxes_.need(sidx, head + count * 12);
  std::uint64_t duration = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    duration += boxes_.u32(sidx.body + head + i * 12 + 4);
  }
  index_.add(to_ns(start, timescale), to_ns(duration, timescale));
}

void Prober::finish_track(TrackBoxes& boxes) {
  Track& track = boxes.track;
  track.duration_ns = shown_duration(boxes);
  track.samples = boxes.samples;
  if (track.handler != "vide") {
    track.width = track.height = 0;
    return;
  }
  if (track.width == 0 || track.height == 0) {
    track.width = boxes.coded_width;
    track.height = boxes.coded_height;
  }
  if (boxes.turned) std::swap(track.width, track.height);
}

std::uint64_t Prober::shown_duration(const TrackBoxes& track) const {
  const std::uint64_t whole =
      to_ns(std::max(track.duration, track.fragments.length()), track.timescale);
  if (track.edits.empty() || whole == 0 || movie_timescale_ == 0) return whole;
  const std::uint64_t first = track.duration == 0 ? track.fragments.first() : 0;
  const std::uint64_t last = std::max(track.duration, track.fragments.last());
  return shown_length(
      track.edits, movie_timescale_,
      {to_ns(first, track.timescale),
       to_ns(last, track.timescale) + to_ns(track.latest, track.timescale), track.timescale});
}

TrackBoxes* Prober::find_track(std::uint32_t id) {
  const auto found = std::find_if(tracks_.begin(), tracks_.end(),
                                  [id](const TrackBoxes& track) { return track.id == id; });
  return found == tracks_.end() ? nullptr : &*found;
}

}  // namespace

const Track* Info::video() const {
  const Track* best = nullptr;
  const auto rank = [](const Track& track) { return shown_rank(track.samples, track.enabled); };
  for (const Track& track : tracks) {
    if (track.handler == "vide" && (!best || rank(track) > rank(*best))) best = &track;
  }
  return best;
}

std::variant<Info, Problem> probe(const ByteRope& file) {
  if (file.empty()) return Problem{"the file is empty", true};
  const std::string other = other_type(file);
  if (!other.empty()) return Problem{"this is " + other + ", not an MP4", false};
  try {
    return Prober(file).run();
  } catch (Problem& problem) {
    return std::move(problem);
  }
}

}  // namespace omni::mp4
