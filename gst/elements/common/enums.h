// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The enum types that properties show. GST_TYPE_OMNI_PROVIDER lists the dialects that exist.
#pragma once

#include <gst/gst.h>

#include <string>

#define GST_TYPE_OMNI_PROVIDER (omni::provider_type())
#define GST_TYPE_OMNI_V2V_ON_FAILURE (omni::v2v_on_failure_type())
#define GST_TYPE_OMNI_VIDEO_SRC_ON_FAILURE (omni::video_src_on_failure_type())
#define GST_TYPE_OMNI_V2V_INPUT_MODE (omni::v2v_input_mode_type())

namespace omni {

enum class InputMode {
  stream,  // everything up to EOS is one MP4
  buffer,  // every buffer is one whole MP4
};

/// An enum of the plugin's API. `values` end with a row of nothing, and stay.
GType register_enum(const char* name, const GEnumValue* values);

/// One value for each dialect there is.
GType provider_type();
GType switch_type();
GType reference_transport_type();
GType oversize_type();
GType ledger_mode_type();
GType reuse_type();
GType v2v_on_failure_type();
GType video_src_on_failure_type();
GType v2v_input_mode_type();

/// Between the value of the enum and the dialect's name.
const char* provider_name(gint value);
gint provider_value(const std::string& name);

}  // namespace omni
