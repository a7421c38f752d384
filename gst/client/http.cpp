// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/http.h"

#include <algorithm>

#include "client/url.h"
#include "service/error.h"
#include "service/redact.h"

namespace omni {

namespace {

// Slightly above libsoup's own queue. If a kept-alive connection turns out to be dead at the first
// byte, libsoup 3.2.3 frees the exchange in its queue and then runs a callback that still refers to
// it. At this priority the callback runs first.
constexpr int kPriority = G_PRIORITY_DEFAULT - 1;
constexpr int kMaxRedirects = 5;
constexpr int kMaxInformationals = 20;
// Far above any max-in-flight: this client limits jobs, not sockets.
constexpr int kConnections = 1024;
constexpr int kKeepAliveSeconds = 90;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

ObjectPtr<GTlsDatabase> load_ca_file(const std::string& path) {
  ErrorPtr error;
  GError* raw = nullptr;
  const CharPtr absolute(g_canonicalize_filename(path.c_str(), nullptr));
  GTlsDatabase* database = g_tls_file_database_new(absolute.get(), &raw);
  error.reset(raw);
  if (!database)
    throw Failure(Reason::invalid_request,
                  "The ssl-ca-file \"" + path + "\" cannot be used: " + error->message);
  return ObjectPtr<GTlsDatabase>::adopt(database);
}

/// Reads the pieces in place. libsoup can poll and rewind the stream.
ObjectPtr<GInputStream> new_rope_stream(const ByteRope& rope) {
  auto stream = ObjectPtr<GInputStream>::adopt(g_memory_input_stream_new());
  auto* memory = reinterpret_cast<GMemoryInputStream*>(stream.get());
  for (const BytesPtr& piece : rope.pieces()) g_memory_input_stream_add_bytes(memory, piece.get());
  return stream;
}

TransportFault classify(const GError* error) {
  if (error->domain == G_TLS_ERROR) return TransportFault::tls;
  if (error->domain == G_RESOLVER_ERROR) return TransportFault::connect;
  for (const int code :
       {G_IO_ERROR_CONNECTION_REFUSED, G_IO_ERROR_HOST_UNREACHABLE, G_IO_ERROR_NETWORK_UNREACHABLE,
        G_IO_ERROR_HOST_NOT_FOUND, G_IO_ERROR_PROXY_FAILED, G_IO_ERROR_PROXY_NEED_AUTH,
        G_IO_ERROR_PROXY_AUTH_FAILED, G_IO_ERROR_PROXY_NOT_ALLOWED}) {
    if (g_error_matches(error, G_IO_ERROR, code)) return TransportFault::connect;
  }
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) return TransportFault::timed_out;
  return TransportFault::broken;
}

}  // namespace

HttpResponse::HttpResponse(Http& http, Cancellation& cancellation)
    : http_(http), link_(cancellation), watchdog_([this] {
        idle_ = true;
        link_.cancel();
      }) {
}

HttpResponse::~HttpResponse() {
  // Otherwise a reply that was not read to its end would keep its connection for good.
  if (stream_ && !ended_) link_.cancel();
  if (stream_) g_input_stream_close(stream_.get(), nullptr, nullptr);
  if (message_) g_signal_handlers_disconnect_by_data(message_.get(), this);
}

int HttpResponse::status() const {
  return static_cast<int>(soup_message_get_status(message_.get()));
}

std::string HttpResponse::header(const char* name) const {
  const char* value =
      soup_message_headers_get_list(soup_message_get_response_headers(message_.get()), name);
  return value ? value : "";
}

std::optional<std::uint64_t> HttpResponse::length() const {
  SoupMessageHeaders* headers = soup_message_get_response_headers(message_.get());
  if (decoded_) return std::nullopt;
  if (soup_message_headers_get_encoding(headers) != SOUP_ENCODING_CONTENT_LENGTH)
    return std::nullopt;
  return static_cast<std::uint64_t>(soup_message_headers_get_content_length(headers));
}

std::optional<Micros> HttpResponse::asked_pause() const {
  for (const char* name : {"retry-after-ms", "openai-poll-after-ms"}) {
    if (const auto asked = parse_retry_after_ms(header(name).c_str())) return asked;
  }
  return parse_retry_after(header("Retry-After").c_str(), g_get_real_time() / kSecond);
}

bool HttpResponse::http1() const {
  return !message_ || soup_message_get_http_version(message_.get()) != SOUP_HTTP_2_0;
}

Async<BytesPtr> HttpResponse::read(std::size_t most) {
  watchdog_.restart(http_.settings().idle_timeout);
  auto result = co_await GioCall([&](GAsyncReadyCallback callback, gpointer data) {
    g_input_stream_read_bytes_async(stream_.get(), most, G_PRIORITY_DEFAULT, link_.get(), callback,
                                    data);
  });
  watchdog_.suspend();
  GError* raw = nullptr;
  auto piece = BytesPtr::adopt(g_input_stream_read_bytes_finish(stream_.get(), result.get(), &raw));
  const ErrorPtr error(raw);
  if (error) http_.raise(error.get(), *this);
  received_ += g_bytes_get_size(piece.get());
  http_.counters_.down += g_bytes_get_size(piece.get());
  ended_ = g_bytes_get_size(piece.get()) == 0;
  if (ended_ && length() && received_ < *length())
    throw TransportError(TransportFault::broken, "the connection closed after " +
                                                     std::to_string(received_) + " of " +
                                                     std::to_string(*length()) + " bytes");
  co_return piece;
}

