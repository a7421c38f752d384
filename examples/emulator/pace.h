// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Plays a stream of decoded frames or samples slower or faster, by what stands in its events and
// buffers: the data is the same, each frame is shown at `factor` times its moment, and samples say
// that they are so many a second more or less. Nothing is resampled here.
#pragma once

#include <gst/gst.h>

namespace emu {

/// A pad probe for buffers and events downstream; its data is a const double, the factor.
GstPadProbeReturn pace(GstPad* pad, GstPadProbeInfo* info, gpointer factor);

/// `n`/`d` frames a second, after pacing.
void pace_rate(int& n, int& d, double factor);

}  // namespace emu
