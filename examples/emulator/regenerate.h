// Decodes a reference, puts a look on it, encodes the result; or makes one from a test picture.
#pragma once

#include "probe.h"
#include "render.h"

namespace emu {

/// Throws TaskFailure. Progress is counted in frames of the result.
void regenerate(const RenderSpec& spec, const Probe& probe, const Shape& shape, Ticket& ticket);

}  // namespace emu
