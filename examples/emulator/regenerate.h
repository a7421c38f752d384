// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decodes a reference, puts a look on it, encodes the result; or paints one. With a look that
// changes nothing every frame of the reference is in the result, at its moment; other looks work at
// a steady rate. Whether there is anything to do at all, render.cpp decides.
#pragma once

#include "probe.h"
#include "render.h"
#include "scene.h"

namespace emu {

/// `painter` = what is seen when there is no reference, else nullptr. Throws TaskFailure. Progress
/// is counted in frames of the result.
void regenerate(const RenderSpec& spec, const Probe& probe, const Shape& shape, Painter* painter,
                Ticket& ticket);

}  // namespace emu
