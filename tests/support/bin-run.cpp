// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "support/bin-run.h"

#include <chrono>
#include <thread>

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

namespace {

// For what hangs. The limit of the test case, which goes with the machine, mostly ends it before.
constexpr GstClockTime kPatience = 300 * GST_SECOND;

}  // namespace

BinRun::BinRun(const std::string& base_url, const std::string& properties, const std::string& caps,
               bool live) {
  const std::string line =
      "appsrc name=in format=time max-bytes=0 max-buffers=0 caps=\"" + caps +
      "\" is-live=" + (live ? "true" : "false") +
      " ! omniv2vbin name=v poll-interval=20000000 state-dir=" + state_.path() +
      " base-url=" + base_url + " " + properties +
      " ! fakesink name=out sync=" + (live ? "true" : "false");
  GError* error = nullptr;
  pipeline_ = ElementPtr::adopt(gst_parse_launch(line.c_str(), &error));
  ck_assert_msg(error == nullptr, "%s: %s", line.c_str(), error ? error->message : "");
  const auto named = [&](const char* name) {
    return ElementPtr::adopt(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
  };
  source_ = named("in");
  bin_ = named("v");
  sink_ = named("out");
  bus_ = BusPtr::adopt(gst_element_get_bus(pipeline_.get()));
  const auto pad = PadPtr::adopt(gst_element_get_static_pad(sink_.get(), "sink"));
  const GstPadProbeCallback note = [](GstPad* at, GstPadProbeInfo* info, gpointer self) {
    auto* me = static_cast<BinRun*>(self);
    if (GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info))
      me->keep({BufferPtr::share(buffer), CapsPtr::adopt(gst_pad_get_current_caps(at)), {}});
    return GST_PAD_PROBE_OK;
  };
  const GstPadProbeCallback note_event = [](GstPad*, GstPadProbeInfo* info, gpointer self) {
    static_cast<BinRun*>(self)->keep({{}, {}, EventPtr::share(GST_PAD_PROBE_INFO_EVENT(info))});
    return GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, note, this, nullptr);
  gst_pad_add_probe(pad.get(),
                    static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                 GST_PAD_PROBE_TYPE_EVENT_FLUSH),
                    note_event, this, nullptr);
  g_object_set(sink_.get(), "enable-last-sample", FALSE, nullptr);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

BinRun::~BinRun() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

void BinRun::keep(Seen seen) {
  const std::lock_guard lock(lock_);
  if (seen.frame) ++frame_count_;
  seen_.push_back(std::move(seen));
}

void BinRun::push(const BufferPtr& frame) {
  gst_app_src_push_buffer(source(), BufferPtr(frame).release());
}

void BinRun::push_counted(unsigned first, unsigned count, int rate_numerator,
                          int rate_denominator) {
  const auto time = [&](guint64 number) {
    return gst_util_uint64_scale(number, GST_SECOND * rate_denominator, rate_numerator);
  };
  for (unsigned i = first; i < first + count; ++i)
    push(counted_frame(i, time(i), time(i + 1) - time(i)));
}

/// In order with the frames: appsrc keeps serialized events in its queue.
void BinRun::push_event(GstEvent* event) {
  gst_element_send_event(source_.get(), event);
}

void BinRun::take_messages(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_WARNING) return;
  const GstStructure* details = nullptr;
  gst_message_parse_warning_details(message, &details);
  const char* reason = details ? gst_structure_get_string(details, "reason") : nullptr;
  warnings_.push_back(reason ? reason : "?");
  GError* error = nullptr;
  gst_message_parse_warning(message, &error, nullptr);
  last_warning_ = ErrorPtr(error)->message;
}

std::string BinRun::wait_end() {
  for (;;) {
    const auto message = MessagePtr::adopt(gst_bus_timed_pop_filtered(
        bus_.get(), kPatience,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
    ck_assert_msg(bool(message), "neither EOS nor an error came");
    take_messages(message.get());
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) return "";
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ERROR) continue;
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(message.get(), &details);
    const char* reason = details ? gst_structure_get_string(details, "reason") : nullptr;
    return reason ? reason : "an error without a reason";
  }
}

void BinRun::wait_frames(std::size_t count) {
  const gint64 end = g_get_monotonic_time() + GST_TIME_AS_USECONDS(kPatience);
  while (g_get_monotonic_time() < end) {
    {
      const std::lock_guard lock(lock_);
      if (frame_count_ >= count) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ck_abort_msg("%zu frames did not come, %zu did", count, frame_count_);
}

std::vector<Seen> BinRun::seen() const {
  const std::lock_guard lock(lock_);
  return seen_;
}

std::vector<Seen> BinRun::frames() const {
  std::vector<Seen> all = seen();
  std::erase_if(all, [](const Seen& one) { return !one.frame; });
  return all;
}

std::vector<std::string> BinRun::warnings() {
  while (const auto message =
             MessagePtr::adopt(gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_WARNING)))
    take_messages(message.get());
  return warnings_;
}

guint BinRun::stat(const char* name) const {
  GstStructure* stats = nullptr;
  g_object_get(bin_.get(), "stats", &stats, nullptr);
  guint value = G_MAXUINT;
  gst_structure_get_uint(stats, name, &value);
  gst_structure_free(stats);
  return value;
}

}  // namespace omni::test
