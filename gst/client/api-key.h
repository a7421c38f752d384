// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Where the key comes from.
#pragma once

#include <string>

#include "service/dialect.h"

namespace omni {

/// `given`, else the first line of `file`, else the environment: OMNI_API_KEY, then the provider's
/// own variable. Throws Failure(unauthorized) when there is none, or none that a header can carry.
std::string find_api_key(const Dialect& dialect, const std::string& given, const std::string& file);

}  // namespace omni
