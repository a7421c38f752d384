// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#pragma once

#include <memory>
#include <string>

#include "service/byte-rope.h"

namespace omni {

/// The content of a data: URI; nullptr if it is not one, or not base64.
std::shared_ptr<const ByteRope> decode_data_uri(const std::string& uri);

}  // namespace omni
