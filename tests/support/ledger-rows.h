// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What stands in a ledger on disk.
#pragma once

#include <string>
#include <vector>

#include "client/ledger/ledger-store.h"

namespace omni::test {

/// The rows of the ledger in a state folder, oldest first.
inline std::vector<LedgerRow> rows_in(const std::string& folder) {
  LedgerStore store(folder);
  std::vector<LedgerRow> rows;
  store.transaction([&] { rows = store.rows(); });
  return rows;
}

}  // namespace omni::test
