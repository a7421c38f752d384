// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What every element of the plugin needs at the boundary to C: a log sink, a net for exceptions,
// the signal by which an application publishes.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <string>

#include "client/log.h"
#include "service/byte-rope.h"

namespace omni {

/// What gst-inspect-1.0 shows as documentation.
inline constexpr const char* kDocUri =
    "https://github.com/gst-omni/gst-omni/blob/HEAD/gst/elements/README.md";

/// The element must outlive what logs into it.
LogSink log_sink(GstElement* element);

/// No exception crosses into C: what nobody expected becomes an element error.
void post_unexpected(gpointer element, const char* text);
template <class Result, class Call>
Result guarded(gpointer element, Result otherwise, Call call) {
  try {
    return call();
  } catch (const std::exception& error) {
    post_unexpected(element, error.what());
    return otherwise;
  }
}

/// The signal publish-reference; returns its id.
guint install_publish_signal(GType type);
/// Emits it; nullptr when nobody is connected. The function returns the URL, empty when the
/// application does not want to publish this one.
std::function<std::string(const ByteRope&)> application_publisher(GstElement* element,
                                                                  guint signal);

}  // namespace omni
