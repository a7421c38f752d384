// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The properties that only omniv2vbin has, in addition to the shared ones.
#pragma once

#include "elements/common/settings.h"
#include "media/placement.h"

namespace omni {

/// Live: what replaces a segment whose result is not ready at its deadline.
enum class LatePolicy { source, hold, skip };

/// Format of the output video.
enum class OutputMode {
  source,  // as the input's: size, pixel aspect, format, colorimetry
  native,  // as in the results, as far as downstream accepts it
};

/// Source of the output's audio.
enum class AudioMode { source, result };

/// What keeps the style consistent across segments.
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

/// Installs them; ids start at `first_id`. Returns the first free id after them.
guint install_bin_properties(GObjectClass* klass, guint first_id);

/// False when `id` is not one of them.
bool set_bin_property(BinSettings& settings, guint id, guint first_id, const GValue* value);
bool get_bin_property(const BinSettings& settings, guint id, guint first_id, GValue* value);

}  // namespace omni
