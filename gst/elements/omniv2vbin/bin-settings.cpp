// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/bin-settings.h"

#include "elements/common/enums.h"

namespace omni {

namespace {

constexpr GParamFlags kPlaying = static_cast<GParamFlags>(
    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
constexpr GParamFlags kReady =
    static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

enum {
  SEGMENT_DURATION,
  LATENCY,
  LATE_POLICY,
  FIT,
  OUTPUT,
  ENCODER,
  MAX_REFERENCE_BYTES,
  REFERENCE_AUDIO,
  AUDIO,
  CUT_ON_PROMPT,
  OVERLAP,
  ANCHOR,
  COUNT,
};

template <class Enum>
GParamSpec* enum_spec(const char* name, const char* nick, const char* blurb, GType type,
                      Enum otherwise, GParamFlags flags) {
  return g_param_spec_enum(name, nick, blurb, type, static_cast<gint>(otherwise), flags);
}

}  // namespace

guint install_bin_properties(GObjectClass* klass, guint first_id) {
  const BinSettings defaults;
  const auto install = [&](guint id, GParamSpec* spec) {
    g_object_class_install_property(klass, first_id + id, spec);
  };
  install(SEGMENT_DURATION,
          g_param_spec_uint64("segment-duration", "Segment duration",
                              "How long the pieces are into which the stream is cut, in ns; the "
                              "nearest length that the model takes is used",
                              GST_MSECOND, G_MAXINT64, defaults.segment_duration, kReady));
  install(LATENCY,
          g_param_spec_uint64("latency", "Latency",
                              "Live: how long the service may take for a segment, in ns. The "
                              "element delays the stream by this, a segment and upstream's latency",
                              0, G_MAXINT64, defaults.latency, kPlaying));
  install(LATE_POLICY, enum_spec("late-policy", "Late policy",
                                 "Live: what is shown instead of a segment that is not there in "
                                 "time",
                                 GST_TYPE_OMNI_LATE_POLICY, defaults.late_policy, kPlaying));
  install(FIT, enum_spec("fit", "Fit",
                         "What is done with a result that is longer or shorter than its segment",
                         GST_TYPE_OMNI_FIT, defaults.fit, kPlaying));
  install(OUTPUT, enum_spec("output", "Output",
                            "What the output's picture is like; its frames and their times are "
                            "always those of the input",
                            GST_TYPE_OMNI_OUTPUT, defaults.output, kReady));
  install(ENCODER, g_param_spec_string("encoder", "Encoder",
                                       "Factory name of the H.264 encoder for references (unset: "
                                       "x264enc, else openh264enc, else by rank)",
                                       nullptr, kReady));
  install(MAX_REFERENCE_BYTES,
          g_param_spec_uint64("max-reference-bytes", "Max reference bytes",
                              "No reference is larger than this, in bytes (0 = what the service "
                              "takes; 15000000 where that is not known)",
                              0, G_MAXINT64, defaults.max_reference_bytes, kReady));
  install(REFERENCE_AUDIO, g_param_spec_boolean("reference-audio", "Reference audio",
                                                "Whether references carry the sound of the first "
                                                "audio pad (raw or AAC)",
                                                defaults.reference_audio, kReady));
  install(AUDIO, enum_spec("audio", "Audio", "Where the output's sound comes from",
                           GST_TYPE_OMNI_AUDIO, defaults.audio, kReady));
  install(CUT_ON_PROMPT, g_param_spec_boolean("cut-on-prompt", "Cut on prompt",
                                              "Whether a prompt that changes at a time cuts there, "
                                              "as soon as the segment has a length that the model "
                                              "takes",
                                              defaults.cut_on_prompt, kPlaying));
  install(OVERLAP,
          g_param_spec_uint64("overlap", "Overlap",
                              "How much of the stream each segment shares with the next one, in "
                              "ns: there one result fades into the other. References stay as long "
                              "as segment-duration says, and there are more of them: with 1 s of 8 "
                              "s, 8 are paid for 7. At most half a segment",
                              0, G_MAXINT64, defaults.overlap, kReady));
  install(ANCHOR, enum_spec("anchor", "Anchor",
                            "What holds the style of later segments. With first, one job runs "
                            "alone at the beginning (not live), and later ones have one image more",
                            GST_TYPE_OMNI_ANCHOR, defaults.anchor, kReady));
  return first_id + COUNT;
}

bool set_bin_property(BinSettings& settings, guint id, guint first_id, const GValue* value) {
  if (id < first_id) return false;
  switch (id - first_id) {
    case SEGMENT_DURATION:
      settings.segment_duration = g_value_get_uint64(value);
      return true;
    case LATENCY:
      settings.latency = g_value_get_uint64(value);
      return true;
    case LATE_POLICY:
      settings.late_policy = static_cast<LatePolicy>(g_value_get_enum(value));
      return true;
    case FIT:
      settings.fit = static_cast<DurationPolicy>(g_value_get_enum(value));
      return true;
    case OUTPUT:
      settings.output = static_cast<OutputMode>(g_value_get_enum(value));
      return true;
    case ENCODER: {
      const char* name = g_value_get_string(value);
      settings.encoder = name ? name : "";
      return true;
    }
    case MAX_REFERENCE_BYTES:
      settings.max_reference_bytes = g_value_get_uint64(value);
      return true;
    case REFERENCE_AUDIO:
      settings.reference_audio = g_value_get_boolean(value);
      return true;
    case AUDIO:
      settings.audio = static_cast<AudioMode>(g_value_get_enum(value));
      return true;
    case CUT_ON_PROMPT:
      settings.cut_on_prompt = g_value_get_boolean(value);
      return true;
    case OVERLAP:
      settings.overlap = g_value_get_uint64(value);
      return true;
    case ANCHOR:
      settings.anchor = static_cast<AnchorMode>(g_value_get_enum(value));
      return true;
    default:
      return false;
  }
}

bool get_bin_property(const BinSettings& settings, guint id, guint first_id, GValue* value) {
  if (id < first_id) return false;
  switch (id - first_id) {
    case SEGMENT_DURATION:
      g_value_set_uint64(value, settings.segment_duration);
      return true;
    case LATENCY:
      g_value_set_uint64(value, settings.latency);
      return true;
    case LATE_POLICY:
      g_value_set_enum(value, static_cast<gint>(settings.late_policy));
      return true;
    case FIT:
      g_value_set_enum(value, static_cast<gint>(settings.fit));
      return true;
    case OUTPUT:
      g_value_set_enum(value, static_cast<gint>(settings.output));
      return true;
    case ENCODER:
      g_value_set_string(value, settings.encoder.empty() ? nullptr : settings.encoder.c_str());
      return true;
    case MAX_REFERENCE_BYTES:
      g_value_set_uint64(value, settings.max_reference_bytes);
      return true;
    case REFERENCE_AUDIO:
      g_value_set_boolean(value, settings.reference_audio);
      return true;
    case AUDIO:
      g_value_set_enum(value, static_cast<gint>(settings.audio));
      return true;
    case CUT_ON_PROMPT:
      g_value_set_boolean(value, settings.cut_on_prompt);
      return true;
    case OVERLAP:
      g_value_set_uint64(value, settings.overlap);
      return true;
    case ANCHOR:
      g_value_set_enum(value, static_cast<gint>(settings.anchor));
      return true;
    default:
      return false;
  }
}

}  // namespace omni
