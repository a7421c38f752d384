// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/reference-audio.h"

#include <gst/audio/audio.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "media/audio-encoder.h"
#include "media/bus-cancellation.h"
#include "media/mp4/sample-entry.h"
#include "media/mp4/writer.h"
#include "service/error.h"

namespace omni {

struct SoundFormat {
  bool raw = false;
  GstAudioInfo info{};  // of raw audio
  AacSetup aac;
  unsigned rate = 0;

  bool operator==(const SoundFormat& other) const {
    if (raw != other.raw || rate != other.rate) return false;
    return raw ? gst_audio_info_is_equal(&info, &other.info)
               : aac.config == other.aac.config && aac.channels == other.aac.channels;
  }
};

namespace {

constexpr unsigned kBitsPerSecond = 128'000;
constexpr guint64 kMostSilence = 4096;  // samples per buffer
// Times are rounded on the way, to milliseconds in some containers: a buffer that is off by less
// follows the previous one. GStreamer's own elements use the same tolerance.
constexpr guint64 kTolerance = 40;  // ms
// At a discontinuity the buffer's time is exact.
constexpr guint64 kToleranceAtBreak = 1;  // ms

std::uint64_t to_samples(GstClockTime time, unsigned rate) {
  return gst_util_uint64_scale_round(time, rate, GST_SECOND);
}

// Wakes the take() that waits.
constexpr const char* kReady = "omni/sound-ready";
constexpr const char* kFlushed = "omni/sound-flushed";

BufferPtr region(GstBuffer* buffer, gsize from, gsize bytes) {
  return BufferPtr::adopt(gst_buffer_copy_region(buffer, GST_BUFFER_COPY_MEMORY, from, bytes));
}

/// Audio that cannot be stored in an MP4 has no format.
std::optional<SoundFormat> raw_format(const GstCaps* caps) {
  SoundFormat format;
  format.raw = true;
  const bool named = gst_structure_has_name(gst_caps_get_structure(caps, 0), "audio/x-raw");
  if (!named || !gst_audio_info_from_caps(&format.info, caps)) return std::nullopt;
  if (format.info.layout != GST_AUDIO_LAYOUT_INTERLEAVED || format.info.rate <= 0 ||
      format.info.bpf <= 0) {
    return std::nullopt;
  }
  format.rate = static_cast<unsigned>(format.info.rate);
  return format;
}

std::optional<SoundFormat> aac_format(const GstStructure* caps) {
  const GValue* config = gst_structure_get_value(caps, "codec_data");
  GstBuffer* buffer =
      config && G_VALUE_HOLDS(config, GST_TYPE_BUFFER) ? gst_value_get_buffer(config) : nullptr;
  if (!buffer) return std::nullopt;
  std::string text(gst_buffer_get_size(buffer), '\0');
  gst_buffer_extract(buffer, 0, text.data(), text.size());
  const std::optional<AacSetup> setup = read_aac_config(text);
  if (!setup) return std::nullopt;
  SoundFormat format;
  format.aac = *setup;
  format.rate = setup->rate;
  gint channels = 2;
  gst_structure_get_int(caps, "channels", &channels);
  if (format.aac.channels == 0) format.aac.channels = static_cast<unsigned>(std::max(channels, 1));
  return format;
}

bool is_aac(const GstStructure* caps) {
  gint version = 0;
  return gst_structure_has_name(caps, "audio/mpeg") &&
         gst_structure_get_int(caps, "mpegversion", &version) && (version == 2 || version == 4);
}

std::uint64_t unit_count(const SoundFormat& format, GstBuffer* buffer) {
  if (!format.raw) return format.aac.unit;
  return gst_buffer_get_size(buffer) / static_cast<gsize>(format.info.bpf);
}

void post(const BusPtr& bus, const char* name) {
  if (!bus) return;
  gst_bus_post(bus.get(), gst_message_new_application(nullptr, gst_structure_new_empty(name)));
}

/// The requested range, in samples of the format.
struct Stretch {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t movie_ticks = 0;  // its length
};

/// Gapless audio from the first sample of the range to the last.
std::vector<BufferPtr> fill(const std::vector<SoundPiece>& pieces, const Stretch& stretch) {
  const GstAudioInfo& info = pieces.front().format->info;
  const auto frame = static_cast<gsize>(info.bpf);
  std::vector<BufferPtr> filled;
  std::uint64_t at = stretch.start;
  const auto be_silent_until = [&](std::uint64_t until) {
    while (at < until) {
      const std::uint64_t count = std::min<std::uint64_t>(until - at, kMostSilence);
      filled.push_back(make_silence(info, count));
      at += count;
    }
  };
  for (const SoundPiece& piece : pieces) {
    be_silent_until(piece.start);
    const std::uint64_t to = std::min(piece.end(), stretch.end);
    if (to <= at) continue;
    filled.push_back(region(piece.buffer.get(), (at - piece.start) * frame, (to - at) * frame));
    at = to;
  }
  be_silent_until(stretch.end);
  return filled;
}

mp4::SampleTrack encode(const std::vector<SoundPiece>& pieces, const Stretch& stretch,
                        BusCancellation& cancellation) {
  const AudioCoded coded = encode_sound(pieces.front().format->info, fill(pieces, stretch),
                                        kBitsPerSecond, cancellation);
  mp4::SampleTrack track = aac_track(coded);
  track.edits = {{stretch.movie_ticks, coded.priming, 0x10000}};
  return track;
}

/// The first unit may lie before the range, because decoding depends on the previous unit. A gap
/// makes the unit before it last longer.
mp4::SampleTrack pass(const std::vector<SoundPiece>& pieces, const Stretch& stretch) {
  const SoundFormat& format = *pieces.front().format;
  mp4::SampleTrack track;
  track.handler = "soun";
  track.codec = "mp4a";
  track.timescale = format.rate;
  track.entries = {mp4::aac_entry(format.aac.channels, format.rate, format.aac.config)};
  auto media = std::make_shared<ByteRope>();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    gpointer copy = nullptr;
    gsize size = 0;
    GstBuffer* unit = pieces[i].buffer.get();
    gst_buffer_extract_dup(unit, 0, gst_buffer_get_size(unit), &copy, &size);
    const bool last = i + 1 == pieces.size();
    const std::uint64_t duration = last ? pieces[i].count : pieces[i + 1].start - pieces[i].start;
    track.samples.push_back({media->size(), static_cast<std::uint32_t>(size),
                             static_cast<std::uint32_t>(duration), 0, 1, true});
    media->append(BytesPtr::adopt(g_bytes_new_take(copy, size)));
  }
  track.media = std::move(media);

