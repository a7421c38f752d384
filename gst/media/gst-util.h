// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Small helpers around GStreamer: elements by name, and errors as text.
#pragma once

#include <gst/gst.h>

#include <string>

#include "media/gst-ptr.h"

namespace omni {

// Debian packages that contain elements.
inline constexpr const char* kPluginsBase = "gstreamer1.0-plugins-base";
inline constexpr const char* kPluginsGood = "gstreamer1.0-plugins-good";
inline constexpr const char* kPluginsBad = "gstreamer1.0-plugins-bad";

/// A new element, owned by the caller; null when its factory is not installed.
ElementPtr try_make_element(const char* factory);
/// A new element, owned by the caller. Throws Failure (invalid_request) naming its Debian package.
ElementPtr make_element(const char* factory, const char* package);

/// The text of an error message for the user, with its cause.
std::string error_text(GstMessage* message);

}  // namespace omni
