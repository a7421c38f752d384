// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Runs a launch line, as a rule with an omniv2vbin named `v` in it, and writes down what goes in
// and what comes out, one line each on stdout; who started it compares. Pictures are drawn here,
// with a number in each. Nothing is judged here.
//
//   in PTS DURATION NUMBER METAS                     a frame before v.sink
//   out PTS DURATION NUMBER METAS PSNR BLUE POSITION a frame at the sink `out` (else at v.src);
//                                                    POSITION is what v.src says at that moment
//   gap PTS DURATION, event NAME                     at the same place
//   sound-in, sound-out PTS BYTES CRC                a buffer before v.audio_sink_0, at `heard`
//   shown PTS RUNNING                                `out` showed a frame (signal-handoffs=true)
//   job SEGMENT STATE RUNNING, warning REASON, error REASON, eos
//   latency LIVE LEAST UPSTREAM                      of v.src and of what is before v.sink
//   memory KB                                        resident, with every 50th frame out
//
// Elements by name: `stamp` (an identity behind a videotestsrc in I420: its pictures are replaced),
// `v`, `out`, `heard`; those that are not there are not watched. Times in ns, -1 = none.
#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

#include "media/gst-ptr.h"
#include "support/echo-service.h"
#include "support/moving-picture.h"

namespace {

using namespace omni;
using namespace omni::test;

struct Options {
  bool variable = false;  // the stamp moves the frames' times about
  unsigned jump_at = 0;   // this frame and all behind it
  guint64 jump = 0;       // are so much later, ns
  bool metas = false;     // the stamp adds a timecode and captions
  bool psnr = false;
  bool echo = false;        // a service in this process
  unsigned end_after = 0;   // frames in, then EOS
  unsigned seek_after = 0;  // frames out
  guint64 seek_to = 0;      // ns
  unsigned patience = 120;  // s, for what hangs
  std::string line;
};

std::mutex print_lock;  // guards stdout: lines stay whole. A leaf.

G_GNUC_PRINTF(1, 2) void say(const char* format, ...) {
  const std::lock_guard lock(print_lock);
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::putchar('\n');
}

long long signed_time(GstClockTime time) {
  return GST_CLOCK_TIME_IS_VALID(time) ? static_cast<long long>(time) : -1;
}

unsigned crc_of(GstBuffer* buffer) {
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return 0;
  const CharPtr text(g_compute_checksum_for_data(G_CHECKSUM_MD5, map.data, map.size));
  gst_buffer_unmap(buffer, &map);
  return static_cast<unsigned>(std::stoul(std::string(text.get(), 8), nullptr, 16));
}

/// Timecode and captions as one word.
std::string metas_of(GstBuffer* buffer) {
  std::string text;
  if (const auto* code = gst_buffer_get_video_time_code_meta(buffer)) {
    const CharPtr words(gst_video_time_code_to_string(&code->tc));
    text += words.get();
  }
  gpointer at = nullptr;
  while (const GstMeta* meta =
             gst_buffer_iterate_meta_filtered(buffer, &at, GST_VIDEO_CAPTION_META_API_TYPE)) {
    const auto* caption = reinterpret_cast<const GstVideoCaptionMeta*>(meta);
    text += "/" + std::to_string(caption->caption_type) + "=";
    for (gsize i = 0; i < caption->size; ++i) text += std::to_string(caption->data[i]) + ".";
  }
  return text.empty() ? "-" : text;
}

/// With what it is for, one each.
class StreamCheck {
 public:
  explicit StreamCheck(Options options) : options_(std::move(options)) {}

  int run();

 private:
  bool make();
  ElementPtr named(const char* name) const {
    return ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  }
  void watch(const char* element, const char* pad, GstPadProbeType what, GstPadProbeCallback call);
  void watch_all();
  GstPadProbeReturn stamp(GstPadProbeInfo* info, GstPad* pad);
  void add_metas(GstBuffer* buffer) const;
  void frame_in(GstBuffer* buffer, GstPad* pad);
  void frame_out(GstBuffer* buffer, GstPad* pad);
  void tell_memory() const;
  void tell_latency() const;
  void wake(const char* what);
  bool handle(GstMessage* message);
  void tell_trouble(GstMessage* message) const;
  void woken(const GstStructure* what);

