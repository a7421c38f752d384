// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/bin-enums.h"

#include "elements/common/enums.h"
#include "elements/omniv2vbin/bin-settings.h"

namespace omni {

namespace {

const GEnumValue kV2vBinOnFailure[] = {
    {static_cast<gint>(OnFailure::automatic), "source in a live stream, else error", "auto"},
    {static_cast<gint>(OnFailure::error), "the element fails with the job's error", "error"},
    {static_cast<gint>(OnFailure::source), "the original is shown, with a warning", "source"},
    {static_cast<gint>(OnFailure::hold), "the last frame is repeated, with a warning", "hold"},
    {static_cast<gint>(OnFailure::skip), "nothing is shown (a GAP event), with a warning", "skip"},
    {0, nullptr, nullptr},
};

const GEnumValue kLatePolicy[] = {
    {static_cast<gint>(LatePolicy::source), "the original is shown", "source"},
    {static_cast<gint>(LatePolicy::hold), "the last frame is repeated", "hold"},
    {static_cast<gint>(LatePolicy::skip), "nothing is shown (a GAP event)", "skip"},
    {0, nullptr, nullptr},
};

const GEnumValue kFit[] = {
    {static_cast<gint>(DurationPolicy::retime),
     "the result is played slower or faster, to last as long as the segment", "retime"},
    {static_cast<gint>(DurationPolicy::trim),
     "a longer result is cut at its end, a shorter result is retimed", "trim"},
    {static_cast<gint>(DurationPolicy::hold),
     "the last frame of a shorter result is repeated, a longer result is retimed", "hold"},
    {0, nullptr, nullptr},
};

const GEnumValue kOutput[] = {
    {static_cast<gint>(OutputMode::source),
     "size, pixel aspect ratio, format and colorimetry of the input", "source"},
    {static_cast<gint>(OutputMode::native),
     "size and format of the results, as far as downstream takes them", "native"},
    {0, nullptr, nullptr},
};

const GEnumValue kAudio[] = {
    {static_cast<gint>(AudioMode::source), "audio of the input, unchanged", "source"},
    {static_cast<gint>(AudioMode::result), "audio of the results, time-aligned", "result"},
    {0, nullptr, nullptr},
};

const GEnumValue kAnchor[] = {
    {static_cast<gint>(AnchorMode::none), "segments are independent", "none"},
    {static_cast<gint>(AnchorMode::first),
     "a still of the first result is sent as a reference image with every later job", "first"},
    {0, nullptr, nullptr},
};

}  // namespace

GType v2v_bin_on_failure_type() {
  static const GType type = register_enum("GstOmniV2vBinOnFailure", kV2vBinOnFailure);
  return type;
}

GType late_policy_type() {
  static const GType type = register_enum("GstOmniV2vBinLatePolicy", kLatePolicy);
  return type;
}

GType fit_type() {
  static const GType type = register_enum("GstOmniV2vBinFit", kFit);
  return type;
}

GType output_type() {
  static const GType type = register_enum("GstOmniV2vBinOutput", kOutput);
  return type;
}

GType audio_type() {
  static const GType type = register_enum("GstOmniV2vBinAudio", kAudio);
  return type;
}

GType anchor_type() {
  static const GType type = register_enum("GstOmniV2vBinAnchor", kAnchor);
  return type;
}

}  // namespace omni
