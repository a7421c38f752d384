// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "bench-support.h"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace bench {

namespace {

struct UnrefMessage {
  void operator()(GstMessage* message) const { gst_message_unref(message); }
};
using MessagePtr = std::unique_ptr<GstMessage, UnrefMessage>;

MessagePtr next_message(GstBus* bus, GstMessageType types, GstClockTime timeout) {
  MessagePtr message(gst_bus_timed_pop_filtered(
      bus, timeout, static_cast<GstMessageType>(types | GST_MESSAGE_ERROR)));
  if (!message) die("nothing happens");
  if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ERROR) return message;
  GError* error = nullptr;
  gst_message_parse_error(message.get(), &error, nullptr);
  die(error->message);
}

}  // namespace

Pipeline::Pipeline(const std::string& launch_line) {
  GError* error = nullptr;
  pipeline_.reset(gst_parse_launch(launch_line.c_str(), &error));
  if (error) die(error->message);
  bus_.reset(gst_element_get_bus(pipeline_.get()));
}

Pipeline::~Pipeline() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

std::unique_ptr<GstElement, Unref> Pipeline::element(const char* name) const {
  return std::unique_ptr<GstElement, Unref>(gst_bin_get_by_name(GST_BIN(pipeline_.get()), name));
}

void Pipeline::set_state(GstState state) const {
  if (gst_element_set_state(pipeline_.get(), state) == GST_STATE_CHANGE_FAILURE)
    die("the pipeline does not start");
}

void Pipeline::wait_for_eos() const {
  next_message(bus_.get(), GST_MESSAGE_EOS, 300 * GST_SECOND);
}

void Pipeline::wait_for_jobs(const char* state, int count) const {
  while (count > 0) {
    const auto message = next_message(bus_.get(), GST_MESSAGE_ELEMENT, 60 * GST_SECOND);
    const GstStructure* job = gst_message_get_structure(message.get());
    const char* reported = gst_structure_get_string(job, "state");
    if (reported && g_str_equal(reported, state)) --count;
  }
}

void push(GstElement* appsrc, GstBuffer* buffer) {
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(appsrc, "push-buffer", buffer, &flow);
  gst_buffer_unref(buffer);
  if (flow != GST_FLOW_OK) die("a buffer is not taken");
}

std::string Picture::caps() const {
  return "video/x-raw,format=I420,width=" + std::to_string(width) +
         ",height=" + std::to_string(height) + ",framerate=" + std::to_string(rate) +
         "/1,pixel-aspect-ratio=1/1,interlace-mode=progressive,colorimetry=bt709";
}

Film::Film(const Picture& picture) : rate_(picture.rate) {
  // Forwards and backwards: so it has no end.
  constexpr std::size_t kFrames = 50;
  const Pipeline pipeline(std::string("videotestsrc num-buffers=50 pattern=") + picture.pattern +
                          " ! " + picture.caps() + " ! fakesink name=out signal-handoffs=true");
  const auto keep = [](GstElement*, GstBuffer* buffer, GstPad*, gpointer self) {
    static_cast<Film*>(self)->frames_.emplace_back(gst_buffer_copy_deep(buffer));
  };
  g_signal_connect(
      pipeline.element("out").get(), "handoff",
      G_CALLBACK(static_cast<void (*)(GstElement*, GstBuffer*, GstPad*, gpointer)>(keep)), this);
  pipeline.set_state(GST_STATE_PLAYING);
  pipeline.wait_for_eos();
  if (frames_.size() != kFrames) die("no pictures");
  for (std::size_t i = kFrames - 1; i-- > 1;)
    frames_.emplace_back(gst_buffer_ref(frames_[i].get()));
}

bool Film::push(GstElement* appsrc, int from, int to, bool live) const {
  const GstClockTime frame = GST_SECOND / static_cast<GstClockTime>(rate_);
  for (int i = from; i < to; ++i) {
    const auto number = static_cast<std::size_t>(i);
    GstBuffer* buffer = gst_buffer_copy(frames_[number % frames_.size()].get());
    GST_BUFFER_PTS(buffer) = number * frame;
    GST_BUFFER_DURATION(buffer) = frame;
    while (live && gst_element_get_current_running_time(appsrc) < GST_BUFFER_PTS(buffer))
      g_usleep(2000);
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(appsrc, "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
    if (flow != GST_FLOW_OK) return false;
  }
  return true;
}

void end_stream(GstElement* appsrc) {
  GstFlowReturn flow = GST_FLOW_OK;
  g_signal_emit_by_name(appsrc, "end-of-stream", &flow);
}

void die(const std::string& text) {
  std::fprintf(stderr, "%s: %s\n", g_get_prgname(), text.c_str());
  std::_Exit(1);
}

double seconds_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long process_status(const char* name) {
  std::ifstream status("/proc/self/status");
  const std::string wanted = std::string(name) + ":";
  for (std::string word; status >> word;) {
    long value = 0;
    if (word == wanted && status >> value) return value;
  }
  return 0;
}

void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << 5;
}

}  // namespace bench
