// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/transcode.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include "media/audio-encoder.h"
#include "media/bus-cancellation.h"
#include "media/mp4/coded-track.h"
#include "media/mp4/only-track.h"
#include "media/mp4/sample-entry.h"
#include "media/mp4/samples.h"
#include "media/mp4/shown.h"
#include "media/mp4/writer.h"
#include "media/reference-limits.h"
#include "service/error.h"

namespace omni {
namespace {

constexpr int kMaxTries = 5;
constexpr double kWellUsed = 0.5;     // of the limit
constexpr double kStepMargin = 0.93;  // below the rate that the last try suggests
constexpr unsigned kSoundRate = 128'000;
constexpr unsigned kLeastSoundRate = 24'000;

[[noreturn]] void bad_input(const std::string& what) {
  throw Failure(Reason::bad_input, what);
}

std::string megabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

mp4::Movie read(const std::shared_ptr<const ByteRope>& file) {
  try {
    return mp4::read_movie(file);
  } catch (const mp4::Problem& problem) {
    bad_input("the reference cannot be read: " + problem.text);
  }
}

class Fitter {
 public:
  Fitter(std::shared_ptr<const ByteRope> reference, const ReferenceLimits& limits,
         BusCancellation& cancellation, const FitLog& log, const std::string& encoder);
  std::shared_ptr<const ByteRope> run(const mp4::Info& info);

 private:
  struct Try {
    double rate = 0;          // bits per second of the video
    unsigned short_side = 0;  // 0 = unscaled
  };

  void choose_tracks();
  void take_shown();
  bool shows_all_it_has() const;
  std::vector<mp4::Edit> edits_of_shown(std::int64_t media) const;
  std::shared_ptr<const ByteRope> to_decode() const;
  void take_sound();
  void shrink_sound();
  mp4::SampleTrack encode_sound(unsigned bits_per_second);
  std::size_t frame_count() const {
    return shown_.empty() ? picture_.samples.size() : shown_.size();
  }
  bool picture_can_stay(const mp4::Info& info) const;
  std::shared_ptr<const ByteRope> remux() const;
  std::shared_ptr<const ByteRope> transcode();
  VideoRecode recode_plan(const Try& next) const;
  std::shared_ptr<const ByteRope> attempt(const Try& next, double& bytes);
  Try first_try() const;
  Try smaller_try(const Try& last, double bytes, bool again) const;
  unsigned fitting_side(double rate, unsigned most) const;
  unsigned shown_side() const { return std::min(width_, height_); }
  void refuse(const std::string& why) const;
  std::int64_t budget() const;
  double bits_per_pixel(double rate, unsigned short_side) const;
  mp4::SampleTrack picture_track(const Coded& coded) const;
  std::vector<ShownFrame> match_frames(const Coded& coded) const;
  std::vector<ShownFrame> source_frames() const;
  void place_frames(const Coded& coded, mp4::SampleTrack& track) const;
  void set_size(unsigned width, unsigned height, mp4::SampleTrack& track) const;
  std::shared_ptr<const ByteRope> write(const mp4::SampleTrack& picture) const;
  void check(const ByteRope& file) const;
  void log(const std::string& text) const {
    if (log_) log_(text);
  }

