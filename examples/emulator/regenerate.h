// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decodes a reference, applies a look and encodes the result; or paints one. With a look that
// changes nothing, the result has every frame of the reference with its timestamp. Other looks use
// a constant frame rate. render.cpp decides whether there is anything to do.
#pragma once

#include "probe.h"
#include "render.h"
#include "scene.h"

namespace emu {

/// `painter` = paints the frames if there is no reference, else nullptr. Throws TaskFailure.
/// Progress is counted in frames of the result.
void regenerate(const RenderSpec& spec, const Probe& probe, const Shape& shape, Painter* painter,
                Ticket& ticket);

}  // namespace emu
