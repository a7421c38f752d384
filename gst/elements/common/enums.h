// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The enum types of properties. GST_TYPE_OMNI_PROVIDER lists the available dialects.
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
  buffer,  // every buffer is one complete MP4
};

/// Registers a public enum type. `values` ends with a zero row and must stay valid.
GType register_enum(const char* name, const GEnumValue* values);

/// One value for each dialect.
GType provider_type();
GType switch_type();
GType reference_transport_type();
GType oversize_type();
GType ledger_mode_type();
GType reuse_type();
GType v2v_on_failure_type();
GType video_src_on_failure_type();
GType v2v_input_mode_type();

/// Converts between the enum value and the dialect's name.
const char* provider_name(gint value);
gint provider_value(const std::string& name);

}  // namespace omni