Async<std::string> HttpResponse::read_text(std::size_t most) {
  std::string text;
  while (text.size() < most) {
    const BytesPtr piece = co_await read(std::min<std::size_t>(most - text.size(), 64 * 1024));
    gsize size = 0;
    const auto* data = static_cast<const char*>(g_bytes_get_data(piece.get(), &size));
    if (size == 0) break;
    text.append(data, size);
  }
  co_return text;
}

Http::Http(HttpSettings settings, LogSink log, ByteCounters& counters)
    : settings_(std::move(settings)),
      own_origin_(origin_of(settings_.base_url)),
      log_(std::move(log)),
      counters_(counters) {
  if (!is_base_url(settings_.base_url))
    throw Failure(Reason::invalid_request,
                  "The base-url \"" + quote_for_user(redact_typed_url(settings_.base_url)) +
                      "\" is not valid: write http(s)://HOST[:PORT][/PATH], without user, query or "
                      "fragment.");
  if (!settings_.ssl_ca_file.empty()) tls_database_ = load_ca_file(settings_.ssl_ca_file);
  session_.emplace([this] { return make_session(); });
}

ObjectPtr<SoupSession> Http::make_session() const {
  // The Watchdog handles timeouts. The session's own timeout would also end the wait for a create's
  // reply, and a gateway may legitimately spend that time relaying 20 MB.
  auto session = ObjectPtr<SoupSession>::adopt(soup_session_new_with_options(
      "max-conns", kConnections, "max-conns-per-host", kConnections, "timeout", 0, "idle-timeout",
      kKeepAliveSeconds, "user-agent", settings_.user_agent.c_str(), nullptr));
  // Lengths and ranges are those of the file: no compressed form is asked for, see decode().
  soup_session_remove_feature_by_type(session.get(), SOUP_TYPE_CONTENT_DECODER);
  if (!settings_.proxy.empty()) {
    const auto resolver = ObjectPtr<GProxyResolver>::adopt(
        g_simple_proxy_resolver_new(settings_.proxy.c_str(), nullptr));
    soup_session_set_proxy_resolver(session.get(), resolver.get());
  }
  if (tls_database_) soup_session_set_tls_database(session.get(), tls_database_.get());
  return session;
}

bool Http::is_own_origin(const std::string& url) const {
  return origin_of(url) == own_origin_;
}

/// Adds the headers that go to the API's origin only.
void Http::add_own_headers(SoupMessageHeaders* headers, const HttpRequest& request) const {
  if (request.bearer)
    soup_message_headers_replace(headers, "Authorization", ("Bearer " + settings_.api_key).c_str());
  for (const auto& [name, value] : settings_.extra_headers)
    soup_message_headers_replace(headers, name.c_str(), value.c_str());
}

void Http::add_headers(SoupMessage* message, const HttpRequest& request,
                       const std::string& url) const {
  SoupMessageHeaders* headers = soup_message_get_request_headers(message);
  soup_message_headers_replace(headers, "Accept-Encoding", "identity");
  if (!request.foreign && is_own_origin(url)) add_own_headers(headers, request);
  for (const auto& [name, value] : request.headers)
    soup_message_headers_replace(headers, name.c_str(), value.c_str());
  if (!request.idempotency_key.empty())
    soup_message_headers_replace(headers, "Idempotency-Key", request.idempotency_key.c_str());
  if (request.range_from > 0) {
    soup_message_headers_replace(headers, "Range",
                                 ("bytes=" + std::to_string(request.range_from) + "-").c_str());
    if (!request.if_range.empty())
      soup_message_headers_replace(headers, "If-Range", request.if_range.c_str());
  }
  if (request.ask_first) soup_message_headers_set_expectations(headers, SOUP_EXPECTATION_CONTINUE);
}

ObjectPtr<SoupMessage> Http::new_message(const HttpRequest& request, const std::string& url) const {
  auto message = ObjectPtr<SoupMessage>::adopt(soup_message_new(request.method, url.c_str()));
  if (!message)
    throw Failure(Reason::bad_result, "\"" + redact_url(url) + "\" is not a usable URL");
  soup_message_add_flags(message.get(), SOUP_MESSAGE_NO_REDIRECT);
  if (request.body) {
    // The other side may close a kept-alive connection while the body is being sent. That looks the
    // same as a create request that was accepted.
    soup_message_add_flags(message.get(), SOUP_MESSAGE_NEW_CONNECTION);
    soup_message_set_request_body(message.get(), "application/json", request.body->stream(),
                                  static_cast<gssize>(request.body->length()));
  }
  if (request.content)
    soup_message_set_request_body(message.get(), request.content_type.c_str(),
                                  new_rope_stream(*request.content).get(),
                                  static_cast<gssize>(request.content->size()));
  add_headers(message.get(), request, url);
  return message;
}

