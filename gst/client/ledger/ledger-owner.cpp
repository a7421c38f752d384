// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/ledger/ledger-owner.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>

#include "client/unique-id.h"
#include "service/error.h"
#include "service/glib-ptr.h"

namespace omni {

namespace {

constexpr char kSuffix[] = ".lock";

std::string path_of(const std::string& folder, const std::string& name) {
  return folder + "/" + name + kSuffix;
}

/// The owners of this process. A forked child also treats its parent's as alive, which is safe.
class Alive {
 public:
  void add(const std::string& name) {
    const std::lock_guard lock(lock_);
    names_.insert(name);
  }
  void remove(const std::string& name) {
    const std::lock_guard lock(lock_);
    names_.erase(name);
  }
  bool has(const std::string& name) const {
    const std::lock_guard lock(lock_);
    return names_.contains(name);
  }

 private:
  mutable std::mutex lock_;  // innermost
  std::set<std::string> names_;
};

Alive& alive() {
  static auto* const owners = new Alive;  // owners may outlive static objects
  return *owners;
}

bool lock_file(int file) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return fcntl(file, F_SETLK, &whole) == 0;
}

/// Another process may have deleted the file as an orphan between its creation and its locking.
bool is_still_there(int file, const std::string& path) {
  struct stat ours {};
  struct stat theirs {};
  return fstat(file, &ours) == 0 && stat(path.c_str(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

}  // namespace

LedgerOwner::LedgerOwner(std::string folder) : folder_(std::move(folder)), process_(getpid()) {
  for (int tries = 0; tries < 100; ++tries) {
    name_ = unique_id();
    const std::string path = path_of(folder_, name_);
    alive().add(name_);
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    const int problem = errno;
    if (file_ >= 0 && lock_file(file_) && is_still_there(file_, path)) return;
    alive().remove(name_);
    if (file_ < 0)
      throw Failure(Reason::budget,
                    "no file can be created in " + folder_ + ": " + g_strerror(problem));
    close(file_);
  }
  throw Failure(Reason::budget, "no file in " + folder_ + " can be locked");
}

LedgerOwner::~LedgerOwner() {
  if (getpid() == process_) unlink(path_of(folder_, name_).c_str());
  close(file_);
  alive().remove(name_);
}

bool LedgerOwner::is_gone(const std::string& folder, const std::string& name) {
  if (alive().has(name)) return false;
  const std::string path = path_of(folder, name);
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return errno == ENOENT;
  const bool gone = lock_file(file);
  if (gone) unlink(path.c_str());
  close(file);
  return gone;
}

void LedgerOwner::clean(const std::string& folder) {
  const std::unique_ptr<GDir, FreeWith<&g_dir_close>> files(g_dir_open(folder.c_str(), 0, nullptr));
  while (const char* file = files ? g_dir_read_name(files.get()) : nullptr) {
    const std::string_view name = file;
    if (name.ends_with(kSuffix))
      is_gone(folder, std::string(name.substr(0, name.size() - strlen(kSuffix))));
  }
}

}  // namespace omni
