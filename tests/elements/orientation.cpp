// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What omniv2vbin finds out about frames that are to be shown turned: whether an element before it
// turns them.
#include "elements/omniv2vbin/orientation.h"

#include "../media/media-main.h"
#include "media/gst-ptr.h"

using namespace omni;

namespace {

struct TurnCase {
  const char* line;  // `end` is where the frames arrive
  const char* tag;   // image-orientation; null = none
  const char* missing;
};
const TurnCase kTurns[] = {
    {"fakesrc ! identity ! fakesink name=end", "rotate-90", "rotate-90"},
    {"fakesrc ! identity ! fakesink name=end", "flip-rotate-270", "flip-rotate-270"},
    {"fakesrc ! identity ! fakesink name=end", "rotate-0", ""},
    {"fakesrc ! identity ! fakesink name=end", nullptr, ""},
    {"fakesink name=end", "rotate-180", "rotate-180"},
    {"fakesrc ! videoflip video-direction=auto ! queue ! fakesink name=end", "rotate-90", ""},
    {"fakesrc ! videoflip video-direction=90r ! fakesink name=end", "rotate-90", ""},
    // It turns nothing by default.
    {"fakesrc ! videoflip ! fakesink name=end", "rotate-90", "rotate-90"},
    {"( fakesrc ! videoflip video-direction=auto ) ! fakesink name=end", "rotate-90", ""},
    {"fakesrc ! videoflip video-direction=auto ! ( identity ! fakesink name=end )", "rotate-90",
     ""},
    {"fakesrc ! ( identity ! ( videoflip video-direction=auto ! identity ) ! fakesink name=end )",
     "rotate-90", ""},
    {"fakesrc ! ( identity ! ( identity ! identity ) ! fakesink name=end )", "rotate-90",
     "rotate-90"},
    // Frames from several places: nothing is known of them.
    {"fakesrc ! funnel ! fakesink name=end", "rotate-90", "rotate-90"},
};

START_TEST(turns) {
  const TurnCase& row = kTurns[_i];
  GError* error = nullptr;
  GstElement* parsed =
      gst_parse_launch_full(row.line, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  ck_assert_msg(error == nullptr, "%s: %s", row.line, error ? error->message : "");
  const auto pipeline = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(parsed)));
  const auto end = GST_IS_BIN(parsed)
                       ? ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "end"))
                       : pipeline;
  const auto sink = PadPtr::adopt(gst_element_get_static_pad(end.get(), "sink"));
  GstTagList* tags = gst_tag_list_new(GST_TAG_TITLE, "a clip", nullptr);
  if (row.tag)
    gst_tag_list_add(tags, GST_TAG_MERGE_APPEND, GST_TAG_IMAGE_ORIENTATION, row.tag, nullptr);
  expect_text(row.line, missing_turn(sink.get(), tags), row.missing);
  gst_tag_list_unref(tags);
}
END_TEST

}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "orientation", {{"turns", turns, std::size(kTurns)}});
}
