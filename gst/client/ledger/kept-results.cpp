// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/ledger/kept-results.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "client/files.h"
#include "client/sha256.h"
#include "client/unique-id.h"
#include "service/error.h"

namespace omni {

namespace {

constexpr char kUnfinished[] = ".part";
constexpr char kFinished[] = ".mp4";
constexpr std::int64_t kLeftAfter = 24 * 3600;  // no process takes a day to write one result

bool write_pieces(int file, const ByteRope& bytes) {
  for (const BytesPtr& piece : bytes.pieces())
    if (!write_all(file, piece.get())) return false;
  return true;
}

using DirPtr = std::unique_ptr<GDir, FreeWith<&g_dir_close>>;

}  // namespace

std::string KeptResults::path_of(const std::string& hash) const {
  return folder_ + "/" + hash + kFinished;
}

std::string KeptResults::keep(const ByteRope& result) const {
  const std::string hash = sha256_hex(result);
  const std::string unfinished = folder_ + "/" + unique_id() + kUnfinished;
  const int file =
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  // No fsync: the hash detects a file damaged by a power cut, and the result is then fetched again.
  bool good = file >= 0 && write_pieces(file, result);
  int problem = errno;
  if (file >= 0 && close(file) != 0) good = false, problem = errno;
  if (good && rename(unfinished.c_str(), path_of(hash).c_str()) != 0) good = false, problem = errno;
  if (good) return hash;
  if (file >= 0) unlink(unfinished.c_str());
  throw Failure(Reason::service_error, "A result cannot be kept in " + folder_ + ": " +
                                           g_strerror(problem) +
                                           ". Set state-size=0 to keep none.");
}

std::shared_ptr<const ByteRope> KeptResults::load(const std::string& hash) const {
  const int file = open(path_of(hash).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return nullptr;
  const auto bytes = map_file(file, nullptr);
  close(file);
  if (!bytes || bytes->empty() || sha256_hex(*bytes) != hash) return nullptr;
  return bytes;
}

void KeptResults::remove(const std::string& hash) const {
  unlink(path_of(hash).c_str());
}

void KeptResults::clean(const std::function<bool(const std::string& hash)>& is_known) const {
  const DirPtr folder(g_dir_open(folder_.c_str(), 0, nullptr));
  const std::int64_t now = g_get_real_time() / G_USEC_PER_SEC;
  while (const char* name = folder ? g_dir_read_name(folder.get()) : nullptr) {
    const std::string path = folder_ + "/" + name;
    struct stat status {};
    if (stat(path.c_str(), &status) != 0 || status.st_mtime >= now - kLeftAfter) continue;
    const std::string_view file = name;
    const bool unknown = file.ends_with(kFinished) &&
                         !is_known(std::string(file.substr(0, file.size() - strlen(kFinished))));
    if (unknown || file.ends_with(kUnfinished)) unlink(path.c_str());
  }
}

}  // namespace omni
