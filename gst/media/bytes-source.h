// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// An appsrc that reads from a rope, wherever a demuxer wants to read.
#pragma once

#include <gst/gst.h>

#include <memory>

#include "media/gst-ptr.h"
#include "service/bytes.h"

namespace omni {

/// The source keeps the bytes for as long as it lives. Throws Failure (invalid_request) when there
/// is no appsrc.
ElementPtr make_bytes_source(std::shared_ptr<const Bytes> bytes);

/// What an element posted as an error, for a user: its text, and what stands behind it.
std::string error_text(GstMessage* message);

}  // namespace omni
