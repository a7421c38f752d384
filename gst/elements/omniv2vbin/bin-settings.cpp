// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/omniv2vbin/bin-settings.h"

#include "elements/common/property-table.h"
#include "elements/omniv2vbin/bin-enums.h"

namespace omni {

namespace {

using Row = Property<BinSettings>;

constexpr GParamFlags kPlaying = kMutablePlaying;
constexpr GParamFlags kReady = kMutableReady;

template <auto Member>
constexpr Row::EnumField enum_field(GType (*type)()) {
  return Row::enum_field<Member>(type);
}

const PropertyTable kProperties(std::to_array<Row>({
    {"segment-duration", &BinSettings::segment_duration, kReady, "Segment duration",
     "Length of the segments in ns; the nearest length that the model takes is used", GST_MSECOND},
    {"latency", &BinSettings::latency, kPlaying, "Latency",
     "Live: time allowed for the service per segment in ns. The latency of the element is this, "
     "plus a segment, plus the latency of upstream"},
    {"late-policy", enum_field<&BinSettings::late_policy>(&late_policy_type), kPlaying,
     "Late policy", "Live: what replaces a segment whose result is not there in time"},
    {"fit", enum_field<&BinSettings::fit>(&fit_type), kPlaying, "Fit",
     "What to do with a result that is shorter or longer than its segment"},
    {"output", enum_field<&BinSettings::output>(&output_type), kReady, "Output",
     "Size and format of the output; its frames and timestamps are always those of the input"},
    {"encoder", &BinSettings::encoder, kReady, "Encoder",
     "Factory name of the H.264 encoder for references (unset: x264enc, else openh264enc, else by "
     "rank)"},
    {"max-reference-bytes", &BinSettings::max_reference_bytes, kReady, "Max reference bytes",
     "Maximum size of a reference in bytes (0 = the limit of the service; 15000000 if that is "
     "unknown)"},
    {"reference-audio", &BinSettings::reference_audio, kReady, "Reference audio",
     "Whether references carry the audio of the first audio pad (raw or AAC)"},
    {"audio", enum_field<&BinSettings::audio>(&audio_type), kReady, "Audio",
     "Where the audio of the output comes from"},
    {"cut-on-prompt", &BinSettings::cut_on_prompt, kPlaying, "Cut on prompt",
     "Whether a prompt change begins a new segment, as soon as the current one has a length that "
     "the model takes"},
    {"overlap", &BinSettings::overlap, kReady, "Overlap",
     "How much each segment shares with the next one in ns, at most half a segment. One result "
     "fades into the other there. References keep the length of segment-duration, so there are "
     "more of them: with 1 s of 8 s, 8 are paid for every 7"},
    {"anchor", enum_field<&BinSettings::anchor>(&anchor_type), kReady, "Anchor",
     "Reference image that keeps the style consistent across segments. first: a still of the first "
     "result is sent with every later job. If the stream is not live, the first job runs alone "
     "until its result is there"},
}));

}  // namespace

guint install_bin_properties(GObjectClass* klass, guint first_id) {
  return kProperties.install(klass, first_id);
}

bool set_bin_property(BinSettings& settings, guint id, guint first_id, const GValue* value) {
  return kProperties.set(settings, id, first_id, value);
}

bool get_bin_property(const BinSettings& settings, guint id, guint first_id, GValue* value) {
  return kProperties.get(settings, id, first_id, value);
}

}  // namespace omni