  const auto to_ticks = [&](std::uint64_t sample) {
    return gst_util_uint64_scale_round(stretch.movie_ticks, sample - stretch.start,
                                       stretch.end - stretch.start);
  };
  const std::uint64_t first = pieces.front().start;
  const std::uint64_t begin = to_ticks(std::max(first, stretch.start));
  if (begin > 0) track.edits.push_back({begin, -1, 0x10000});
  const std::uint64_t end = to_ticks(std::min(pieces.back().end(), stretch.end));
  const std::uint64_t skipped = stretch.start - std::min(first, stretch.start);
  track.edits.push_back({end - begin, static_cast<std::int64_t>(skipped), 0x10000});
  return track;
}

}  // namespace

ReferenceAudio::ReferenceAudio() : adapter_(ObjectPtr<GstAdapter>::adopt(gst_adapter_new())) {
}
ReferenceAudio::~ReferenceAudio() = default;

bool ReferenceAudio::set_caps(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const bool aac = is_aac(structure);
  const char* form = aac ? gst_structure_get_string(structure, "stream-format") : nullptr;
  const bool adts = form && std::string(form) == "adts";
  std::optional<SoundFormat> format;
  if (!aac) format = raw_format(caps);
  if (form && std::string(form) == "raw") format = aac_format(structure);
  BusPtr woken;
  {
    const std::lock_guard lock(mutex_);
    adts_ = adts;
    ended_ = false;  // another stream, after the end of the previous one
    ignored_ = !adts && !format;
    if (format) set_format(*format);
    gst_adapter_clear(adapter_.get());
    woken = waiter_if_ready();
  }
  post(woken, kReady);
  return adts || format;
}

void ReferenceAudio::set_format(const SoundFormat& format) {
  if (format_ && *format_ == format) return;
  if (format_ && next_) next_ = gst_util_uint64_scale_round(*next_, format.rate, format_->rate);
  format_ = std::make_shared<const SoundFormat>(format);
}

