#include "elements/plan.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "client/url.h"
#include "media/mp4.h"

namespace omni {

namespace {

constexpr unsigned kAutomaticInFlight = 8;
constexpr gsize kMaxImageBytes = 20 * 1024 * 1024;
constexpr gsize kMaxTextBytes = 16 * 1024 * 1024;
constexpr gsize kMaxKeyBytes = 64 * 1024;

const Dialect& dialect_of(const Settings& settings) {
  return *find_dialect(settings.provider);
}

[[noreturn]] void refuse_file(const char* property, const std::string& path,
                              const std::string& why) {
  throw Failure(Reason::invalid_request, std::string(property) + ": \"" + path + "\" " + why + ".");
}

/// A whole regular file of at most `most` bytes. Anything else could block for good, or never end.
std::string read_file(const std::string& path, const char* property, gsize most) {
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) refuse_file(property, path, std::string("cannot be read: ") + g_strerror(errno));
  struct stat status {};
  const bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  std::string text(regular ? std::min<gsize>(status.st_size, most + 1) : 0, '\0');
  gsize got = 0;
  while (got < text.size()) {
    const ssize_t n = read(file, text.data() + got, text.size() - got);
    if (n <= 0) break;
    got += static_cast<gsize>(n);
  }
  close(file);
  if (!regular) refuse_file(property, path, "is no regular file");
  if (got > most)
    refuse_file(property, path, "is larger than " + std::to_string(most / 1024) + " KiB");
  text.resize(got);
  return text;
}

/// A property's text, or that of the file which @FILE names.
std::string text_or_file(const std::string& value, const char* property) {
  if (value.empty() || value.front() != '@') return value;
  std::string text = read_file(value.substr(1), property, kMaxTextBytes);
  while (!text.empty() && g_ascii_isspace(text.back())) text.pop_back();
  return text;
}

const char* image_type(std::string_view data) {
  using namespace std::string_view_literals;
  if (data.starts_with("\x89PNG\r\n")) return "image/png";
  if (data.starts_with("\xff\xd8\xff")) return "image/jpeg";
  if (data.starts_with("GIF8")) return "image/gif";
  if (data.starts_with("RIFF") && data.substr(8, 4) == "WEBP"sv) return "image/webp";
  return nullptr;
}

/// URLs and data URIs pass; a local file becomes a data URI.
std::string image_reference(const std::string& image, const char* property) {
  if (image.empty() || image.starts_with("http://") || image.starts_with("https://") ||
      image.starts_with("data:"))
    return image;
  std::string path = image;
  if (image.starts_with("file://")) {
    const CharPtr local(g_filename_from_uri(image.c_str(), nullptr, nullptr));
    if (local) path = local.get();
  }
  const std::string data = read_file(path, property, kMaxImageBytes);
  const char* type = image_type(data);
  if (!type)
    throw Failure(Reason::invalid_request,
                  std::string(property) + ": \"" + path + "\" is no PNG, JPEG, WebP or GIF image.");
  const CharPtr base64(g_base64_encode(reinterpret_cast<const guchar*>(data.data()), data.size()));
  return std::string("data:") + type + ";base64," + base64.get();
}

Request request_of(const Settings& settings) {
  Request request;
  request.model = settings.model;
  request.prompt = text_or_file(settings.prompt, "prompt");
  request.seconds = settings.seconds;
  request.aspect_ratio = settings.aspect_ratio.empty() ? "auto" : settings.aspect_ratio;
  request.resolution = settings.resolution.empty() ? "auto" : settings.resolution;
  for (const std::string& image : settings.images)
    request.images.push_back(image_reference(image, "images"));
  request.first_image = image_reference(settings.first_image, "first-image");
  request.last_image = image_reference(settings.last_image, "last-image");
  request.parameters = text_or_file(settings.parameters, "parameters");
  return request;
}

/// What the service gets must be a whole MP4 with a picture.
ReferenceInfo look_into(const Bytes& reference) {
  if (reference.empty())
    throw Failure(Reason::bad_input,
                  "The input ended before any data came: there is nothing to "
                  "regenerate.");
  const auto probed = mp4::probe(reference);
  if (const auto* problem = std::get_if<mp4::Problem>(&probed))
    throw Failure(Reason::bad_input,
                  "The input cannot be sent as a reference: " + problem->text + ".");
  const auto& info = std::get<mp4::Info>(probed);
  const mp4::Track* video = info.video();
  return {reference.size(), info.duration_ns, video->width, video->height};
}

std::optional<std::string> check_result(const Bytes& result) {
  const auto probed = mp4::probe(result);
  const auto* problem = std::get_if<mp4::Problem>(&probed);
  if (!problem) return std::nullopt;
  return "The result that the service sent is not usable: " + problem->text + ".";
}

std::string state_folder(const Settings& settings) {
  if (!settings.state_dir.empty()) return settings.state_dir;
  return std::string(g_get_user_state_dir()) + "/gst-omni";
}

std::string environment(const char* name) {
  const char* value = g_getenv(name);
  return value ? value : "";
}

std::string first_line(const std::string& path) {
  std::string text = read_file(path, "api-key-file", kMaxKeyBytes);
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  return text;
}

/// Visible ASCII and blanks (RFC 9110, 5.5): a line break would start another header.
bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return g_ascii_isalnum(c) || std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
  });
}

