// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/orientation.h"

#include <gst/video/video.h>

#include "media/gst-ptr.h"

namespace omni {

namespace {

constexpr int kFarthest = 64;  // elements upstream

bool turns(GstElement* element) {
  if (!GST_IS_VIDEO_DIRECTION(element)) return false;
  GstVideoOrientationMethod method = GST_VIDEO_ORIENTATION_IDENTITY;
  g_object_get(element, "video-direction", &method, nullptr);
  return method != GST_VIDEO_ORIENTATION_IDENTITY;
}

/// The src pad that feeds this sink pad, whatever bins lie between them.
PadPtr source_of(GstPad* sink) {
  auto pad = PadPtr::adopt(gst_pad_get_peer(sink));
  for (;;) {
    if (pad && GST_IS_GHOST_PAD(pad.get())) {
      pad = PadPtr::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(pad.get())));
    } else if (pad && GST_IS_PROXY_PAD(pad.get())) {
      // The inside of a bin's sink pad: its outside is fed by somebody.
      const auto outside =
          PadPtr::adopt(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad.get()))));
      pad = PadPtr::adopt(outside ? gst_pad_get_peer(outside.get()) : nullptr);
    } else {
      return pad;
    }
  }
}

/// GStreamer before 1.24 leaves the tag on frames that it has turned: the elements tell more.
bool is_turned_upstream(GstPad* sink) {
  auto pad = PadPtr::share(sink);
  for (int i = 0; pad && i < kFarthest; ++i) {
    const PadPtr source = source_of(pad.get());
    if (!source) return false;
    const auto element = ElementPtr::adopt(gst_pad_get_parent_element(source.get()));
    if (!element) return false;
    if (turns(element.get())) return true;
    pad = PadPtr::adopt(gst_element_get_static_pad(element.get(), "sink"));
  }
  return false;
}

}  // namespace

std::string missing_turn(GstPad* sink, const GstTagList* tags) {
  const char* orientation = nullptr;
  if (!gst_tag_list_peek_string_index(tags, GST_TAG_IMAGE_ORIENTATION, 0, &orientation)) return "";
  if (g_str_equal(orientation, "rotate-0") || is_turned_upstream(sink)) return "";
  return orientation;
}

}  // namespace omni
