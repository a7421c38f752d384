// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Where the API key comes from.
#pragma once

#include <string>

#include "service/dialect.h"

namespace omni {

/// Returns `given`, else the first line of `file`, else the environment: OMNI_API_KEY, then the
/// provider's own variable. Throws Failure(unauthorized) if there is no key, or if a header cannot
/// carry it.
std::string find_api_key(const Dialect& dialect, const std::string& given, const std::string& file);

}  // namespace omni
