// What the measuring programs share: a pipeline played in this process, and what the kernel says of
// the process.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

namespace bench {

struct Unref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};

class Pipeline {
 public:
  /// Ends the program when the launch line is wrong.
  explicit Pipeline(const std::string& launch_line);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;

  GstElement* get() const { return pipeline_.get(); }
  std::unique_ptr<GstElement, Unref> element(const char* name) const;
  void set_state(GstState state);
  /// Returns at EOS; an error, or two minutes without either, ends the program.
  void wait_for_eos();
  /// How many jobs have reported this state since the last call of this or the other waits. Waits
  /// until there are `count`, at most a minute.
  void wait_for_jobs(const char* state, int count);

 private:
  std::unique_ptr<GstElement, Unref> pipeline_;
  std::unique_ptr<GstBus, Unref> bus_;
};

/// A buffer for appsrc, which takes it over.
void push(GstElement* appsrc, GstBuffer* buffer);

[[noreturn]] void die(const std::string& text);
double seconds_now();
double cpu_seconds();
/// A line of /proc/self/status: VmRSS and VmHWM in KiB, Threads.
long process_status(const char* name);
/// VmHWM counts from now on.
void forget_peak();

}  // namespace bench
