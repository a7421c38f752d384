// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2vbin between an appsrc and a sink: what goes in is made by a test, what comes out is
// kept in order, frames and events.
#pragma once

#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <mutex>
#include <string>
#include <vector>

#include "media/gst-ptr.h"
#include "support/counted-frames.h"
#include "support/fresh-folder.h"

namespace omni::test {

struct Seen {  // at the output: a frame or an event
  BufferPtr frame;
  CapsPtr caps;  // of the frame
  EventPtr event;
};

class BinRun {
 public:
  /// `properties` as in a launch line; `caps` of what is pushed.
  BinRun(const std::string& base_url, const std::string& properties, const std::string& caps,
         bool live = false);
  ~BinRun();
  BinRun(const BinRun&) = delete;

  GstElement* bin() const { return bin_.get(); }
  GstElement* pipeline() const { return pipeline_.get(); }
  GstAppSrc* source() const { return GST_APP_SRC(source_.get()); }

  void push(const BufferPtr& frame);
  /// Frames numbered from `first`, at a constant rate.
  void push_counted(unsigned first, unsigned count, int rate_numerator, int rate_denominator = 1);
  void push_event(GstEvent* event);
  void end() { gst_app_src_end_of_stream(source()); }

  /// Waits until EOS or an error is on the bus (at most 60 s); the error's `reason`, empty at EOS.
  std::string wait_end();
  /// Waits for so many frames at the output (at most 60 s).
  void wait_frames(std::size_t count);
  /// Everything that has come out so far.
  std::vector<Seen> seen() const;
  std::vector<Seen> frames() const;
  /// The reasons of all warnings that the bus has by now, and the states of omni/job.
  std::vector<std::string> warnings();
  /// The text of the last warning that warnings() knows of.
  const std::string& last_warning() const { return last_warning_; }
  guint stat(const char* name) const;

 private:
  void keep(Seen seen);
  void take_messages(GstMessage* message);

  FreshFolder state_;
  ElementPtr pipeline_, source_, bin_, sink_;
  BusPtr bus_;
  mutable std::mutex lock_;
  std::vector<Seen> seen_;
  std::size_t frame_count_ = 0;
  std::vector<std::string> warnings_;
  std::string last_warning_;
};

}  // namespace omni::test
