// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What omniv2v provides to one run.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <string>

#include "elements/common/enums.h"
#include "elements/common/output-queue.h"
#include "elements/common/pending-result.h"
#include "elements/common/settings.h"
#include "elements/common/spend-tracker.h"

namespace omni {

/// All of it outlives the run.
struct V2vHost {
  GstElement* element;
  GstPad* sink;
  GstPad* src;
  std::function<Settings()> settings;  // a copy of the current settings
  /// Lets the application publish bytes; null when no handler is connected.
  std::function<std::function<std::string(const ByteRope&)>()> publisher;
  SpendTracker& spend;
  LogSink log;
  InputMode mode;
};

using V2vQueue = OutputQueue<PendingResult>;

}  // namespace omni
