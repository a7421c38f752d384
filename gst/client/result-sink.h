// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Collects a result: in memory while it is small, then in an unlinked file, so that nothing remains
// on disk whatever happens.
#pragma once

#include <memory>
#include <string>

#include "service/byte-rope.h"
#include "service/glib-ptr.h"

namespace omni {

class ResultSink {
 public:
  static constexpr std::size_t kInMemory = 1024 * 1024;
  /// Limit for a service that never stops sending.
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 30;
  static constexpr char kTooLarge[] = "The result is larger than 1 GiB.";

  /// `folder` is created (0700) when the first file is needed.
  explicit ResultSink(std::string folder) : folder_(std::move(folder)) {}
  ~ResultSink();
  ResultSink(const ResultSink&) = delete;

  /// False, and nothing is kept of it, when the result gets larger than kMost. A folder that can't
  /// be written to is no reason to lose what is paid for: the result then stays in memory.
  bool append(BytesPtr piece);
  void reset();
  std::uint64_t size() const { return size_; }
  /// Why there is no file although one is needed; empty = no problem.
  const std::string& disk_problem() const { return disk_problem_; }
  /// The first bytes, to detect the format.
  std::string head(std::size_t most) const;
  /// The collected result; a file is mapped, not read.
  std::shared_ptr<const ByteRope> finish() const;

 private:
  bool spill();
  bool write(GBytes* piece);
  void back_to_memory();

  std::string folder_;
  ByteRope memory_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  std::string disk_problem_;
};

}  // namespace omni
