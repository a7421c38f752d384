// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What makes two requests the same, whatever addresses their references were published at.
#pragma once

#include <string>
#include <vector>

#include "client/publish.h"
#include "service/dialect.h"

namespace omni {

/// Over the service, the body, and what is published beside it. Not in it: the reference, which has
/// a hash of its own, and URLs that hold for one job only.
std::string request_hash(const Dialect& dialect, const CreateBody& body,
                         const std::vector<Upload>& uploads, const ByteRope* reference);

}  // namespace omni
