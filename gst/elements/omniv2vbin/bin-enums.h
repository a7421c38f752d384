// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The enum types of omniv2vbin's own properties.
#pragma once

#include <glib-object.h>

#define GST_TYPE_OMNI_V2V_BIN_ON_FAILURE (omni::v2v_bin_on_failure_type())

namespace omni {

GType v2v_bin_on_failure_type();
GType late_policy_type();
GType fit_type();
GType output_type();
GType audio_type();
GType anchor_type();

}  // namespace omni
