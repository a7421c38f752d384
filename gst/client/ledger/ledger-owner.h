// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The owner of running jobs: a file that its process keeps locked. When the process ends, for
// whatever reason, the lock is released and its jobs are orphans. It is a POSIX record lock,
// because a forked child must not keep it. Such a lock is lost when its process closes any
// descriptor of the file, so this code never opens the file of a living owner of the same process.
#pragma once

#include <sys/types.h>

#include <string>

namespace omni {

class LedgerOwner {
 public:
  /// Creates and locks a file in `folder`, which must exist. Throws Failure.
  explicit LedgerOwner(std::string folder);
  ~LedgerOwner();
  LedgerOwner(const LedgerOwner&) = delete;

  const std::string& name() const { return name_; }
  /// True if no process holds this lock any more. Then deletes the file.
  static bool is_gone(const std::string& folder, const std::string& name);
  /// Deletes the files of all owners that are gone.
  static void clean(const std::string& folder);

 private:
  std::string folder_;
  std::string name_;
  int file_ = -1;
  const pid_t process_;
};

}  // namespace omni
