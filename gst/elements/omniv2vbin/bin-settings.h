// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The properties that only omniv2vbin has, beside those that all elements share.
#pragma once

#include "elements/common/settings.h"
#include "media/placement.h"

namespace omni {

/// What stands in for a segment that is not there at its deadline, in a live stream.
enum class LatePolicy { source, hold, skip };

/// What the output's picture is like.
enum class OutputMode {
  source,  // as the input's: size, pixel aspect, format, colorimetry
  native,  // as the service made it, as far as downstream takes it
};

/// Where the sound of the output comes from.
enum class AudioMode { source, result };

/// What holds the style of later segments.
enum class AnchorMode {
  none,
  first,  // a still of the first regenerated segment
};

struct BinSettings : Settings {
  guint64 segment_duration = 8 * GST_SECOND;
  guint64 latency = 360 * GST_SECOND;
  LatePolicy late_policy = LatePolicy::source;
  DurationPolicy fit = DurationPolicy::retime;
  OutputMode output = OutputMode::source;
  std::string encoder;
  guint64 max_reference_bytes = 0;
  gboolean reference_audio = FALSE;
  AudioMode audio = AudioMode::source;
  gboolean cut_on_prompt = FALSE;
  guint64 overlap = 0;
  AnchorMode anchor = AnchorMode::none;
};

/// Installs them; their ids follow `first_id`. Returns the first id that is free again.
guint install_bin_properties(GObjectClass* klass, guint first_id);

/// False when `id` is none of them.
bool set_bin_property(BinSettings& settings, guint id, guint first_id, const GValue* value);
bool get_bin_property(const BinSettings& settings, guint id, guint first_id, GValue* value);

}  // namespace omni