  const Options options_;
  std::unique_ptr<EchoService> service_;
  ElementPtr pipeline_, bin_;
  // Each by one streaming thread alone
  unsigned stamped_ = 0, frames_in_ = 0, frames_out_ = 0;
};

bool StreamCheck::make() {
  if (options_.echo) {
    service_ = std::make_unique<EchoService>();
    g_setenv("OMNI_BASE_URL", service_->server.url().c_str(), TRUE);
  }
  GError* error = nullptr;
  pipeline_ = ElementPtr::adopt(gst_parse_launch(options_.line.c_str(), &error));
  if (error) {
    std::fprintf(stderr, "%s\n", error->message);
    g_error_free(error);
    return false;
  }
  bin_ = named("v");
  return true;
}

void StreamCheck::watch(const char* element, const char* pad, GstPadProbeType what,
                        GstPadProbeCallback call) {
  const ElementPtr found = named(element);
  if (!found) return;
  const auto at = PadPtr::adopt(gst_element_get_static_pad(found.get(), pad));
  if (at) gst_pad_add_probe(at.get(), what, call, this, nullptr);
}

GstPadProbeReturn StreamCheck::stamp(GstPadProbeInfo* info, GstPad* pad) {
  GstBuffer* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
  GST_PAD_PROBE_INFO_DATA(info) = buffer;
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  if (MappedPicture picture(buffer, caps.get(), GST_MAP_WRITE); picture)
    draw_picture(stamped_, picture);
  if (options_.variable) {
    // Up to a third of the frame later, and every 30th frame is not there.
    const GstClockTime step = GST_BUFFER_DURATION(buffer);
    if (stamped_ % 30 != 0) GST_BUFFER_PTS(buffer) += step * (stamped_ * 7 % 5) / 15;
    GST_BUFFER_DURATION(buffer) = GST_CLOCK_TIME_NONE;
    if (stamped_ % 30 == 29) {
      ++stamped_;
      return GST_PAD_PROBE_DROP;
    }
  }
  if (stamped_ >= options_.jump_at) GST_BUFFER_PTS(buffer) += options_.jump;
  if (options_.metas) add_metas(buffer);
  ++stamped_;
  return GST_PAD_PROBE_OK;
}

void StreamCheck::add_metas(GstBuffer* buffer) const {
  const unsigned second = stamped_ / 30;
  GstVideoTimeCode* code =
      gst_video_time_code_new(30, 1, nullptr, GST_VIDEO_TIME_CODE_FLAGS_NONE, 10, second / 60 % 60,
                              second % 60, stamped_ % 30, 0);
  gst_buffer_add_video_time_code_meta(buffer, code);
  gst_video_time_code_free(code);
  const guint8 line21[] = {0x80, static_cast<guint8>(stamped_ >> 8),
                           static_cast<guint8>(stamped_ & 0xff)};
  gst_buffer_add_video_caption_meta(buffer, GST_VIDEO_CAPTION_TYPE_CEA608_S334_1A, line21, 3);
  // Some frames have captions in two forms.
  const guint8 pair[] = {static_cast<guint8>(stamped_ & 0x7f), 0x20};
  if (stamped_ % 3 == 0)
    gst_buffer_add_video_caption_meta(buffer, GST_VIDEO_CAPTION_TYPE_CEA608_RAW, pair, 2);
}

void StreamCheck::frame_in(GstBuffer* buffer, GstPad* pad) {
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  MappedPicture picture(buffer, caps.get(), GST_MAP_READ);
  say("in %lld %lld %u %s", signed_time(GST_BUFFER_PTS(buffer)),
      signed_time(GST_BUFFER_DURATION(buffer)), picture ? picture_number(picture) : G_MAXUINT,
      metas_of(buffer).c_str());
  if (++frames_in_ == options_.end_after) wake("end");
}

void StreamCheck::frame_out(GstBuffer* buffer, GstPad* pad) {
  const auto caps = CapsPtr::adopt(gst_pad_get_current_caps(pad));
  MappedPicture picture(buffer, caps.get(), GST_MAP_READ);
  const unsigned number = picture ? picture_number(picture) : G_MAXUINT;
  gint64 position = -1;
  if (bin_) {
    const auto source = PadPtr::adopt(gst_element_get_static_pad(bin_.get(), "src"));
    gst_pad_query_position(source.get(), GST_FORMAT_TIME, &position);
  }
  say("out %lld %lld %u %s %.2f %d %lld", signed_time(GST_BUFFER_PTS(buffer)),
      signed_time(GST_BUFFER_DURATION(buffer)), number, metas_of(buffer).c_str(),
      options_.psnr && picture ? picture_psnr(number, picture) : 0.0,
      picture ? picture_blue(picture) : -1, static_cast<long long>(position));
  if (frames_out_ % 50 == 0) tell_memory();
  if (++frames_out_ == options_.seek_after) wake("seek");
  if (frames_out_ == 1 && bin_) tell_latency();
}

void StreamCheck::tell_memory() const {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with("VmRSS:")) say("memory %ld", std::stol(line.substr(6)));
}

