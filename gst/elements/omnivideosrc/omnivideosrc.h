// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omnivideosrc: a video from a prompt, with or without images.
#pragma once

#include <gst/base/gstpushsrc.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_OMNI_VIDEO_SRC (gst_omni_video_src_get_type())
G_DECLARE_FINAL_TYPE(GstOmniVideoSrc, gst_omni_video_src, GST, OMNI_VIDEO_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE(omnivideosrc)

G_END_DECLS
