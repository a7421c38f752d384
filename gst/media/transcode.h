// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Makes a reference fit the limits of a service: bytes, frame size, codec and container. A file
// whose video can be kept is only remuxed; otherwise the video is re-encoded, at a rate derived
// from the limit and the duration. Blocks while it works, and needs no main loop. Knows no service.
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

/// The reference made to fit; the same object when it fits already. The video and the first enabled
/// audio track are kept: every frame at its time, AAC bit for bit (unless it alone takes too much
/// of the limit), rotation and colours unchanged. Other audio becomes AAC. The result is probed,
/// and never over a limit; the same file gives the same bytes.
///
/// `encoder` names the factory of the H.264 encoder; empty = see make_h264_encoder(). Throws
/// Failure: too_large (not even a small frame size fits), bad_input (it cannot be decoded),
/// invalid_request (an element is not installed), cancelled.
std::shared_ptr<const ByteRope> transcode_to_limits(
    std::shared_ptr<const ByteRope> reference, const mp4::Info& info, const ReferenceLimits& limits,
    BusCancellation& cancellation, const FitLog& log = {}, const std::string& encoder = {});

}  // namespace omni
