// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Results on disk, each in a file named by its content. The ledger decides which of them may be
// deleted and which job they belong to. Blocking.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/byte-rope.h"

namespace omni {

class KeptResults {
 public:
  explicit KeptResults(std::string folder) : folder_(std::move(folder)) {}

  /// Writes a result. Returns its name, the SHA-256 of its content. Throws Failure.
  std::string keep(const ByteRope& result) const;
  /// nullptr if the file is missing or its content does not match.
  std::shared_ptr<const ByteRope> load(const std::string& hash) const;
  void remove(const std::string& hash) const;
  /// Deletes the files of processes that died while writing, or before they could record the file:
  /// those at least a day old that the ledger does not know.
  void clean(const std::function<bool(const std::string& hash)>& is_known) const;
  std::string path_of(const std::string& hash) const;

 private:
  const std::string folder_;
};

}  // namespace omni
