// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What the measuring programs share: a pipeline played in this process, and what the kernel says of
// the process.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>
#include <vector>

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
  void set_state(GstState state) const;
  /// Returns at EOS; an error, or five minutes without either, ends the program.
  void wait_for_eos() const;
  /// How many jobs have reported this state since the last call of this or the other waits. Waits
  /// until there are `count`, at most a minute.
  void wait_for_jobs(const char* state, int count) const;

 private:
  std::unique_ptr<GstElement, Unref> pipeline_;
  std::unique_ptr<GstBus, Unref> bus_;
};

/// A buffer for appsrc, which takes it over.
void push(GstElement* appsrc, GstBuffer* buffer);

struct UnrefBuffer {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using BufferPtr = std::unique_ptr<GstBuffer, UnrefBuffer>;

struct Picture {
  int width, height, rate;
  const char* pattern;  // of videotestsrc, with its other properties

  std::string caps() const;
};

/// Raw pictures, made once and pushed again and again, so that making them costs a measurement
/// nothing.
class Film {
 public:
  explicit Film(const Picture& picture);

  /// Frames numbered `from` to `to` (not included), each with its time. False when the source takes
  /// no more. `live`: none before the pipeline's clock says so.
  bool push(GstElement* appsrc, int from, int to, bool live = false) const;

 private:
  const int rate_;
  std::vector<BufferPtr> frames_;
};

void end_stream(GstElement* appsrc);

[[noreturn]] void die(const std::string& text);
double seconds_now();
double cpu_seconds();
/// A line of /proc/self/status: VmRSS and VmHWM in KiB, Threads.
long process_status(const char* name);
/// VmHWM counts from now on.
void forget_peak();

}  // namespace bench
