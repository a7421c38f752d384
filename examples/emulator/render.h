// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The work of one job, on a worker thread: fetch the URLs, probe the files, make the result. The
// result is made by regenerate.h (GStreamer) or command.h (the user's program).
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

/// Why a task failed, as reported by a poll.
struct TaskFailure : std::runtime_error {
  TaskFailure(std::string error_code, const std::string& message)
      : std::runtime_error(message), code(std::move(error_code)) {}
  std::string code;
};

/// Shared by the main loop and a worker for one job.
struct Ticket {
  std::atomic<double> progress{0};  // 0 to 1
  omni::ObjectPtr<GCancellable> cancel = omni::ObjectPtr<GCancellable>::adopt(g_cancellable_new());
};

struct RenderSpec {
  std::string reference;      // an existing file, unless it is still to be fetched
  std::string reference_url;  // to fetch into `reference`; empty = the file exists
  bool has_reference = true;  // false: the video is made from the images, or from the prompt
  FetchRules fetch;           // for the reference
  bool fetch_images = true;
  double clip_min = 0, clip_max = 0;  // limits of the reference's duration in seconds; 0 = any
  std::vector<ImageInput> images;     // each with the name of a file that is still to be written
  std::string result;                 // output file
  std::string prompt;
  unsigned seconds = 0;      // 0 = as the reference
  std::string aspect_ratio;  // "16:9"; empty = as the reference
  unsigned short_side = 0;   // 0 = as the reference
  unsigned fps = 0;          // 0 = as the reference
  double stretch = 1;        // factor of the result's duration
  FrameSize size;            // 0 = as requested
  bool sound = false;        // without a reference: add audio
  bool mute = false;         // with a reference: remove its audio
  const Look* look = nullptr;
  std::vector<std::string> command;
};

/// True for the look "identity" with a reference: the result has all its frames with their
/// timestamps, whatever else changes.
bool keeps_frames(const RenderSpec& spec);

/// Zeros for what was not examined: an unchanged reference is not decoded.
struct Rendered {
  double seconds = 0;
  unsigned width = 0;
  unsigned height = 0;
};

/// Throws TaskFailure.
Rendered render(const RenderSpec& spec, Ticket& ticket);

}  // namespace emu
