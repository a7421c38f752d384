// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The files that cells send and get, made by GStreamer when the program starts.
#include "faults/matrix/matrix.h"
#include "support/made-clip.h"

namespace omni::test {

namespace {

std::string numbered_clip(unsigned first) {
  return made_clip({first, kFramesOfSegment, 1, kRate});
}

std::string noisy(std::string clip) {
  for (std::size_t i = clip.find("mdat") + 4; i < clip.find("moov") - 4; ++i)
    clip[i] = static_cast<char>(i * 31 + 7);
  return clip;
}

}  // namespace

Clips make_clips() {
  Clips clips;
  clips.source = numbered_clip(0);
  clips.result = numbered_clip(kFirstOfResult);
  clips.noise = noisy(clips.result);
  clips.sound = made_by("audiotestsrc num-buffers=20 ! audioconvert ! avenc_aac ! mp4mux");
  clips.jpeg = made_by("videotestsrc num-buffers=1 ! jpegenc");
  clips.webm = made_by("videotestsrc num-buffers=5 ! vp8enc deadline=1 ! webmmux");
  return clips;
}

}  // namespace omni::test
