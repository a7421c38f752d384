// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/mp4/only-track.h"

#include <utility>

#include "media/mp4/boxes.h"

namespace omni::mp4 {
namespace {

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}
std::string box_of(const char* type, const std::string& body) {
  return number(8 + body.size(), 4) + type + body;
}

/// Builds what only_track() returns.
class TrackOnly {
 public:
  TrackOnly(const ByteRope& file, const SampleTrack& track, std::uint32_t movie_timescale)
      : file_(file), in_(file), track_(track), movie_timescale_(movie_timescale) {}
  std::shared_ptr<const ByteRope> run();

 private:
  struct Change {
    std::uint64_t at = 0;
    std::string bytes;
  };
  void give_size(const Box& mdat);
  void hide_in(const Box& moov);
  std::string new_moov(const Box& moov);
  std::string new_trak(const Box& trak);
  std::string whole_edit() const;
  std::uint32_t id_of(const Box& trak);
  std::string copy(const Box& box) const;

  const ByteRope& file_;
  BoxReader in_;
  const SampleTrack& track_;
  std::uint32_t movie_timescale_;
  std::vector<Change> changes_;
  std::string tail_;  // the new moov
};

std::shared_ptr<const ByteRope> TrackOnly::run() {
  std::uint64_t end = 0;  // what is behind the last box would hide what is put there
  in_.each(in_.whole(), [&](const Box& box) {
    end = box.end;
    if (box.type == fourcc("mdat")) give_size(box);
    if (box.type != fourcc("moov")) return;
    bool fragmented = false;
    in_.each(box, [&](const Box& inner) { fragmented |= inner.type == fourcc("mvex"); });
    if (fragmented) {
      hide_in(box);
    } else if (tail_.empty()) {
      tail_ = new_moov(box);
      changes_.push_back({box.start + 4, "free"});
    }
  });
  auto result = std::make_shared<ByteRope>();
  std::uint64_t at = 0;
  for (const Change& change : changes_) {
    result->append_slice(file_, at, change.at - at);
    result->append(BytesPtr::adopt(g_bytes_new(change.bytes.data(), change.bytes.size())));
    at = change.at + change.bytes.size();
  }
  result->append_slice(file_, at, end - at);
  result->append(BytesPtr::adopt(g_bytes_new(tail_.data(), tail_.size())));
  return result;
}

/// One that goes up to the end of the file, or that promises more: something is put behind it.
void TrackOnly::give_size(const Box& mdat) {
  const std::uint64_t size = mdat.end - mdat.start;
  const bool wide = in_.u32(mdat.start) == 1;
  if (wide && in_.u64(mdat.start + 8) != size) {
    changes_.push_back({mdat.start + 8, number(size, 8)});
  } else if (!wide && in_.u32(mdat.start) != size && size <= 0xFFFFFFFF) {
    changes_.push_back({mdat.start, number(size, 4)});
  }
}

/// Fragments must come behind their moov, so nothing can be moved; boxes of type 'free' are passed
/// over.
void TrackOnly::hide_in(const Box& moov) {
  in_.each(moov, [&](const Box& trak) {
    if (trak.type != fourcc("trak")) return;
    if (id_of(trak) != track_.id) {
      changes_.push_back({trak.start + 4, "free"});
      return;
    }
    in_.each(trak, [&](const Box& box) {
      if (box.type == fourcc("edts")) changes_.push_back({box.start + 4, "free"});
    });
  });
}

std::string TrackOnly::new_moov(const Box& moov) {
  std::string body;
  in_.each(moov, [&](const Box& box) {
    if (box.type == fourcc("mvhd")) body += copy(box);
    if (box.type == fourcc("trak") && id_of(box) == track_.id) body += new_trak(box);
  });
  return box_of("moov", body);
}

std::string TrackOnly::new_trak(const Box& trak) {
  std::string body;
  in_.each(trak, [&](const Box& box) {
    if (box.type != fourcc("edts")) body += copy(box);
    if (box.type == fourcc("tkhd")) body += whole_edit();
  });
  return box_of("trak", body);
}

/// Without an edit list, demuxers stop after the sum of durations and lose the frames that
/// reordering shows later.
std::string TrackOnly::whole_edit() const {
  if (track_.samples.empty() || track_.timescale == 0) return {};
  const std::uint64_t duration =
      track_.shown_end() / track_.timescale * movie_timescale_ +
      track_.shown_end() % track_.timescale * movie_timescale_ / track_.timescale + 1;
  return box_of("edts", box_of("elst", number(1u << 24, 4) + number(1, 4) + number(duration, 8) +
                                           number(0, 8) + number(0x10000, 4)));
}

std::uint32_t TrackOnly::id_of(const Box& trak) {
  std::uint32_t id = 0;
  in_.each(trak, [&](const Box& box) {
    if (box.type == fourcc("tkhd")) id = in_.u32(box.body + (in_.version(box) == 1 ? 20 : 12));
  });
  return id;
}

std::string TrackOnly::copy(const Box& box) const {
  std::string text(static_cast<std::size_t>(box.end - box.start), '\0');
  file_.read(box.start, text.data(), text.size());
  return text;
}

}  // namespace

std::shared_ptr<const ByteRope> only_track(const std::shared_ptr<const ByteRope>& file,
                                           const SampleTrack& track,
                                           std::uint32_t movie_timescale) {
  return TrackOnly(*file, track, movie_timescale).run();
}

}  // namespace omni::mp4
