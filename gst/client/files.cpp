// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "service/error.h"

namespace omni {

namespace {

constexpr std::size_t kMaxTextBytes = 16 * 1024 * 1024;
constexpr std::size_t kMaxKeyBytes = 64 * 1024;

[[noreturn]] void refuse_file(const char* property, const std::string& path,
                              const std::string& why) {
  throw Failure(Reason::invalid_request, std::string(property) + ": \"" + path + "\" " + why + ".");
}

}  // namespace

std::string read_file(const std::string& path, const char* property, std::size_t most) {
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) refuse_file(property, path, std::string("cannot be read: ") + g_strerror(errno));
  struct stat status {};
  const bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  std::string text(regular ? std::min<std::size_t>(status.st_size, most + 1) : 0, '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    const ssize_t n = read(file, text.data() + got, text.size() - got);
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  close(file);
  if (!regular) refuse_file(property, path, "is not a regular file");
  if (got > most)
    refuse_file(property, path, "is larger than " + std::to_string(most / 1024) + " KiB");
  text.resize(got);
  return text;
}

std::string text_or_file(const std::string& value, const char* property) {
  if (value.empty() || value.front() != '@') return value;
  std::string text = read_file(value.substr(1), property, kMaxTextBytes);
  while (!text.empty() && g_ascii_isspace(text.back())) text.pop_back();
  return text;
}

std::string first_line(const std::string& path, const char* property) {
  std::string text = read_file(path, property, kMaxKeyBytes);
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  return text;
}

std::string state_folder(const std::string& state_dir) {
  return state_dir.empty() ? std::string(g_get_user_state_dir()) + "/gst-omni" : state_dir;
}

bool write_all(int file, GBytes* bytes) {
  gsize left = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &left));
  while (left > 0) {
    const ssize_t written = write(file, data, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    left -= static_cast<gsize>(written);
  }
  return true;
}

std::shared_ptr<const ByteRope> map_file(int file, std::string* why) {
  GError* raw = nullptr;
  GMappedFile* mapped = g_mapped_file_new_from_fd(file, FALSE, &raw);
  const ErrorPtr error(raw);
  if (!mapped && why) *why = error->message;
  if (!mapped) return nullptr;
  auto bytes = std::make_shared<ByteRope>();
  bytes->append(BytesPtr::adopt(g_mapped_file_get_bytes(mapped)));
  g_mapped_file_unref(mapped);
  return bytes;
}

std::string environment(const char* name) {
  const char* value = g_getenv(name);
  return value ? value : "";
}

}  // namespace omni
