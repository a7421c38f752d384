// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What qtdemux says about a video track, put right by what the file says.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "service/byte-rope.h"

namespace omni {

/// How the stream-id ends that qtdemux gives to the video track that is shown; empty for all.
std::string shown_stream(const std::shared_ptr<const ByteRope>& file);

/// Corrects caps and segments that leave the `pad` of qtdemux for the shown video track of `file`:
/// - the range of colours: GStreamer 1.22 ignores the full-range flag of 'colr', and decoders
///   believe the demuxer more than the stream;
/// - the beginning of a track without an edit list: at its first shown frame. qtdemux begins at 0,
///   so reordered frames come late, and the last ones lie behind the end of the segment.
void correct_demuxed_video(GstPad* pad, const std::shared_ptr<const ByteRope>& file);

}  // namespace omni
