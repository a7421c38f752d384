// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Plays a stream of decoded frames or samples slower or faster by changing its events and
// timestamps only. Frame times are multiplied by `factor`; the audio rate is divided by it. Nothing
// is resampled here.
#pragma once

#include <gst/gst.h>

namespace emu {

/// A pad probe for buffers and events downstream. Its user data is a const double, the factor.
GstPadProbeReturn pace(GstPad* pad, GstPadProbeInfo* info, gpointer factor);

/// Divides the frame rate `n`/`d` by the factor.
void pace_rate(int& n, int& d, double factor);

}  // namespace emu
