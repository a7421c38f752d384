#include "client/result-sink.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "service/error.h"

namespace omni {

namespace {

[[noreturn]] void raise_errno(const std::string& what) {
  throw Failure(Reason::bad_result, what + ": " + g_strerror(errno));
}

int open_unnamed(const std::string& folder) {
  if (g_mkdir_with_parents(folder.c_str(), 0700) != 0)
    raise_errno("The folder \"" + folder + "\" (state-dir) cannot be made");
  std::string name = folder + "/result-XXXXXX";
  const int file = g_mkstemp_full(name.data(), O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) raise_errno("No file can be made in \"" + folder + "\" (state-dir)");
  g_unlink(name.c_str());
  return file;
}

}  // namespace

ResultSink::~ResultSink() {
  reset();
}

void ResultSink::reset() {
  memory_ = Bytes();
  if (file_ >= 0) close(file_);
  file_ = -1;
  size_ = 0;
}

void ResultSink::append(BytesPtr piece) {
  size_ += g_bytes_get_size(piece.get());
  if (size_ > kMost) throw Failure(Reason::bad_result, "The result is larger than 1 GiB.");
  if (file_ < 0 && size_ > kInMemory) spill();
  if (file_ < 0)
    memory_.append(std::move(piece));
  else
    write(piece.get());
}

void ResultSink::spill() {
  file_ = open_unnamed(folder_);
  for (const BytesPtr& piece : memory_.pieces()) write(piece.get());
  memory_ = Bytes();
}

void ResultSink::write(GBytes* piece) {
  gsize left = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(piece, &left));
  while (left > 0) {
    const ssize_t written = ::write(file_, data, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) raise_errno("The result cannot be kept in \"" + folder_ + "\" (state-dir)");
    data += written;
    left -= static_cast<gsize>(written);
  }
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

std::shared_ptr<const Bytes> ResultSink::finish() const {
  if (file_ < 0) return std::make_shared<Bytes>(memory_);
  GError* raw = nullptr;
  GMappedFile* mapped = g_mapped_file_new_from_fd(file_, FALSE, &raw);
  const ErrorPtr error(raw);
  if (!mapped)
    throw Failure(Reason::bad_result,
                  std::string("The result cannot be mapped: ") + error->message);
  auto bytes = std::make_shared<Bytes>();
  bytes->append(BytesPtr::adopt(g_mapped_file_get_bytes(mapped)));
  g_mapped_file_unref(mapped);
  return bytes;
}

}  // namespace omni