void Http::watch(SoupMessage* message, const HttpRequest& request, HttpResponse& response) {
  // Any activity restarts the idle time.
  const auto alive = +[](SoupMessage*, HttpResponse* self) {
    self->watchdog_.restart(self->http_.settings().idle_timeout);
  };
  g_signal_connect(message, "wrote-headers", G_CALLBACK(alive), &response);
  g_signal_connect(message, "got-headers", G_CALLBACK(alive), &response);
  // libsoup reads all of them in one iteration of the loop: a flood would block everything else.
  const auto informed = +[](SoupMessage*, HttpResponse* self) {
    if (++self->informationals_ > kMaxInformationals) self->link_.cancel();
  };
  g_signal_connect(message, "got-informational", G_CALLBACK(informed), &response);
  const auto connected = +[](SoupMessage*, GSocketClientEvent, GIOStream*, HttpResponse* self) {
    self->watchdog_.restart(self->http_.settings().idle_timeout);
  };
  g_signal_connect(message, "network-event", G_CALLBACK(connected), &response);
  const auto wrote = +[](SoupMessage*, guint size, HttpResponse* self) {
    self->http_.counters_.up += size;
    self->watchdog_.restart(self->http_.settings().idle_timeout);
  };
  g_signal_connect(message, "wrote-body-data", G_CALLBACK(wrote), &response);
  if (!request.patient) return;
  const auto sent = +[](SoupMessage*, HttpResponse* self) { self->watchdog_.suspend(); };
  g_signal_connect(message, "wrote-body", G_CALLBACK(sent), &response);
}

void Http::raise(const GError* error, const HttpResponse& response) const {
  const bool flooded = response.informationals_ > kMaxInformationals;
  if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && !response.idle_ && !flooded)
    throw Failure(Reason::cancelled, "stopped");
  TransportError fault(classify(error), quote_for_user(error->message));
  if (response.idle_)
    fault = {TransportFault::timed_out, "no byte was transferred for " +
                                            std::to_string(settings_.idle_timeout / kSecond) +
                                            " s (timeout)"};
  if (flooded) fault = {TransportFault::broken, "the server sends 1xx responses without end"};
  fault.http1 = response.http1();
  throw fault;
}

/// Some proxies compress what nobody asked to have compressed.
void Http::decode(HttpResponse& response) {
  const CharPtr coding(g_ascii_strdown(response.header("Content-Encoding").c_str(), -1));
  const std::string_view name = coding.get();
  const bool gzip = name == "gzip" || name == "x-gzip";
  if (!gzip && name != "deflate") return;
  const auto converter = ObjectPtr<GZlibDecompressor>::adopt(g_zlib_decompressor_new(
      gzip ? G_ZLIB_COMPRESSOR_FORMAT_GZIP : G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
  response.stream_ = ObjectPtr<GInputStream>::adopt(g_converter_input_stream_new(
      response.stream_.get(), reinterpret_cast<GConverter*>(converter.get())));
  response.decoded_ = true;
}

Async<void> Http::exchange(const HttpRequest& request, const std::string& url,
                           HttpResponse& response) {
  response.url_ = url;
  response.message_ = new_message(request, url);
  SoupMessage* message = response.message_.get();
  watch(message, request, response);
  response.watchdog_.restart(settings_.idle_timeout);
  Session::Reply reply = co_await session_->send(message, kPriority, response.link_.get());
  response.watchdog_.suspend();
  response.stream_ = std::move(reply.stream);
  if (const GError* error = reply.error.get()) {
    log_(LogLevel::debug, std::string(request.method) + " " + redact_url(url) + ": " +
                              quote_for_user(error->message));
    raise(error, response);
  }
  decode(response);
  log_(LogLevel::debug, std::string(request.method) + " " + redact_url(url) + ": HTTP " +
                            std::to_string(response.status()));
}

Async<std::unique_ptr<HttpResponse>> Http::send(HttpRequest request, Cancellation& cancellation) {
  std::string url = request.url;
  for (int hops = 0;; ++hops) {
    cancellation.check();
    auto response = std::make_unique<HttpResponse>(*this, cancellation);
    co_await exchange(request, url, *response);
    const std::string location = response->header("Location");
    const bool stays = request.body || request.content || !request.follow;
    if (stays || !is_redirect(response->status()) || location.empty())
      co_return std::move(response);
    const auto next = resolve_url(url, location);
    if (!next || !may_redirect(url, *next))
      throw Failure(Reason::bad_result,
                    "a redirect from " + redact_url(url) + " to " +
                        (next ? redact_url(*next) : "something that is not a web address") +
                        " was refused");
    if (hops == kMaxRedirects)
      throw Failure(Reason::bad_result, "more than five redirects from " + redact_url(request.url));
    url = *next;
  }
}

}  // namespace omni
