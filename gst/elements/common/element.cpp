// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/element.h"

#include "elements/common/buffers.h"
#include "elements/common/debug.h"

namespace omni {

namespace {

#define GST_CAT_DEFAULT omni::debug_category()

void log_to_gstreamer(GstElement* element, LogLevel level, const std::string& text) {
  switch (level) {
    case LogLevel::warning:
      GST_WARNING_OBJECT(element, "%s", text.c_str());
      break;
    case LogLevel::info:
      GST_INFO_OBJECT(element, "%s", text.c_str());
      break;
    case LogLevel::debug:
      GST_CAT_DEBUG_OBJECT(client_category(), element, "%s", text.c_str());
      break;
  }
}

/// The first handler that returns a URL ends the emission.
gboolean first_url(GSignalInvocationHint*, GValue* total, const GValue* one, gpointer) {
  const char* url = g_value_get_string(one);
  if (!url || !*url) return TRUE;
  g_value_copy(one, total);
  return FALSE;
}

}  // namespace

LogSink log_sink(GstElement* element) {
  return [element](LogLevel level, const std::string& text) {
    log_to_gstreamer(element, level, text);
  };
}

void post_unexpected(gpointer element, const char* text) {
  GST_ELEMENT_ERROR(element, LIBRARY, FAILED, (nullptr), ("%s", text));
}

guint install_publish_signal(GType type) {
  return g_signal_new("publish-reference", type, G_SIGNAL_RUN_LAST, 0, first_url, nullptr, nullptr,
                      G_TYPE_STRING, 1, GST_TYPE_BUFFER);
}

std::function<std::string(const ByteRope&)> application_publisher(GstElement* element,
                                                                  guint signal) {
  if (!g_signal_has_handler_pending(element, signal, 0, FALSE)) return nullptr;
  return [element, signal](const ByteRope& bytes) {
    const BufferPtr buffer = as_buffer(bytes);
    char* url = nullptr;
    g_signal_emit(element, signal, 0, buffer.get(), &url);
    const CharPtr owned(url);
    return std::string(url ? url : "");
  };
}

}  // namespace omni