void ReferenceAudio::push(GstBuffer* buffer, GstClockTime running_time) {
  Pieces old;  // freed after the lock is released
  BusPtr woken;
  {
    const std::lock_guard lock(mutex_);
    ended_ = false;
    if (ignored_) return;
    if (adts_) {
      push_adts(buffer, running_time);
    } else if (format_) {
      add(BufferPtr::share(buffer), running_time, GST_BUFFER_IS_DISCONT(buffer));
    }
    trim(old);
    woken = waiter_if_ready();
  }
  post(woken, kReady);
}

/// A buffer's time is that of the first unit that starts in it.
void ReferenceAudio::push_adts(GstBuffer* buffer, GstClockTime time) {
  if (GST_BUFFER_IS_DISCONT(buffer)) gst_adapter_clear(adapter_.get());
  GstBuffer* timed = gst_buffer_copy(buffer);
  GST_BUFFER_PTS(timed) = time;
  gst_adapter_push(adapter_.get(), timed);
  while (take_adts_unit()) continue;
}

/// False: no complete unit is left.
bool ReferenceAudio::take_adts_unit() {
  GstAdapter* adapter = adapter_.get();
  std::array<std::uint8_t, kAdtsBytes> bytes{};
  if (gst_adapter_available(adapter) < bytes.size()) return false;
  gst_adapter_copy(adapter, bytes.data(), 0, bytes.size());
  const std::optional<AdtsHeader> header = read_adts(bytes);
  if (!header) {  // out of sync: a unit starts further on
    gst_adapter_flush(adapter, 1);
    return true;
  }
  if (gst_adapter_available(adapter) < header->size) return false;
  const GstClockTime stamp = gst_adapter_prev_pts(adapter, nullptr);
  const bool discont = gst_adapter_pts_at_discont(adapter) == stamp;
  gst_adapter_flush(adapter, header->header);
  auto unit = BufferPtr::adopt(gst_adapter_take_buffer(adapter, header->size - header->header));
  SoundFormat format;
  format.aac = header->setup;
  format.rate = header->setup.rate;
  set_format(format);
  const bool fresh = stamp != adts_time_;
  adts_time_ = stamp;
  add(std::move(unit), fresh ? stamp : GST_CLOCK_TIME_NONE, fresh && discont);
  return true;
}

void ReferenceAudio::add(BufferPtr buffer, GstClockTime time, bool discont) {
  if (!GST_CLOCK_TIME_IS_VALID(time) && !next_) return;
  const SoundFormat& format = *format_;
  SoundPiece piece{format_, std::move(buffer), place(time, discont || overlapped_), 0};
  piece.count = unit_count(format, piece.buffer.get());
  const std::uint64_t over = next_ && *next_ > piece.start ? *next_ - piece.start : 0;
  // A rest that is no longer than the rounding of times is not new either.
  const std::uint64_t rounding = kToleranceAtBreak * format.rate / 1000;
  overlapped_ = over > 0 && over + rounding >= piece.count;
  if (overlapped_ || gst_buffer_get_size(piece.buffer.get()) == 0) return;
  piece.start += over;  // a unit cannot be cut; it moves by less than its length
  if (format.raw && over > 0) {
    const auto frame = static_cast<gsize>(format.info.bpf);
    piece.count -= over;
    piece.buffer = region(piece.buffer.get(), over * frame, piece.count * frame);
  }
  next_ = piece.end();
  pieces_.push_back(std::move(piece));
}

std::uint64_t ReferenceAudio::place(GstClockTime time, bool exact) const {
  if (!GST_CLOCK_TIME_IS_VALID(time)) return *next_;
  const std::uint64_t stamped = to_samples(time, format_->rate);
  if (!next_) return stamped;
  const std::uint64_t apart = stamped > *next_ ? stamped - *next_ : *next_ - stamped;
  const guint64 tolerance = exact ? kToleranceAtBreak : kTolerance;
  return apart * 1000 <= tolerance * format_->rate ? *next_ : stamped;
}

void ReferenceAudio::skip_to(GstClockTime running_time) {
  BusPtr woken;
  {
    const std::lock_guard lock(mutex_);
    if (GST_CLOCK_TIME_IS_VALID(running_time)) skipped_to_ = std::max(skipped_to_, running_time);
    woken = waiter_if_ready();
  }
  post(woken, kReady);
}

