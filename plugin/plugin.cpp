// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The plugin `omni`: registers the elements, and does nothing else. No libsoup call is made here:
// loading the plugin must stay cheap, and must not fail where only gst-inspect looks at it.
#include <config.h>
#include <gst/gst.h>

#include "elements/omniv2v/omniv2v.h"
#include "elements/omniv2vbin/omniv2vbin.h"
#include "elements/omnivideosrc/omnivideosrc.h"

static gboolean plugin_init(GstPlugin* plugin) {
  bool registered = GST_ELEMENT_REGISTER(omniv2v, plugin);
  registered |= GST_ELEMENT_REGISTER(omniv2vbin, plugin);
  registered |= GST_ELEMENT_REGISTER(omnivideosrc, plugin);
  return registered;
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, omni,
                  "AI video-to-video regeneration as elements", plugin_init, VERSION, "LGPL",
                  GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
