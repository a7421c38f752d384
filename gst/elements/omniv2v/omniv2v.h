// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v: one MP4 in, its regenerated MP4 out.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_OMNI_V2V (gst_omni_v2v_get_type())
G_DECLARE_FINAL_TYPE(GstOmniV2v, gst_omni_v2v, GST, OMNI_V2V, GstElement)

GST_ELEMENT_REGISTER_DECLARE(omniv2v)

G_END_DECLS