/// These are the client's own business; another value would break or misdirect a paid request.
bool is_reserved_header(const std::string& name) {
  for (const char* reserved :
       {"Authorization", "Connection", "Content-Length", "Content-Type", "Expect", "Host",
        "Idempotency-Key", "If-Range", "Range", "Transfer-Encoding"}) {
    if (g_ascii_strcasecmp(name.c_str(), reserved) == 0) return true;
  }
  return false;
}

void check_headers(const Settings& settings) {
  if (!is_header_value(settings.user_agent))
    throw Failure(Reason::invalid_request,
                  "user-agent holds characters that a header cannot have.");
  for (const auto& [name, value] : settings.extra_headers) {
    if (!is_header_name(name) || !is_header_value(value))
      throw Failure(Reason::invalid_request,
                    "extra-headers: a name or value holds characters that a header cannot have.");
    if (is_reserved_header(name))
      throw Failure(Reason::invalid_request,
                    "extra-headers: " + name + " is set by the element itself.");
  }
}

void check_proxy(const std::string& proxy) {
  if (proxy.empty()) return;
  const CharPtr scheme(g_uri_parse_scheme(proxy.c_str()));
  for (const char* known : {"http", "https", "socks", "socks4", "socks4a", "socks5"}) {
    if (scheme && g_str_equal(scheme.get(), known) &&
        g_uri_is_valid(proxy.c_str(), G_URI_FLAGS_NON_DNS, nullptr))
      return;
  }
  throw Failure(Reason::invalid_request,
                "proxy is not a proxy's URL: write http://HOST:PORT or socks5://HOST:PORT.");
}

std::string api_key(const Settings& settings) {
  const Dialect& dialect = dialect_of(settings);
  std::string key = settings.api_key;
  if (key.empty() && !settings.api_key_file.empty()) key = first_line(settings.api_key_file);
  if (key.empty()) key = environment("OMNI_API_KEY");
  if (key.empty()) key = environment(dialect.key_variable());
  if (key.empty())
    throw Failure(Reason::unauthorized, std::string("There is no API key for ") + dialect.title() +
                                            ": set the environment variable OMNI_API_KEY or " +
                                            dialect.key_variable() +
                                            ", or the property api-key-file or api-key.");
  // A stray line break would break the header, and must not be quoted back.
  for (const char c : key) {
    if (g_ascii_iscntrl(c) || static_cast<unsigned char>(c) > 126)
      throw Failure(Reason::unauthorized,
                    "The API key holds characters that no key has, such as a "
                    "line break. Was it pasted whole?");
  }
  return key;
}

std::string base_url(const Settings& settings) {
  std::string url = settings.base_url.empty() ? environment("OMNI_BASE_URL") : settings.base_url;
  if (url.empty()) return dialect_of(settings).default_base_url();
  while (!url.empty() && g_ascii_isspace(url.back())) url.pop_back();
  return url;
}

}  // namespace

void check_reference_size(const Settings& settings, std::uint64_t bytes) {
  // They may name another reference, which then is the one that counts.
  if (!settings.parameters.empty()) return;
  const std::uint64_t most = dialect_of(settings).max_reference_bytes();
  if (bytes <= most) return;
  throw Failure(Reason::too_large,
                std::string("The reference is larger than the ") +
                    std::to_string(most / (1024 * 1024)) + " MiB that " +
                    dialect_of(settings).title() +
                    " takes. Cut it shorter, or encode it at a lower bitrate or size.");
}

Plan plan_job(const Settings& settings, std::shared_ptr<const Bytes> reference) {
  const Dialect& dialect = dialect_of(settings);
  const ReferenceInfo info = look_into(*reference);
  Plan plan;
  plan.fitted = dialect.fit(request_of(settings), info);
  plan.duration_ns = info.duration_ns;
  plan.spec.reference = std::move(reference);
  plan.spec.seconds = plan.fitted.seconds;
  plan.spec.body = dialect.create_body(plan.fitted);
  plan.spec.job_timeout = static_cast<Micros>(settings.job_timeout / 1000);
  plan.spec.poll_interval = static_cast<Micros>(settings.poll_interval / 1000);
  plan.spec.max_attempts = static_cast<int>(settings.retry_attempts);
  plan.spec.download_folder = state_folder(settings);
  plan.spec.check_result = check_result;
  return plan;
}

unsigned jobs_at_once(const Settings& settings) {
  return settings.max_in_flight ? settings.max_in_flight : kAutomaticInFlight;
}

ClientSettings client_settings(const Settings& settings, LogSink log) {
  check_headers(settings);
  check_proxy(settings.proxy);
  ClientSettings client;
  client.dialect = &dialect_of(settings);
  client.http.base_url = base_url(settings);
  client.http.api_key = api_key(settings);
  client.http.user_agent = settings.user_agent.empty() ? PACKAGE "/" VERSION : settings.user_agent;
  client.http.proxy = settings.proxy;
  client.http.ssl_ca_file = settings.ssl_ca_file;
  client.http.extra_headers = settings.extra_headers;
  client.http.idle_timeout = static_cast<Micros>(settings.timeout) * kSecond;
  client.max_in_flight = jobs_at_once(settings);
  client.log = std::move(log);
  return client;
}

}  // namespace omni
