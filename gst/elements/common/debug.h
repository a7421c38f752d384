// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The debug categories. At level 4 `omni` gives the story of each job in a few lines; at level 5
// each element says what it decides and what it waits for, and `omniclient` each HTTP exchange:
// GST_DEBUG=omni*:5 shows all of it. Never a key, never a query: so
// events are named by their type, as an HTTP source's have the URL and headers of its request.
#pragma once

#include <gst/gst.h>

namespace omni {

GstDebugCategory* debug_category();      // omni
GstDebugCategory* v2v_category();        // omniv2v
GstDebugCategory* v2v_bin_category();    // omniv2vbin
GstDebugCategory* video_src_category();  // omnivideosrc
GstDebugCategory* client_category();     // omniclient

}  // namespace omni
