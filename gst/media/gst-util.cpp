// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/gst-util.h"

#include "service/error.h"

namespace omni {

ElementPtr try_make_element(const char* factory) {
  GstElement* element = gst_element_factory_make(factory, nullptr);
  if (!element) return {};
  return ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(element)));
}

ElementPtr make_element(const char* factory, const char* package) {
  ElementPtr element = try_make_element(factory);
  if (element) return element;
  throw Failure(Reason::invalid_request, "the GStreamer element " + std::string(factory) +
                                             " is not installed (Debian package " + package + ")");
}

std::string error_text(GstMessage* message) {
  GError* error = nullptr;
  gchar* debug = nullptr;
  gst_message_parse_error(message, &error, &debug);
  const ErrorPtr owned(error);
  const CharPtr owned_debug(debug);
  // The first line gives the place in the source code; the cause follows it.
  const std::string where = debug ? debug : "";
  const std::size_t line = where.find('\n');
  const std::string more = line == std::string::npos ? "" : " (" + where.substr(line + 1) + ")";
  return error->message + more;
}

}  // namespace omni
