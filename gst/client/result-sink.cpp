// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/result-sink.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "client/files.h"
#include "service/error.h"

namespace omni {

namespace {

/// A file without a name; -1 and errno if it cannot be created.
int open_unnamed(const std::string& folder) {
  if (g_mkdir_with_parents(folder.c_str(), 0700) != 0) return -1;
  std::string name = folder + "/result-XXXXXX";
  const int file = g_mkstemp_full(name.data(), O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) g_unlink(name.c_str());
  return file;
}

}  // namespace

ResultSink::~ResultSink() {
  reset();
}

void ResultSink::reset() {
  memory_ = ByteRope();
  if (file_ >= 0) close(file_);
  file_ = -1;
  size_ = 0;
}

bool ResultSink::append(BytesPtr piece) {
  const std::uint64_t after = size_ + g_bytes_get_size(piece.get());
  if (after > kMost) return false;
  const bool wants_file = file_ < 0 && after > kInMemory && disk_problem_.empty();
  const bool on_disk = (wants_file ? spill() : file_ >= 0) && write(piece.get());
  if (!on_disk && file_ >= 0) back_to_memory();
  size_ = after;
  if (!on_disk) memory_.append(std::move(piece));
  return true;
}

bool ResultSink::spill() {
  file_ = open_unnamed(folder_);
  if (file_ < 0) {
    disk_problem_ = g_strerror(errno);
    return false;
  }
  for (const BytesPtr& piece : memory_.pieces()) {
    if (!write(piece.get())) return false;
  }
  memory_ = ByteRope();
  return true;
}

bool ResultSink::write(GBytes* piece) {
  if (write_all(file_, piece)) return true;
  disk_problem_ = g_strerror(errno);
  return false;
}

/// Reads the file's part of the first size_ bytes, unless they are still in memory.
void ResultSink::back_to_memory() {
  if (memory_.size() != size_) {
    memory_ = ByteRope();
    auto* copy = static_cast<char*>(g_malloc(size_));
    std::uint64_t got = 0;
    while (got < size_) {
      const ssize_t n = pread(file_, copy + got, size_ - got, static_cast<off_t>(got));
      if (n <= 0) break;
      got += static_cast<std::uint64_t>(n);
    }
    memory_.append(BytesPtr::adopt(g_bytes_new_take(copy, got)));
  }
  close(file_);
  file_ = -1;
}

std::string ResultSink::head(std::size_t most) const {
  std::string text(most, '\0');
  std::size_t got = 0;
  if (file_ < 0) {
    got = memory_.read(0, text.data(), most);
  } else {
    const ssize_t n = pread(file_, text.data(), most, 0);
    got = n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  text.resize(got);
  return text;
}

std::shared_ptr<const ByteRope> ResultSink::finish() const {
  if (file_ < 0) return std::make_shared<ByteRope>(memory_);
  std::string why;
  auto bytes = map_file(file_, &why);
  if (!bytes) throw Failure(Reason::bad_result, "The result cannot be mapped: " + why);
  return bytes;
}

}  // namespace omni
