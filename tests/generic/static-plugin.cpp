// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The plugin without a plugin file: linked in, registered by hand, as static builds of GStreamer
// do.
#include <gst/gst.h>

#include <cstdio>

G_BEGIN_DECLS  // the macro itself says nothing of C
    GST_PLUGIN_STATIC_DECLARE(omni);
G_END_DECLS

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  GST_PLUGIN_STATIC_REGISTER(omni);
  GstElement* element = gst_element_factory_make("omniv2v", nullptr);
  if (!element) {
    std::fprintf(stderr, "omniv2v is not there\n");
    return 1;
  }
  gst_object_unref(element);
  return 0;
}
