// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Results on disk, each in a file that is named by its content. Which of them may go, and whose
// they are, is the ledger's business. Blocking.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/byte-rope.h"

namespace omni {

class KeptResults {
 public:
  explicit KeptResults(std::string folder) : folder_(std::move(folder)) {}

  /// Writes one down. Returns its name, its SHA-256. Throws Failure.
  std::string keep(const ByteRope& result) const;
  /// nullptr when it is gone, or is not what it was.
  std::shared_ptr<const ByteRope> load(const std::string& hash) const;
  void remove(const std::string& hash) const;
  /// Takes away what a process left that died while it wrote, or before it could say so: files of
  /// another day of which nobody knows.
  void clean(const std::function<bool(const std::string& hash)>& is_known) const;
  std::string path_of(const std::string& hash) const;

 private:
  const std::string folder_;
};

}  // namespace omni