/// For the thread that watches the bus: nothing is sent into the pipeline from inside of it.
void StreamCheck::wake(const char* what) {
  gst_element_post_message(
      pipeline_.get(),
      gst_message_new_application(GST_OBJECT(pipeline_.get()), gst_structure_new_empty(what)));
}

void StreamCheck::watch_all() {
  watch("stamp", "src", GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad* pad, GstPadProbeInfo* info, gpointer self) {
          return static_cast<StreamCheck*>(self)->stamp(info, pad);
        });
  watch("v", "sink", GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad* pad, GstPadProbeInfo* info, gpointer self) {
          static_cast<StreamCheck*>(self)->frame_in(GST_PAD_PROBE_INFO_BUFFER(info), pad);
          return GST_PAD_PROBE_OK;
        });
  const bool has_sink = bool(named("out"));
  const char* const place = has_sink ? "out" : "v";
  const char* const pad_name = has_sink ? "sink" : "src";
  watch(place, pad_name, GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad* pad, GstPadProbeInfo* info, gpointer self) {
          static_cast<StreamCheck*>(self)->frame_out(GST_PAD_PROBE_INFO_BUFFER(info), pad);
          return GST_PAD_PROBE_OK;
        });
  watch(place, pad_name,
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                     GST_PAD_PROBE_TYPE_EVENT_FLUSH),
        [](GstPad*, GstPadProbeInfo* info, gpointer) {
          GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
          GstClockTime from = 0, length = 0;
          if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
            gst_event_parse_gap(event, &from, &length);
            say("gap %lld %lld", signed_time(from), signed_time(length));
          } else {
            say("event %s", GST_EVENT_TYPE_NAME(event));
          }
          return GST_PAD_PROBE_OK;
        });
  watch("v", "audio_sink_0", GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer) {
          GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
          say("sound-in %lld %zu %u", signed_time(GST_BUFFER_PTS(buffer)),
              gst_buffer_get_size(buffer), crc_of(buffer));
          return GST_PAD_PROBE_OK;
        });
  watch("heard", "sink", GST_PAD_PROBE_TYPE_BUFFER, [](GstPad*, GstPadProbeInfo* info, gpointer) {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    say("sound-out %lld %zu %u", signed_time(GST_BUFFER_PTS(buffer)), gst_buffer_get_size(buffer),
        crc_of(buffer));
    return GST_PAD_PROBE_OK;
  });
  if (const ElementPtr out = named("out");
      out && g_signal_lookup("handoff", G_OBJECT_TYPE(out.get()))) {
    const auto shown = +[](GstElement* sink, GstBuffer* buffer, GstPad*, gpointer) {
      say("shown %lld %lld", signed_time(GST_BUFFER_PTS(buffer)),
          signed_time(gst_element_get_current_running_time(sink)));
    };
    g_signal_connect(out.get(), "handoff", G_CALLBACK(shown), nullptr);
  }
}

