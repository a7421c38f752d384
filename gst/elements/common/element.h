// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Shared by all elements at the boundary to C: a log sink, exception guards, and the signal
// publish-reference.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <string>

#include "client/log.h"
#include "service/byte-rope.h"

namespace omni {

/// The documentation link shown by gst-inspect-1.0.
inline constexpr const char* kDocUri =
    "https://github.com/gst-omni/gst-omni/blob/HEAD/gst/elements/README.md";

/// The element must outlive the sink.
LogSink log_sink(GstElement* element);

/// No exception may cross into C: an unexpected one becomes an element error.
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

/// Installs the signal publish-reference; returns its id.
guint install_publish_signal(GType type);
/// Emits the signal; nullptr when no handler is connected. The function returns the URL, empty when
/// the application declines.
std::function<std::string(const ByteRope&)> application_publisher(GstElement* element,
                                                                  guint signal);

}  // namespace omni
