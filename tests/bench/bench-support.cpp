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

void Pipeline::set_state(GstState state) {
  if (gst_element_set_state(pipeline_.get(), state) == GST_STATE_CHANGE_FAILURE)
    die("the pipeline does not start");
}

void Pipeline::wait_for_eos() {
  next_message(bus_.get(), GST_MESSAGE_EOS, 120 * GST_SECOND);
}

void Pipeline::wait_for_jobs(const char* state, int count) {
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
