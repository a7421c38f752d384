// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Frames that are to be shown turned, as those of phones: their stream says so in a tag, and an
// element such as videoflip turns them. Whether one does is found here; nothing is turned.
#pragma once

#include <gst/gst.h>

#include <string>

namespace omni {

/// How the frames that arrive at `sink` are still to be turned, such as "rotate-90". Empty where
/// the tags of their stream say nothing of it, or an element upstream turns them.
std::string missing_turn(GstPad* sink, const GstTagList* tags);

}  // namespace omni
