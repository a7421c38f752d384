// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// An element in a test harness: its bus, and short ways to say what should come out.
#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "media/gst-ptr.h"
#include "support/fresh-folder.h"

namespace omni::test {

class ElementRun {
 public:
  /// `properties` as in a launch line. The key comes from the environment, as for users. A
  /// harness's source calls itself live, unless it is told not to. Without
  /// `caps` the test sends them.
  ElementRun(const std::string& base_url, const std::string& properties,
             const char* factory = "omniv2v", const char* caps = "video/quicktime",
             bool live = true);
  ~ElementRun();
  ElementRun(const ElementRun&) = delete;

  /// Off: as in a pipeline where something goes on behind the element's EOS.
  std::atomic<bool> comes_to_eos = true;

  GstHarness* harness() const { return harness_; }
  GstElement* element() const { return harness_->element; }

  /// Pushes one buffer, with a time when it has one.
  GstFlowReturn push(const std::string& data, GstClockTime pts = GST_CLOCK_TIME_NONE,
                     GstClockTime duration = GST_CLOCK_TIME_NONE);
  /// Pushes in pieces, as filesrc does, then EOS.
  void push_stream(const std::string& data, std::size_t piece = 4096);
  void push_eos() { gst_harness_push_event(harness_, gst_event_new_eos()); }

  /// Waits for an event of this type at the output, dropping those before it (at most 300 s).
  EventPtr wait_event(GstEventType type);
  BufferPtr wait_buffer();
  /// All bytes up to EOS.
  std::string pull_stream();
  std::string pull_buffer(GstClockTime* pts = nullptr);

  /// Waits for this kind of message (at most 300 s); nullptr when none came.
  MiniObjectPtr<GstMessage> wait_message(GstMessageType type);
  /// The `reason` of the next error (or warning) on the bus.
  std::string wait_reason(GstMessageType type = GST_MESSAGE_ERROR, std::string* text = nullptr);
  /// Everything on the bus by now.
  std::vector<MiniObjectPtr<GstMessage>> messages();
  /// The states that omni/job told, up to now, each once in a row.
  std::vector<std::string> job_states();

  guint stat(const char* name) const;
  const std::string& state_dir() const { return state_.path(); }

 private:
  FreshFolder state_;
  GstHarness* harness_;
  GstBus* bus_;
};

/// Threads of this process that have this name: the network thread of each client has one, while
/// GLib and GStreamer keep pools that are not ours to count. Waits while they are more than that.
int threads_named(const std::string& name, int expected = 0);

}  // namespace omni::test
