#include "links.h"

#include <glib.h>
#include <sys/random.h>

#include <charconv>
#include <stdexcept>

#include "service/glib-ptr.h"

namespace emu {

std::string random_hex(unsigned bytes) {
  std::string raw(bytes, '\0');
  if (getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size())) {
    throw std::runtime_error("the system gives no random numbers");
  }
  std::string hex;
  for (const unsigned char byte : raw) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

std::int64_t now_ms() {
  return g_get_real_time() / 1000;
}

std::string Links::sign(std::string_view token, std::string_view expires) const {
  const std::string text = std::string(token) + "\n" + std::string(expires);
  omni::CharPtr hmac(
      g_compute_hmac_for_string(G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(secret_.data()),
                                secret_.size(), text.data(), static_cast<gssize>(text.size())));
  return hmac.get();
}

std::string Links::path_and_query(const std::string& token, std::int64_t expires_ms) const {
  const std::string expires = std::to_string(expires_ms);
  return "/results/" + token + ".mp4?expires=" + expires + "&sig=" + sign(token, expires);
}

Links::Verdict Links::check(std::string_view token, const char* query) const {
  std::string expires, signature;
  GUriParamsIter iter;
  g_uri_params_iter_init(&iter, query ? query : "", -1, "&", G_URI_PARAMS_NONE);
  char *name = nullptr, *value = nullptr;
  while (g_uri_params_iter_next(&iter, &name, &value, nullptr)) {
    const omni::CharPtr own_name(name), own_value(value);
    if (std::string_view(name) == "expires") expires = value;
    if (std::string_view(name) == "sig") signature = value;
  }
  if (signature != sign(token, expires)) return Verdict::forged;
  std::int64_t at = 0;
  std::from_chars(expires.data(), expires.data() + expires.size(), at);
  return now_ms() > at ? Verdict::expired : Verdict::good;
}

}  // namespace emu
