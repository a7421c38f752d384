// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/debug.h"

namespace omni {

namespace {

GstDebugCategory* new_category(const char* name, const char* description) {
  GstDebugCategory* category = nullptr;
  GST_DEBUG_CATEGORY_INIT(category, name, 0, description);
  return category;
}

}  // namespace

GstDebugCategory* debug_category() {
  static GstDebugCategory* const category = new_category("omni", "AI video regeneration");
  return category;
}

GstDebugCategory* v2v_category() {
  static GstDebugCategory* const category = new_category("omniv2v", "omniv2v element");
  return category;
}

GstDebugCategory* v2v_bin_category() {
  static GstDebugCategory* const category = new_category("omniv2vbin", "omniv2vbin element");
  return category;
}

GstDebugCategory* video_src_category() {
  static GstDebugCategory* const category = new_category("omnivideosrc", "omnivideosrc element");
  return category;
}

GstDebugCategory* client_category() {
  static GstDebugCategory* const category =
      new_category("omniclient", "HTTP exchanges with the video service");
  return category;
}

}  // namespace omni
