#include "fetch.h"

#include <libsoup/soup.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "render.h"
#include "settings.h"

namespace emu {
namespace {

bool is_loopback(const char* url) {
  const omni::UriPtr uri(g_uri_parse(url, G_URI_FLAGS_NONE, nullptr));
  const char* host = uri ? g_uri_get_host(uri.get()) : nullptr;
  if (!host) return false;
  if (g_ascii_strcasecmp(host, "localhost") == 0) return true;
  GInetAddress* raw = g_inet_address_new_from_string(host);
  const auto address = omni::ObjectPtr<GInetAddress>::adopt(raw);
  return address && g_inet_address_get_is_loopback(address.get());
}

[[noreturn]] void fail(const std::string& why) {
  throw TaskFailure("invalid_video_url", "the reference video cannot be fetched: " + why);
}

}  // namespace

void fetch_reference(const std::string& url, const std::string& path, GCancellable* cancel) {
  if (!is_loopback(url.c_str())) fail("the emulator fetches from this computer only");
  const auto session = omni::ObjectPtr<SoupSession>::adopt(soup_session_new());
  soup_session_set_timeout(session.get(), 30);
  const auto message = omni::ObjectPtr<SoupMessage>::adopt(soup_message_new("GET", url.c_str()));
  if (!message) fail("not an address");
  // A redirect could lead to another computer.
  soup_message_add_flags(message.get(), SOUP_MESSAGE_NO_REDIRECT);
  GError* raw = nullptr;
  const auto stream = omni::ObjectPtr<GInputStream>::adopt(
      soup_session_send(session.get(), message.get(), cancel, &raw));
  omni::ErrorPtr error(raw);
  if (!stream) fail(error->message);
  const unsigned status = soup_message_get_status(message.get());
  if (status != SOUP_STATUS_OK) fail("status " + std::to_string(status));

  std::ofstream file(path, std::ios::binary);
  std::vector<char> piece(64 * 1024);
  std::uint64_t total = 0;
  for (;;) {
    raw = nullptr;
    const gssize got = g_input_stream_read(stream.get(), piece.data(), piece.size(), cancel, &raw);
    error.reset(raw);
    if (got < 0) fail(error->message);
    if (got == 0) break;
    total += static_cast<std::uint64_t>(got);
    if (total > kMaxReferenceBytes) fail("it is over 15 MiB");
    file.write(piece.data(), got);
  }
  if (!file.flush()) fail("cannot write it");
}

}  // namespace emu
