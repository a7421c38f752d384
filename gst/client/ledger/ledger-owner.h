// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Who runs a job: a file that its process keeps locked. When the process is gone, however it went,
// the lock is gone, and its jobs are orphans. A POSIX record lock, for a child that was forked must
// not keep it; such a lock goes when its process closes any descriptor of the file, so nobody here
// opens the file of a living owner of this process.
#pragma once

#include <sys/types.h>

#include <string>

namespace omni {

class LedgerOwner {
 public:
  /// Makes and locks a file of its own in `folder`, which exists. Throws Failure.
  explicit LedgerOwner(std::string folder);
  ~LedgerOwner();
  LedgerOwner(const LedgerOwner&) = delete;

  const std::string& name() const { return name_; }
  /// Does nobody hold this one any more? Takes its file away then.
  static bool is_gone(const std::string& folder, const std::string& name);
  /// Takes away the files of all that are gone.
  static void clean(const std::string& folder);

 private:
  std::string folder_;
  std::string name_;
  int file_ = -1;
  const pid_t process_;
};

}  // namespace omni
