// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Every element of the plugin through every state, up and down, without network.
#include "support/element-run.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace {

void walk(GstElement* element, std::initializer_list<GstState> states) {
  for (const GstState state : states) {
    gst_element_set_state(element, state);
    fail_unless(gst_element_get_state(element, nullptr, nullptr, GST_SECOND) !=
                GST_STATE_CHANGE_FAILURE);
  }
}

}  // namespace

GST_START_TEST(up_and_down) {
  GList* features = gst_registry_get_feature_list_by_plugin(gst_registry_get(), "omni");
  fail_unless(features != nullptr);
  for (GList* at = features; at; at = at->next) {
    if (!GST_IS_ELEMENT_FACTORY(at->data)) continue;
    GstElement* element = gst_element_factory_create(GST_ELEMENT_FACTORY(at->data), nullptr);
    fail_unless(element != nullptr);
    // A source of this plugin looks for key and prompt when it starts; the service is not asked.
    g_object_set(element, "api-key", "none", "prompt", "none", "base-url", "http://127.0.0.1:9",
                 nullptr);
    for (int i = 0; i < 3; ++i) {
      walk(element, {GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_PAUSED,
                     GST_STATE_READY, GST_STATE_NULL});
      walk(element, {GST_STATE_PAUSED, GST_STATE_NULL, GST_STATE_PLAYING, GST_STATE_NULL});
    }
    gst_object_unref(element);
  }
  gst_plugin_feature_list_free(features);
  fail_unless_equals_int(omni::test::threads_named("omni-network"), 0);
}
GST_END_TEST

static Suite* states_suite() {
  Suite* suite = suite_create("states");
  TCase* tests = tcase_create("generic");
  suite_add_tcase(suite, tests);
  tcase_add_test(tests, up_and_down);
  return suite;
}

GST_CHECK_MAIN(states)
