// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The debug categories. At level 4, `omni` logs each job in a few lines. At level 5, each element
// logs its decisions and waits, and `omniclient` each HTTP exchange. GST_DEBUG=omni*:5 shows all of
// it. Keys and queries are never logged.
#pragma once

#include <gst/gst.h>

namespace omni {

GstDebugCategory* debug_category();      // omni
GstDebugCategory* v2v_category();        // omniv2v
GstDebugCategory* v2v_bin_category();    // omniv2vbin
GstDebugCategory* video_src_category();  // omnivideosrc
GstDebugCategory* client_category();     // omniclient

}  // namespace omni
