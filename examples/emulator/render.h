// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// One job's work, on a worker thread: fetch what came as an address, look at it, make the result
// file. The ways of making it are regenerate.h (GStreamer) and command.h (the user's
// program).
#pragma once

#include <gio/gio.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "fetch.h"
#include "image.h"
#include "looks.h"
#include "service/glib-ptr.h"
#include "settings.h"

namespace emu {

/// Why a task failed, as the reply to a poll tells it.
struct TaskFailure : std::runtime_error {
  TaskFailure(std::string error_code, const std::string& message)
      : std::runtime_error(message), code(std::move(error_code)) {}
  std::string code;
};

/// What the main loop and a worker share about one job.
struct Ticket {
  std::atomic<double> progress{0};  // 0 to 1
  omni::ObjectPtr<GCancellable> cancel = omni::ObjectPtr<GCancellable>::adopt(g_cancellable_new());
};

struct RenderSpec {
  std::string reference;      // file; it exists, unless it is yet to be fetched
  std::string reference_url;  // fetched into `reference`; empty = the file exists
  bool has_reference = true;  // false: the video is made from the images, or from the prompt
  FetchRules fetch;           // for the reference
  bool fetch_images = true;
  double clip_min = 0, clip_max = 0;  // seconds that the reference may have; 0 = any
  std::vector<ImageInput> images;     // each with its file, which is yet to be written
  std::string result;                 // file to make
  std::string prompt;
  unsigned seconds = 0;      // 0 = as the reference
  std::string aspect_ratio;  // "16:9"; empty = as the reference
  unsigned short_side = 0;   // 0 = as the reference
  unsigned fps = 0;          // 0 = as the reference
  double stretch = 1;        // the result lasts so many times what was asked for
  FrameSize size;            // 0 = as asked for
  bool sound = false;        // without a reference
  bool mute = false;         // with one: leave its sound out
  const Look* look = nullptr;
  std::vector<std::string> command;
};

/// The look "identity" on a reference: whatever else changes, it has all its frames, each at its
/// moment.
bool keeps_frames(const RenderSpec& spec);

/// Zeros for what was never looked at: an unchanged reference is not decoded.
struct Rendered {
  double seconds = 0;
  unsigned width = 0;
  unsigned height = 0;
};

/// Throws TaskFailure.
Rendered render(const RenderSpec& spec, Ticket& ticket);

}  // namespace emu
