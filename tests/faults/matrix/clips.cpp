// The files that cells send and get, made by GStreamer when the program starts.
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "faults/matrix/matrix.h"
#include "support/counted-frames.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

namespace {

/// What comes out of `line ! appsink`, after so many numbered pictures went into its appsrc, if it
/// has one.
std::string made_by(const std::string& line, unsigned first = 0, unsigned count = 0) {
  GError* error = nullptr;
  const std::string whole = line + " ! appsink name=out sync=false";
  const auto pipeline = ElementPtr::adopt(gst_parse_launch(whole.c_str(), &error));
  ck_assert_msg(error == nullptr, "%s: %s", whole.c_str(), error ? error->message : "");
  const auto sink = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const auto in = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "in"));
  const auto time = [](unsigned number) { return number * GST_SECOND / kRate; };
  for (unsigned i = 0; i < count; ++i)
    gst_app_src_push_buffer(GST_APP_SRC(in.get()),
                            counted_frame(first + i, time(i), time(1)).release());
  if (in) gst_app_src_end_of_stream(GST_APP_SRC(in.get()));
  std::string all;
  while (const auto sample = SamplePtr::adopt(gst_app_sink_pull_sample(GST_APP_SINK(sink.get())))) {
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    const std::size_t before = all.size();
    all.resize(before + gst_buffer_get_size(buffer));
    gst_buffer_extract(buffer, 0, all.data() + before, all.size() - before);
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  ck_assert_msg(!all.empty(), "%s: gave nothing", whole.c_str());
  return all;
}

std::string numbered_clip(unsigned first) {
  const std::string caps = kCountedCaps + std::to_string(kRate) + "/1";
  return made_by(
      "appsrc name=in format=time caps=\"" + caps + "\" ! x264enc threads=1 ! h264parse ! mp4mux",
      first, kFramesOfSegment);
}

std::string noisy(std::string clip) {
  for (std::size_t i = clip.find("mdat") + 4; i < clip.find("moov") - 4; ++i)
    clip[i] = static_cast<char>(i * 31 + 7);
  return clip;
}

}  // namespace

Clips make_clips() {
  Clips clips;
  clips.source = numbered_clip(0);
  clips.result = numbered_clip(kFirstOfResult);
  clips.noise = noisy(clips.result);
  clips.sound = made_by("audiotestsrc num-buffers=20 ! audioconvert ! avenc_aac ! mp4mux");
  clips.jpeg = made_by("videotestsrc num-buffers=1 ! jpegenc");
  clips.webm = made_by("videotestsrc num-buffers=5 ! vp8enc deadline=1 ! webmmux");
  return clips;
}

}  // namespace omni::test