void ReferenceAudio::end() {
  BusPtr woken;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    woken = waiter_if_ready();
  }
  post(woken, kReady);
}

void ReferenceAudio::flush() {
  std::deque<SoundPiece> old;
  BusPtr woken;
  {
    const std::lock_guard lock(mutex_);
    old.swap(pieces_);
    gst_adapter_clear(adapter_.get());
    adts_time_ = GST_CLOCK_TIME_NONE;
    next_.reset();
    overlapped_ = false;
    ended_ = false;
    skipped_to_ = floor_ = 0;
    woken = std::exchange(waiter_, {});
  }
  post(woken, kFlushed);
}

void ReferenceAudio::drop_before(GstClockTime running_time) {
  if (!GST_CLOCK_TIME_IS_VALID(running_time)) return;
  Pieces old;
  const std::lock_guard lock(mutex_);
  floor_ = std::max(floor_, running_time);
  trim(old);
}

/// The last AAC unit before the range is kept, see pass().
void ReferenceAudio::trim(Pieces& old) {
  while (!pieces_.empty()) {
    const std::size_t index = pieces_.front().format->raw ? 0 : 1;
    if (index >= pieces_.size()) return;
    const SoundPiece& first = pieces_[index];
    if (first.end() > to_samples(floor_, first.format->rate)) return;
    old.push_back(std::move(pieces_.front()));
    pieces_.pop_front();
  }
}

bool ReferenceAudio::has_all(GstClockTime end) const {
  if (ended_ || ignored_ || skipped_to_ >= end) return true;
  return format_ && next_ && *next_ >= to_samples(end, format_->rate);
}

BusPtr ReferenceAudio::waiter_if_ready() {
  if (!waiter_ || !has_all(waits_for_)) return {};
  return std::exchange(waiter_, {});
}

/// Waits on a bus, since a BusCancellation wakes that. False: flushed.
bool ReferenceAudio::wait_for(GstClockTime end, BusCancellation& cancellation,
                              GstClockTime patience) {
  const auto bus = BusPtr::adopt(gst_bus_new());
  const BusCancellation::Guard guard(cancellation, bus.get());
  {
    const std::lock_guard lock(mutex_);
    if (has_all(end)) return true;
    waiter_ = bus;
    waits_for_ = end;
  }
  const auto message = MessagePtr::adopt(gst_bus_timed_pop(bus.get(), patience));
  {
    const std::lock_guard lock(mutex_);
    waiter_ = {};
    if (!message) ended_ = true;  // not waited for again until something arrives
  }
  if (cancellation.cancelled()) {
    throw Failure(Reason::cancelled, "waiting for the reference's audio was interrupted");
  }
  return !message || gst_message_has_name(message.get(), kReady);
}

ReferenceAudio::Pieces ReferenceAudio::cut(GstClockTime start, GstClockTime end) const {
  const std::lock_guard lock(mutex_);
  Pieces taken;
  const SoundPiece* before = nullptr;
  for (const SoundPiece& piece : pieces_) {
    const unsigned rate = piece.format->rate;
    const bool inside =
        piece.end() > to_samples(start, rate) && piece.start < to_samples(end, rate);
    if (inside && taken.empty() && before && !piece.format->raw &&
        *before->format == *piece.format && before->end() == piece.start) {
      taken.push_back(*before);
    }
    if (inside && (taken.empty() || *taken.front().format == *piece.format)) taken.push_back(piece);
    before = &piece;
  }
  return taken;
}

std::optional<mp4::SampleTrack> ReferenceAudio::take(GstClockTime start, GstClockTime end,
                                                     std::uint32_t movie_timescale,
                                                     BusCancellation& cancellation,
                                                     GstClockTime patience) {
  if (start >= end) return std::nullopt;
  drop_before(start);
  if (!wait_for(end, cancellation, patience)) return std::nullopt;
  const Pieces pieces = cut(start, end);
  if (pieces.empty()) return std::nullopt;
  const SoundFormat& format = *pieces.front().format;
  const Stretch stretch{to_samples(start, format.rate), to_samples(end, format.rate),
                        gst_util_uint64_scale_round(end - start, movie_timescale, GST_SECOND)};
  return format.raw ? encode(pieces, stretch, cancellation) : pass(pieces, stretch);
}

}  // namespace omni
