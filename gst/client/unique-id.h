// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Names that no other process uses: for jobs, owners in the ledger, and unfinished files.
#pragma once

#include <string>

namespace omni {

/// A random UUID from the kernel. g_uuid_string_random() draws from the state of the process, so
/// two processes forked from one parent would use the same id for different jobs.
std::string unique_id();

}  // namespace omni
