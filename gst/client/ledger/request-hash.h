// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The identity of a request, whatever addresses its references were published at.
#pragma once

#include <string>
#include <vector>

#include "client/publish.h"
#include "service/dialect.h"

namespace omni {

/// Covers the service, the body, and the other uploads. Excludes the reference, which has a hash of
/// its own, and URLs that are valid for one job only.
std::string request_hash(const Dialect& dialect, const CreateBody& body,
                         const std::vector<Upload>& uploads, const ByteRope* reference);

}  // namespace omni
