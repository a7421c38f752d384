// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "support/element-run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/idle-threads.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

namespace {

// For what hangs. The limit of the test case, which goes with the machine, mostly ends it before.
constexpr GstClockTime kPatience = 300 * GST_SECOND;

std::string text_of(GstBuffer* buffer) {
  GstMapInfo info;
  ck_assert(gst_buffer_map(buffer, &info, GST_MAP_READ));
  std::string text(reinterpret_cast<const char*>(info.data), info.size);
  gst_buffer_unmap(buffer, &info);
  return text;
}

gboolean answer_not_live(GstPad* pad, GstObject* parent, GstQuery* query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY) return gst_pad_query_default(pad, parent, query);
  gst_query_set_latency(query, FALSE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

/// The element is its own pipeline here, and the harness a sink that says nothing of EOS.
GstPadProbeReturn post_eos(GstPad*, GstPadProbeInfo* info, gpointer self) {
  const auto& run = *static_cast<ElementRun*>(self);
  if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS && run.comes_to_eos)
    gst_element_post_message(run.element(), gst_message_new_eos(GST_OBJECT(run.element())));
  return GST_PAD_PROBE_OK;
}

}  // namespace

ElementRun::ElementRun(const std::string& base_url, const std::string& properties,
                       const char* factory, const char* caps, bool live) {
  GError* error = nullptr;
  const std::string line = std::string(factory) +
                           " poll-interval=20000000 state-dir=" + state_.path() +
                           " base-url=" + base_url + " " + properties;
  GstElement* element = gst_parse_launch(line.c_str(), &error);
  ck_assert_msg(error == nullptr, "%s: %s", line.c_str(), error ? error->message : "");
  bus_ = gst_bus_new();
  // Before the harness is made, which plays what has a sink pad at once.
  gst_element_set_bus(element, bus_);
  const bool is_source = GST_OBJECT_FLAG_IS_SET(element, GST_ELEMENT_FLAG_SOURCE);
  harness_ = gst_harness_new_with_element(element, is_source ? nullptr : "sink", "src");
  gst_object_unref(element);
  gst_pad_add_probe(harness_->sinkpad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, post_eos, this,
                    nullptr);
  if (!live) gst_pad_set_query_function(harness_->srcpad, answer_not_live);
  gst_harness_play(harness_);
  if (!is_source && caps) gst_harness_set_src_caps_str(harness_, caps);
}

ElementRun::~ElementRun() {
  gst_element_set_bus(element(), nullptr);
  // First, as a pipeline is: the harness would stop its sink before the element knows of it.
  gst_element_set_state(element(), GST_STATE_NULL);
  gst_harness_teardown(harness_);
  gst_bus_set_flushing(bus_, TRUE);
  gst_object_unref(bus_);
}

GstFlowReturn ElementRun::push(const std::string& data, GstClockTime pts, GstClockTime duration) {
  GstBuffer* buffer = gst_buffer_new_memdup(data.data(), data.size());
  GST_BUFFER_PTS(buffer) = pts;
  GST_BUFFER_DURATION(buffer) = duration;
  return gst_harness_push(harness_, buffer);
}

void ElementRun::push_stream(const std::string& data, std::size_t piece) {
  for (std::size_t at = 0; at < data.size(); at += piece)
    if (push(data.substr(at, piece)) != GST_FLOW_OK) break;
  push_eos();
}

EventPtr ElementRun::wait_event(GstEventType type) {
  const gint64 end = g_get_monotonic_time() + GST_TIME_AS_USECONDS(kPatience);
  while (g_get_monotonic_time() < end) {
    auto event = EventPtr::adopt(gst_harness_try_pull_event(harness_));
    if (event && GST_EVENT_TYPE(event.get()) == type) return event;
    if (!event) g_usleep(1000);
  }
  ck_abort_msg("no %s event came", gst_event_type_get_name(type));
}

BufferPtr ElementRun::wait_buffer() {
  const gint64 end = g_get_monotonic_time() + GST_TIME_AS_USECONDS(kPatience);
  while (g_get_monotonic_time() < end) {
    // It gives up after a minute.
    if (auto buffer = BufferPtr::adopt(gst_harness_pull(harness_))) return buffer;
  }
  ck_abort_msg("no buffer came");
}

std::string ElementRun::pull_stream() {
  wait_event(GST_EVENT_EOS);
  std::string text;
  while (auto buffer = BufferPtr::adopt(gst_harness_try_pull(harness_))) {
    // What a seek dropped has no place here: offsets go on without a gap.
    text += text_of(buffer.get());
  }
  return text;
}

std::string ElementRun::pull_buffer(GstClockTime* pts) {
  const BufferPtr buffer = wait_buffer();
  if (pts) *pts = GST_BUFFER_PTS(buffer.get());
  return text_of(buffer.get());
}

MiniObjectPtr<GstMessage> ElementRun::wait_message(GstMessageType type) {
  return MiniObjectPtr<GstMessage>::adopt(gst_bus_timed_pop_filtered(bus_, kPatience, type));
}

std::string ElementRun::wait_reason(GstMessageType type, std::string* text) {
  const auto message = wait_message(type);
  ck_assert_msg(bool(message), "no %s came", gst_message_type_get_name(type));
  const GstStructure* details = nullptr;
  GError* raw = nullptr;
  if (type == GST_MESSAGE_ERROR) {
    gst_message_parse_error_details(message.get(), &details);
    gst_message_parse_error(message.get(), &raw, nullptr);
  } else {
    gst_message_parse_warning_details(message.get(), &details);
    gst_message_parse_warning(message.get(), &raw, nullptr);
  }
  const ErrorPtr error(raw);
  if (text) *text = error->message;
  ck_assert(details != nullptr);
  const char* reason = gst_structure_get_string(details, "reason");
  ck_assert(reason != nullptr);
  ck_assert_msg(g_str_has_prefix(error->message, reason), "\"%s\" lacks its reason",
                error->message);
  return reason;
}

std::vector<MiniObjectPtr<GstMessage>> ElementRun::messages() {
  std::vector<MiniObjectPtr<GstMessage>> all;
  while (GstMessage* message = gst_bus_pop(bus_))
    all.push_back(MiniObjectPtr<GstMessage>::adopt(message));
  return all;
}

std::vector<std::string> ElementRun::job_states() {
  std::vector<std::string> states;
  for (const auto& message : messages()) {
    const GstStructure* structure = gst_message_get_structure(message.get());
    if (!structure || !gst_structure_has_name(structure, "omni/job")) continue;
    const std::string state = gst_structure_get_string(structure, "state");
    if (states.empty() || states.back() != state) states.push_back(state);
  }
  return states;
}

guint ElementRun::stat(const char* name) const {
  GstStructure* stats = nullptr;
  g_object_get(element(), "stats", &stats, nullptr);
  guint value = G_MAXUINT;
  gst_structure_get_uint(stats, name, &value);
  gst_structure_free(stats);
  return value;
}

namespace {

int count_threads(const std::string& name) {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string comm;
    std::getline(file, comm);
    count += comm == name;
  }
  return count;
}

}  // namespace

/// A thread that was joined is listed until the kernel has put it away.
int threads_named(const std::string& name, int expected) {
  const gint64 end = g_get_monotonic_time() + GST_TIME_AS_USECONDS(kPatience);
  int count = count_threads(name);
  while (count > expected && g_get_monotonic_time() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    count = std::min(count, count_threads(name));
  }
  return count;
}

}  // namespace omni::test
