// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Small helpers around GStreamer: elements by name, and errors as text.
#pragma once

#include <gst/gst.h>

#include <string>

#include "media/gst-ptr.h"

namespace omni {

// Debian packages of elements.
inline constexpr const char* kPluginsBase = "gstreamer1.0-plugins-base";
inline constexpr const char* kPluginsGood = "gstreamer1.0-plugins-good";
inline constexpr const char* kPluginsBad = "gstreamer1.0-plugins-bad";

/// An element, the caller's; null when its factory is not installed.
ElementPtr try_make_element(const char* factory);
/// Any element, the caller's. Throws Failure (invalid_request) that names its Debian package.
ElementPtr make_element(const char* factory, const char* package);

/// What an element posted as an error, for a user: its text, and what stands behind it.
std::string error_text(GstMessage* message);

}  // namespace omni
