// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The element omniv2vbin: see the documentation at the head of omniv2vbin.cpp.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_OMNI_V2V_BIN (gst_omni_v2v_bin_get_type())
G_DECLARE_FINAL_TYPE(GstOmniV2vBin, gst_omni_v2v_bin, GST, OMNI_V2V_BIN, GstElement)
GST_ELEMENT_REGISTER_DECLARE(omniv2vbin)

G_END_DECLS