void StreamCheck::tell_latency() const {
  const auto least = [](GstPad* pad, bool peer, gboolean* live) {
    GstQuery* query = gst_query_new_latency();
    GstClockTime time = GST_CLOCK_TIME_NONE;
    if (peer ? gst_pad_peer_query(pad, query) : gst_pad_query(pad, query))
      gst_query_parse_latency(query, live, &time, nullptr);
    gst_query_unref(query);
    return signed_time(time);
  };
  gboolean live = FALSE, upstream_live = FALSE;
  const auto source = PadPtr::adopt(gst_element_get_static_pad(bin_.get(), "src"));
  const auto sink = PadPtr::adopt(gst_element_get_static_pad(bin_.get(), "sink"));
  const long long whole = least(source.get(), false, &live);
  say("latency %d %lld %lld", live, whole, least(sink.get(), true, &upstream_live));
}

void StreamCheck::woken(const GstStructure* what) {
  if (gst_structure_has_name(what, "end")) {
    gst_element_send_event(pipeline_.get(), gst_event_new_eos());  // to all sources
  } else if (gst_structure_has_name(what, "seek")) {
    const auto flags = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE);
    const bool taken = gst_element_seek_simple(pipeline_.get(), GST_FORMAT_TIME, flags,
                                               static_cast<gint64>(options_.seek_to));
    say("seek %d", taken);
  }
}

void StreamCheck::tell_trouble(GstMessage* message) const {
  const bool is_error = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
  const GstStructure* details = nullptr;
  GError* error = nullptr;
  if (is_error) {
    gst_message_parse_error_details(message, &details);
    gst_message_parse_error(message, &error, nullptr);
  } else {
    gst_message_parse_warning_details(message, &details);
    gst_message_parse_warning(message, &error, nullptr);
  }
  const char* reason = details ? gst_structure_get_string(details, "reason") : nullptr;
  say("%s %s %s", is_error ? "error" : "warning", reason ? reason : "?", error->message);
  g_error_free(error);
}

/// False when this was the last one.
bool StreamCheck::handle(GstMessage* message) {
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      say("eos");
      return false;
    case GST_MESSAGE_ERROR:
      tell_trouble(message);
      return false;
    case GST_MESSAGE_WARNING:
      tell_trouble(message);
      return true;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency(GST_BIN(pipeline_.get()));
      return true;
    case GST_MESSAGE_APPLICATION:
      woken(gst_message_get_structure(message));
      return true;
    default:
      break;
  }
  const GstStructure* job = gst_message_get_structure(message);
  guint segment = 0;
  guint64 running = 0;
  if (job && gst_structure_has_name(job, "omni/job") &&
      gst_structure_get_uint(job, "segment", &segment) &&
      gst_structure_get_uint64(job, "running-time", &running))
    say("job %u %s %" G_GUINT64_FORMAT, segment, gst_structure_get_string(job, "state"), running);
  return true;
}

int StreamCheck::run() {
  if (!make()) return 2;
  watch_all();
  const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline_.get()));
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  const gint64 end = g_get_monotonic_time() + options_.patience * G_USEC_PER_SEC;
  bool ended = false;
  while (!ended) {
    const gint64 left = std::max<gint64>(0, end - g_get_monotonic_time());
    const auto message =
        MessagePtr::adopt(gst_bus_timed_pop(bus.get(), static_cast<guint64>(left) * 1000));
    if (!message) break;
    ended = !handle(message.get());
  }
  if (!ended) say("error hangs after %u s", options_.patience);
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  tell_memory();
  return 0;
}

/// Names as they are given; what is no option is the launch line.
Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto number = [&] { return std::stoull(++i < argc ? argv[i] : "0"); };
    if (word == "--variable")
      options.variable = true;
    else if (word == "--jump-at")
      options.jump_at = static_cast<unsigned>(number());
    else if (word == "--jump")
      options.jump = number();
    else if (word == "--metas")
      options.metas = true;
    else if (word == "--psnr")
      options.psnr = true;
    else if (word == "--echo")
      options.echo = true;
    else if (word == "--end-after")
      options.end_after = static_cast<unsigned>(number());
    else if (word == "--seek-after")
      options.seek_after = static_cast<unsigned>(number());
    else if (word == "--seek-to")
      options.seek_to = number();
    else if (word == "--patience")
      options.patience = static_cast<unsigned>(number());
    else
      options.line += word + " ";
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(nullptr, nullptr);
  const int status = StreamCheck(parse(argc, argv)).run();
  std::fflush(stdout);
  return status;
}