  std::shared_ptr<const ByteRope> reference_;
  ReferenceLimits limits_;
  BusCancellation& cancellation_;
  const FitLog& log_;
  std::string encoder_;
  std::uint32_t timescale_ = 0;
  bool quicktime_ = false;
  mp4::SampleTrack picture_;
  // Where the edit list hides frames: those that it shows. The track has then what they need, and
  // no edits of its own.
  std::vector<mp4::ShownSample> shown_;
  std::optional<mp4::SampleTrack> source_sound_;
  std::optional<mp4::SampleTrack> sound_;  // as in the result
  double seconds_ = 0;
  double frame_rate_ = 0;
  unsigned width_ = 0;  // as displayed
  unsigned height_ = 0;
  unsigned long_limit_ = 0;
  unsigned short_limit_ = 0;
  std::string tried_;
};

Fitter::Fitter(std::shared_ptr<const ByteRope> reference, const ReferenceLimits& limits,
               BusCancellation& cancellation, const FitLog& log, const std::string& encoder)
    : reference_(std::move(reference)),
      limits_(limits),
      cancellation_(cancellation),
      log_(log),
      encoder_(encoder) {
  const auto [low, high] = std::minmax(limits.max_width, limits.max_height);
  long_limit_ = low ? high : limits.max_width;
  short_limit_ = low ? low : limits.max_height;
}

std::shared_ptr<const ByteRope> Fitter::run(const mp4::Info& info) {
  const mp4::Track* video = info.video();
  if (!video) bad_input("the reference has no video track");
  width_ = video->width;
  height_ = video->height;
  choose_tracks();
  take_sound();
  std::shared_ptr<const ByteRope> result;
  if (picture_can_stay(info)) result = remux();
  if (!result) result = transcode();
  return result;
}

void Fitter::choose_tracks() {
  mp4::Movie movie = read(reference_);
  timescale_ = movie.timescale;
  quicktime_ = movie.quicktime;
  const mp4::SampleTrack* shown = movie.video();
  const bool found = shown != nullptr;
  if (found) picture_ = *shown;
  for (mp4::SampleTrack& track : movie.tracks) {
    if (track.handler == "soun") {
      // What a player plays: the first one that is switched on.
      const bool better = !source_sound_ || (!source_sound_->enabled && track.enabled);
      if (better) source_sound_ = std::move(track);
    }
  }
  if (!found || picture_.samples.empty() || picture_.entries.empty() || picture_.timescale == 0) {
    bad_input("the reference has a video track, but no samples that can be read");
  }
  if (picture_.codec == "encv") bad_input("the reference is encrypted");
  take_shown();
  seconds_ = static_cast<double>(picture_.media_duration()) / picture_.timescale;
  if (!shown_.empty()) {
    const std::int64_t end = shown_.back().time + shown_.back().duration;
    seconds_ = static_cast<double>(end - shown_.front().time) / picture_.timescale;
  }
  if (seconds_ <= 0) seconds_ = static_cast<double>(picture_.samples.size()) / 25;
  frame_rate_ = static_cast<double>(frame_count()) / seconds_;
}

/// What an edit list hides goes nowhere.
void Fitter::take_shown() {
  auto shown = mp4::shown_samples(picture_, timescale_);
  if (!shown || shown->empty() || shown->size() == picture_.samples.size()) return;
  shown_ = std::move(*shown);
  mp4::keep_shown(picture_, shown_);
}

/// Up to the last frame shown, and without a break.
bool Fitter::shows_all_it_has() const {
  if (shown_.empty()) return true;
  std::size_t count = 0;
  std::int64_t time = 0;
  for (const mp4::Sample& sample : picture_.samples) {
    count += time + sample.composition <= shown_.back().media;
    time += sample.duration;
  }
  const std::int64_t later = shown_[std::min<std::size_t>(1, shown_.size() - 1)].time -
                             shown_[std::min<std::size_t>(1, shown_.size() - 1)].media;
  return count == shown_.size() && shown_.back().time - shown_.back().media == later;
}

/// For a track in which the first shown frame has this time.
std::vector<mp4::Edit> Fitter::edits_of_shown(std::int64_t media) const {
  const auto in_movie = [this](std::int64_t time) {
    return static_cast<std::uint64_t>(
        std::llround(static_cast<double>(time) * timescale_ / picture_.timescale));
  };
  std::vector<mp4::Edit> edits;
  const std::int64_t first = shown_.front().time;
  if (first > 0) edits.push_back({in_movie(first), -1, 0x10000});
  const std::int64_t end = shown_.back().time + shown_.back().duration;
  edits.push_back({in_movie(end - first), media, 0x10000});
  return edits;
}

/// The picture alone, all of it shown.
std::shared_ptr<const ByteRope> Fitter::to_decode() const {
  if (shown_.empty()) return mp4::only_track(reference_, picture_, timescale_);
  mp4::Movie movie;
  movie.timescale = timescale_;
  movie.tracks.push_back(picture_);
  return mp4::write_movie(movie);
}

/// Copies AAC and encodes everything else.
void Fitter::take_sound() {
  if (!source_sound_ || source_sound_->entries.empty()) return;
  const std::string entry =
      mp4::plain_aac_entry(source_sound_->entries.front(), source_sound_->timescale);
  if (entry.empty() || source_sound_->entries.size() > 1 || source_sound_->samples.empty()) {
    sound_ = encode_sound(kSoundRate);
    return;
  }
  sound_ = *source_sound_;
  sound_->entries = {entry};
  mp4::drop_unheard(*sound_, timescale_);
}

/// Where the limit is tight, audio at a high rate is reduced to its share.
void Fitter::shrink_sound() {
  if (!sound_ || limits_.max_bytes == 0) return;
  const double whole = kSizeTarget * static_cast<double>(limits_.max_bytes);
  const auto now = static_cast<double>(sound_->media_bytes());
  if (now <= whole / 3) return;
  const double rate =
      std::clamp(whole / 4 * 8 / seconds_, double{kLeastSoundRate}, double{kSoundRate});
  if (rate / 8 * seconds_ >= now * 0.9) return;
  log("the audio alone has " + megabytes(sound_->media_bytes()) + ": it is re-encoded");
  sound_ = encode_sound(static_cast<unsigned>(rate));
}

mp4::SampleTrack Fitter::encode_sound(unsigned bits_per_second) {
  const mp4::SampleTrack& source = *source_sound_;
  const AudioCoded coded =
      recode_audio(mp4::only_track(reference_, source, timescale_), bits_per_second, cancellation_);
  if (!coded.caps || coded.units.empty()) bad_input("the reference's audio cannot be decoded");
  mp4::SampleTrack track = source;
  mp4::SampleTrack encoded = aac_track(coded);
  track.timescale = encoded.timescale;
  track.entries = std::move(encoded.entries);
  track.media = std::move(encoded.media);
  track.samples = std::move(encoded.samples);
  // Encoders add samples before the first, and decoders drop some.
  const GstClockTimeDiff late = GST_CLOCK_DIFF(coded.first_demuxed, coded.first_decoded);
  const auto moved = [&](std::int64_t media_time) {
    const double seconds =
        static_cast<double>(media_time) / source.timescale - static_cast<double>(late) / GST_SECOND;
    return std::max<std::int64_t>(0, std::llround(seconds * track.timescale) + coded.priming);
  };
  if (track.edits.empty()) track.edits.push_back({0, 0, 0x10000});
  for (mp4::Edit& edit : track.edits) {
    if (edit.media_time >= 0) edit.media_time = moved(edit.media_time);
  }
  mp4::drop_unheard(track, timescale_);
  return track;
}

bool Fitter::picture_can_stay(const mp4::Info& info) const {
  if (picture_.codec != "avc1" || !shows_all_it_has()) return false;
  const LimitViolation misfit = find_violation(info, 0, limits_);
  if (misfit && misfit.kind != LimitViolation::Kind::container) return false;
  const std::uint64_t sound = sound_ ? sound_->media_bytes() : 0;
  return limits_.max_bytes == 0 || picture_.media_bytes() + sound < limits_.max_bytes;
}

/// Null when the tables make it too large after all.
std::shared_ptr<const ByteRope> Fitter::remux() const {
  mp4::SampleTrack picture = picture_;
  if (!shown_.empty()) picture.edits = edits_of_shown(shown_.front().media);
  for (std::string& entry : picture.entries) entry = mp4::plain_video_entry(entry);
  std::shared_ptr<const ByteRope> result = write(picture);
  if (limits_.max_bytes && result->size() > limits_.max_bytes) return nullptr;
  check(*result);
  log("the reference was remuxed to a plain MP4, its video unchanged: " +
      megabytes(result->size()));
  return result;
}

std::shared_ptr<const ByteRope> Fitter::transcode() {
  shrink_sound();
  Try next = first_try();
  std::optional<Try> too_much;
  std::shared_ptr<const ByteRope> best;
  for (int i = 0; i < kMaxTries; ++i) {
    double bytes = 0;
    if (auto result = attempt(next, bytes)) {
      if (!best || result->size() > best->size()) best = std::move(result);
      const auto used = static_cast<double>(best->size());
      // If a step down went too far, go half of the way back.
      if (!too_much || used > kWellUsed * static_cast<double>(limits_.max_bytes)) break;
      next.rate = std::sqrt(next.rate * too_much->rate);
      next.short_side =
          fitting_side(next.rate, too_much->short_side ? too_much->short_side : shown_side());
    } else {
      too_much = next;
      if (best) break;
      next = smaller_try(next, bytes, i > 0);
    }
  }
  if (best) {
    check(*best);
    return best;
  }
  refuse("none of " + std::to_string(kMaxTries) + " tries was small enough");
  return nullptr;
}

/// The next try after `last` returned so many bytes.
Fitter::Try Fitter::smaller_try(const Try& last, double bytes, bool again) const {
  const double excess = bytes / static_cast<double>(budget());
  const double wanted = last.rate / 8 * seconds_;
  double most = last.short_side ? last.short_side : std::min(width_, height_);
  // An encoder that misses its rate by much is at its limit: a smaller frame helps. If it was not
  // enough, shrink the frame in proportion to the excess.
  if (bytes > wanted * 1.25) most = again ? std::min(most - 1, most / std::sqrt(excess)) : most - 1;
  Try next;
  next.rate = last.rate * kStepMargin / std::max(1.0, excess);
  next.short_side = fitting_side(next.rate, static_cast<unsigned>(std::max(1.0, most)));
  const double least = kLeastBitsPerPixel / bits_per_pixel(1, next.short_side);
  next.rate = std::max(next.rate, std::min(least, static_cast<double>(budget()) * 8 / seconds_));
  return next;
}

/// Bytes left for the video.
std::int64_t Fitter::budget() const {
  const std::uint64_t sound = sound_ ? sound_->media_bytes() : 0;
  const std::uint64_t rows = picture_.samples.size() + (sound_ ? sound_->samples.size() : 0);
  const std::uint64_t tables = 4'000 + 16 * rows;
  return static_cast<std::int64_t>(kSizeTarget * static_cast<double>(limits_.max_bytes)) -
         static_cast<std::int64_t>(sound + tables);
}

double Fitter::bits_per_pixel(double rate, unsigned short_side) const {
  return PictureRate{{width_, height_}, frame_rate_}.bits_per_pixel(rate, short_side);
}

Fitter::Try Fitter::first_try() const {
  // H.264 needs about twice the rate of newer codecs, and no video needs more than a rich rate.
  const double source = static_cast<double>(picture_.media_bytes()) * 8 / seconds_;
  const double pixels = double{1} * width_ * height_ * frame_rate_;
  Try first;
  first.rate = std::clamp(source * 2, pixels * kGoodBitsPerPixel * 2,
                          std::max(pixels, 100'000.0) * kRichBitsPerPixel);
  if (limits_.max_bytes == 0) return first;
  // A file over the limit has more detail than fits.
  if (reference_->size() > limits_.max_bytes) first.rate = std::max(first.rate, source);
  if (budget() <= 0) refuse("its audio alone leaves no room for video");
  first.rate = std::min(first.rate, static_cast<double>(budget()) * 8 / seconds_);
  first.short_side = fitting_side(first.rate, std::min(width_, height_));
  if (bits_per_pixel(first.rate, first.short_side) < kLeastBitsPerPixel) {
    refuse(std::to_string(static_cast<unsigned>(first.rate / 1000)) +
           " kbit/s is left for the video, too little even at a small size");
  }
  return first;
}

unsigned Fitter::fitting_side(double rate, unsigned most) const {
  return fitting_short_side({{width_, height_}, frame_rate_}, rate, most);
}

void Fitter::refuse(const std::string& why) const {
  throw Failure(Reason::too_large, "the reference cannot be transcoded to fit into " +
                                       std::to_string(limits_.max_bytes) + " bytes: " + why +
                                       (tried_.empty() ? "" : " (" + tried_ + ")") +
                                       ". Use a shorter clip");
}

VideoRecode Fitter::recode_plan(const Try& next) const {
  VideoRecode plan;
  plan.settings.bits_per_second = static_cast<std::uint64_t>(std::max(10'000.0, next.rate));
  plan.settings.keyframe_interval =
      static_cast<unsigned>(std::clamp(std::round(frame_rate_ * 2), 1.0, 600.0));
  plan.encoder = encoder_;
  plan.long_side = long_limit_;
  plan.short_side = short_limit_;
  if (next.short_side) {
    plan.short_side = std::min(next.short_side, short_limit_ ? short_limit_ : next.short_side);
  }
  // A demuxer gives the media's own time; the writer makes no composition negative.
  std::int64_t lowest = 0;
  for (const mp4::Sample& sample : picture_.samples)
    lowest = std::min<std::int64_t>(lowest, sample.composition);
  for (const mp4::ShownSample& frame : shown_) {
    const auto time = static_cast<std::uint64_t>(frame.media - lowest);
    plan.shown.push_back(gst_util_uint64_scale(time, GST_SECOND, picture_.timescale));
  }
  gint numerator = 25;
  gint denominator = 1;
  gst_util_double_to_fraction(frame_rate_, &numerator, &denominator);
  plan.rate_numerator = static_cast<unsigned>(std::max(1, numerator));
  plan.rate_denominator = static_cast<unsigned>(std::max(1, denominator));
  if (limits_.max_bytes) {
    plan.max_bytes = limits_.max_bytes - (sound_ ? sound_->media_bytes() : 0);
  }
  return plan;
}

/// Null when it is too large: `bytes` is then the size of the video.
std::shared_ptr<const ByteRope> Fitter::attempt(const Try& next, double& bytes) {
  const VideoRecode plan = recode_plan(next);
  const std::string settings =
      std::to_string(plan.settings.bits_per_second / 1000) + " kbit/s" +
      (next.short_side ? " at " + std::to_string(next.short_side) + " lines" : "");
  log("transcoding the reference: its video is encoded with " + settings);
  const Coded coded = recode_video(to_decode(), plan, cancellation_);
  const auto share = static_cast<double>(coded.units.size()) / static_cast<double>(frame_count());
  bytes = static_cast<double>(coded.media->size()) / std::max(share, 1e-9);
  std::shared_ptr<const ByteRope> result;
  if (!coded.over) result = write(picture_track(coded));
  const bool good = result && (limits_.max_bytes == 0 || result->size() <= limits_.max_bytes);
  const std::string story =
      settings + " gave " + megabytes(result ? result->size() : static_cast<std::uint64_t>(bytes));
  log("transcoding the reference: " + story);
  if (good) return result;
  tried_ += (tried_.empty() ? "" : ", ") + story;
  return nullptr;
}

mp4::SampleTrack Fitter::picture_track(const Coded& coded) const {
  const CodedPicture picture = coded_picture(coded);
  mp4::SampleTrack track = picture_;
  track.entries = {picture.entry};
  track.media = coded.media;
  set_size(picture.width, picture.height, track);
  place_frames(coded, track);
  return track;
}

/// The matrix of a rotation contains the size as well.
void Fitter::set_size(unsigned width, unsigned height, mp4::SampleTrack& track) const {
  const double old_width = std::max(1u, picture_.width);
  const double old_height = std::max(1u, picture_.height);
  track.width = width << 16;
  track.height = height << 16;
  for (const std::size_t i : {6, 7}) {
    const auto moved = static_cast<double>(static_cast<std::int32_t>(picture_.matrix[i]));
    const bool by_width =
        std::abs(std::abs(moved) - old_width) <= std::abs(std::abs(moved) - old_height);
    const double scale = by_width ? track.width / old_width : track.height / old_height;
    track.matrix[i] =
        static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(moved * scale)));
  }
}

std::vector<ShownFrame> Fitter::source_frames() const {
  std::vector<ShownFrame> frames;
  for (const mp4::ShownSample& frame : shown_) frames.push_back({frame.time, frame.duration});
  if (!shown_.empty()) return frames;
  std::int64_t time = 0;
  for (const mp4::Sample& sample : picture_.samples) {
    frames.push_back({time + sample.composition, sample.duration});
    time += sample.duration;
  }
  std::stable_sort(frames.begin(), frames.end(),
                   [](const ShownFrame& a, const ShownFrame& b) { return a.time < b.time; });
  return frames;
}

/// The source frame for each encoded one, in presentation order.
std::vector<ShownFrame> Fitter::match_frames(const Coded& coded) const {
  std::vector<ShownFrame> frames = source_frames();
  if (frames.size() == coded.units.size()) return frames;
  if (!shown_.empty()) {
    bad_input("the reference cannot be decoded: of the " + std::to_string(frames.size()) +
              " frames that it shows, " + std::to_string(coded.units.size()) + " came out");
  }
  // Frames before the first sync sample depend on what is not in the file: nobody can show them.
  std::int64_t time = 0;
  std::int64_t first_sync = 0;
  for (const mp4::Sample& sample : picture_.samples) {
    first_sync = time + sample.composition;
    if (sample.sync) break;
    time += sample.duration;
  }
  const auto shown =
      std::partition_point(frames.begin(), frames.end(),
                           [&](const ShownFrame& frame) { return frame.time < first_sync; });
  const auto leading = static_cast<std::size_t>(shown - frames.begin());
  if (coded.units.size() > frames.size() || coded.units.size() < frames.size() - leading) {
    bad_input("the reference cannot be decoded: of its " + std::to_string(frames.size()) +
              " frames, " + std::to_string(coded.units.size()) + " came out");
  }
  frames.erase(frames.begin(),
               frames.begin() + static_cast<std::ptrdiff_t>(frames.size() - coded.units.size()));
  return frames;
}

/// Gives every frame its time in the source.
void Fitter::place_frames(const Coded& coded, mp4::SampleTrack& track) const {
  const std::vector<ShownFrame> frames = match_frames(coded);
  if (frames.empty()) bad_input("the reference cannot be decoded: no frame came out");
  if (!shown_.empty()) {
    track.edits = edits_of_shown(0);
    place_units(coded, frames, frames.front().time, track);
    return;
  }
  // A start that only made room for reordering is not needed any more.
  std::int64_t first = frames.front().time;
  const bool all_later =
      std::all_of(track.edits.begin(), track.edits.end(),
                  [&](const mp4::Edit& e) { return e.media_time < 0 || e.media_time >= first; });
  const std::int64_t early = !track.edits.empty() && all_later ? first : 0;
  for (mp4::Edit& edit : track.edits) {
    if (edit.media_time >= 0) edit.media_time -= early;
  }
  place_units(coded, frames, early, track);
}

std::shared_ptr<const ByteRope> Fitter::write(const mp4::SampleTrack& picture) const {
  mp4::Movie movie;
  movie.timescale = timescale_;
  movie.tracks.push_back(picture);
  if (sound_) movie.tracks.push_back(*sound_);
  return mp4::write_movie(movie);
}

/// Every output is verified.
void Fitter::check(const ByteRope& file) const {
  const auto outcome = mp4::probe(file);
  if (const auto* problem = std::get_if<mp4::Problem>(&outcome)) {
    bad_input("the transcoded reference is not a valid MP4: " + problem->text);
  }
  const LimitViolation misfit = find_violation(std::get<mp4::Info>(outcome), file.size(), limits_);
  if (misfit) bad_input("the transcoded reference still does not fit: " + misfit.text);
}

}  // namespace

std::shared_ptr<const ByteRope> transcode_to_limits(std::shared_ptr<const ByteRope> reference,
                                                    const mp4::Info& info,
                                                    const ReferenceLimits& limits,
                                                    BusCancellation& cancellation,
                                                    const FitLog& log, const std::string& encoder) {
  if (!find_violation(info, reference->size(), limits)) return reference;
  if (cancellation.cancelled()) {
    throw Failure(Reason::cancelled, "transcoding the reference was interrupted");
  }
  return Fitter(std::move(reference), limits, cancellation, log, encoder).run(info);
}

}  // namespace omni
