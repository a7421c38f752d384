// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/clips.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include <algorithm>

#include "../unit/check-main.h"
#include "media/gst-ptr.h"
#include "media/libav.h"
#include "support/idle-threads.h"

namespace clips {
namespace {

using omni::BusPtr;
using omni::ElementPtr;
using omni::MessagePtr;
using omni::SamplePtr;

class Pipeline {
 public:
  explicit Pipeline(const std::string& line) : line_(line) {
    GError* error = nullptr;
    GstElement* parsed = gst_parse_launch(line.c_str(), &error);
    ck_assert_msg(error == nullptr, "%s: %s", line.c_str(), error ? error->message : "");
    pipeline_ = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(parsed)));
    omni::copy_decoded_frames(parsed);
    sink_ = ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(parsed), "out"));
    g_object_set(sink_.get(), "sync", FALSE, nullptr);
    gst_element_set_state(parsed, GST_STATE_PLAYING);
  }
  ~Pipeline() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

  SamplePtr pull() {
    GstSample* sample = nullptr;
    g_signal_emit_by_name(sink_.get(), "pull-sample", &sample);
    return SamplePtr::adopt(sample);
  }

  /// What was posted by now; fails on an error.
  std::string orientation() {
    const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline_.get()));
    std::string found;
    while (const auto message = MessagePtr::adopt(gst_bus_pop(bus.get()))) {
      if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
        GError* error = nullptr;
        gst_message_parse_error(message.get(), &error, nullptr);
        ck_abort_msg("%s: %s", line_.c_str(), error->message);
      }
      if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_TAG) continue;
      GstTagList* tags = nullptr;
      gst_message_parse_tag(message.get(), &tags);
      gchar* value = nullptr;
      if (gst_tag_list_get_string(tags, GST_TAG_IMAGE_ORIENTATION, &value)) found = value;
      g_free(value);
      gst_tag_list_unref(tags);
    }
    return found;
  }

 private:
  std::string line_;
  ElementPtr pipeline_;
  ElementPtr sink_;
};

std::string data_of(GstBuffer* buffer) {
  std::string data(gst_buffer_get_size(buffer), '\0');
  gst_buffer_extract(buffer, 0, data.data(), data.size());
  return data;
}

}  // namespace

BytesPtr make(const std::string& line) {
  Pipeline pipeline(line);
  std::string all;
  // A muxer that cannot seek back writes the moov last; what it rewrites is not needed then.
  while (const SamplePtr sample = pipeline.pull())
    all += data_of(gst_sample_get_buffer(sample.get()));
  pipeline.orientation();
  ck_assert_msg(!all.empty(), "%s: gave nothing", line.c_str());
  return rope(all);
}

std::string text(const omni::ByteRope& bytes) {
  std::string all(bytes.size(), '\0');
  bytes.read(0, all.data(), all.size());
  return all;
}

BytesPtr rope(const std::string& text, std::size_t piece) {
  auto bytes = std::make_shared<omni::ByteRope>();
  for (std::size_t at = 0; at < text.size(); at += piece) {
    bytes->append(
        omni::BytesPtr::adopt(g_bytes_new(text.data() + at, std::min(piece, text.size() - at))));
  }
  return bytes;
}

Stream play(const omni::ByteRope& file, const std::string& track, const std::string& chain) {
  const std::string all = text(file);
  gchar* name = nullptr;
  const int handle = g_file_open_tmp("omni-clip-XXXXXX", &name, nullptr);
  ck_assert_int_ge(handle, 0);
  ck_assert_int_eq(write(handle, all.data(), all.size()), static_cast<ssize_t>(all.size()));
  close(handle);
  Stream stream;
  {
    Pipeline pipeline(std::string("filesrc location=") + name + " ! qtdemux name=demux demux." +
                      track + "_0 ! " + chain + " ! appsink name=out");
    while (const SamplePtr sample = pipeline.pull()) {
      GstBuffer* buffer = gst_sample_get_buffer(sample.get());
      const omni::CharPtr caps(gst_caps_to_string(gst_sample_get_caps(sample.get())));
      stream.caps = caps.get();
      stream.buffers.push_back(
          {gst_segment_to_running_time(gst_sample_get_segment(sample.get()), GST_FORMAT_TIME,
                                       GST_BUFFER_PTS(buffer)),
           data_of(buffer)});
    }
    stream.orientation = pipeline.orientation();
  }
  g_unlink(name);
  g_free(name);
  return stream;
}

BytesPtr turned(const BytesPtr& file, unsigned height) {
  std::string all = text(*file);
  const std::size_t matrix = all.find("tkhd") + 4 + 40;
  ck_assert_uint_lt(matrix, all.size());
  const std::uint32_t values[9] = {0, 0x10000, 0, 0xFFFF0000, 0, 0, height << 16, 0, 0x40000000};
  for (std::size_t i = 0; i < 36; ++i) {
    all[matrix + i] = static_cast<char>(values[i / 4] >> (24 - i % 4 * 8) & 0xFF);
  }
  return rope(all);
}

}  // namespace clips
