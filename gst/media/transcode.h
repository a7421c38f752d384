// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Makes a reference fit what a service takes: its bytes, its size in pixels, its codec and
// container. A file whose picture can stay is only written anew; else the picture is encoded anew,
// at a rate that follows from limit and length. Blocks while it works, and needs no main loop.
// Knows no service.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "media/bus-cancellation.h"
#include "media/mp4/probe.h"
#include "media/reference-limits.h"
#include "service/byte-rope.h"

namespace omni {

using FitLog = std::function<void(const std::string&)>;

/// The reference made to fit; the very same when it fits already. Of its tracks, the picture and
/// the first enabled sound are kept: every frame at its time, AAC bit for bit (unless it alone
/// takes too much of the limit), rotation and colours as they are. Other sound becomes AAC. The
/// result is probed, and never over a limit; the same file gives the same bytes.
///
/// `encoder` names the factory of the H.264 encoder; empty = see make_h264_encoder(). Throws
/// Failure: too_large (not even a small picture fits), bad_input (it cannot be decoded),
/// invalid_request (an element is not installed), cancelled.
std::shared_ptr<const ByteRope> transcode_to_limits(
    std::shared_ptr<const ByteRope> reference, const mp4::Info& info, const ReferenceLimits& limits,
    BusCancellation& cancellation, const FitLog& log = {}, const std::string& encoder = {});

}  // namespace omni
