// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Sound for the tests of media: impulses at known samples, as raw sound and as AAC, and what is
// heard of a file.
#pragma once

#include <gst/audio/audio.h>

#include <optional>
#include <string>
#include <vector>

#include "media/clips.h"
#include "media/gst-ptr.h"
#include "media/mp4/samples.h"
#include "media/reference-audio.h"

namespace tones {

using Samples = std::vector<float>;

constexpr std::uint32_t kMovieRate = 90'000;
constexpr std::size_t kUnit = 1024;   // samples of AAC
constexpr std::size_t kApart = 5000;  // impulses, in samples
constexpr std::size_t kFirst = 1500;

/// A quiet wave, and impulses on it.
Samples impulses(std::size_t count);

struct Timed {
  omni::BufferPtr buffer;
  GstClockTime time = GST_CLOCK_TIME_NONE;
};
struct Sound {
  omni::CapsPtr caps;
  std::vector<Timed> buffers;
};

omni::CapsPtr caps_of(const std::string& text);
omni::BufferPtr buffer_of(const void* data, std::size_t size);
GstClockTime time_of(std::size_t sample, unsigned rate);
std::size_t sample_at(GstClockTime time, unsigned rate);

/// Mono, as floating point numbers, in buffers of so many samples.
Sound raw(const Samples& samples, unsigned rate, std::size_t piece = 1000, std::size_t from = 0);
/// The same as AAC ("raw" or "adts"): each unit at the time at which its samples come out of a
/// decoder.
Sound aac(const Samples& samples, unsigned rate, const std::string& form);
/// ADTS as a transport stream may have it: cut anywhere, with the time of the first unit that
/// begins in a buffer.
Sound cut_anywhere(const Sound& sound, std::size_t size);

void feed(omni::ReferenceAudio& sound, const Sound& what);
std::optional<omni::mp4::SampleTrack> take(omni::ReferenceAudio& sound, GstClockTime start,
                                           GstClockTime end);
/// There must be some.
omni::mp4::SampleTrack taken(omni::ReferenceAudio& sound, GstClockTime start, GstClockTime end);

clips::BytesPtr file_of(std::vector<omni::mp4::SampleTrack> tracks);
/// Beside a picture, as it is sent.
clips::BytesPtr reference(const omni::mp4::SampleTrack& sound);
/// A result with a picture, and AAC whose priming is told by an edit list; or with these edits.
clips::BytesPtr result(std::size_t samples, std::vector<omni::mp4::Edit> edits);

GstAudioInfo mono(unsigned rate);
/// By decode_sound().
Samples decoded(const clips::BytesPtr& file, unsigned rate, std::size_t count);
/// By GStreamer's own reading of the file, edit list and all; each sample where it is heard.
Samples played(const clips::BytesPtr& file, unsigned rate, std::size_t count);

std::size_t loudest(const Samples& samples, std::size_t from, std::size_t to);
/// Those that went in at [from, from + samples), with `late` added by a codec. Returns how many.
std::size_t expect_impulses(const std::string& row, const Samples& samples, std::size_t from,
                            std::size_t late = 0);

}  // namespace tones
