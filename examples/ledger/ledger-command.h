// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The common part of omni-ledger's commands. The commands are in main.cpp; the output of rows is in
// show.cpp; fetching an undelivered result is in fetch.cpp.
#pragma once

#include <string>
#include <vector>

#include "client/ledger/ledger-store.h"

namespace omni::ledger {

/// Ends the program with exit status 1 and this text.
struct Problem : std::exception {
  explicit Problem(std::string text) : text(std::move(text)) {}
  const char* what() const noexcept override { return text.c_str(); }
  std::string text;
};

// On stdout, as tables or (json) as one JSON document:
void show_list(const std::vector<LedgerRow>& rows, bool json);
void show_row(const LedgerRow& row, bool json);
struct NamedSums {
  const char* by;
  std::vector<LedgerSum> sums;
};
void show_sums(const std::vector<NamedSums>& tables, bool json);

struct FetchOptions {
  std::string state_dir;
  std::string out;  // file; "-" = stdout
  std::string api_key_file;
  std::string ssl_ca_file;
};

/// Writes the undelivered result of a job to a file, and marks it as delivered. Throws Problem or
/// Failure.
void fetch_result(const LedgerRow& row, const FetchOptions& options);

}  // namespace omni::ledger
