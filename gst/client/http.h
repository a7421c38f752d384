// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// HTTP for the jobs: one session on one thread, awaitable exchanges with an idle limit, size
// limits, the key only where it belongs, redirects followed by hand, and a log without secrets.
#pragma once

#include <libsoup/soup.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/body-stream.h"
#include "client/coroutine.h"
#include "client/log.h"
#include "client/retry.h"
#include "client/session.h"
#include "client/wait.h"
#include "service/byte-rope.h"
#include "service/glib-ptr.h"

namespace omni {

struct HttpSettings {
  std::string base_url;  // the key is sent to its origin only
  std::string api_key;
  std::string user_agent;
  std::string proxy;        // URL, may contain user:password; empty = the system's
  std::string ssl_ca_file;  // PEM; empty = the system's
  std::vector<std::pair<std::string, std::string>> extra_headers;  // to the API's origin only
  Micros idle_timeout = 30 * kSecond;
};

/// Body bytes. Counted on the network thread, read from any thread.
struct ByteCounters {
  std::atomic<std::uint64_t> up = 0;
  std::atomic<std::uint64_t> down = 0;
};

/// No reply: says why, and how much of the request was sent.
class TransportError : public std::exception {
 public:
  TransportError(TransportFault fault, std::string text) : fault(fault), text(std::move(text)) {}
  const char* what() const noexcept override { return text.c_str(); }
  TransportFault fault;
  std::string text;
  bool http1 = true;
};

struct HttpRequest {
  const char* method = "GET";
  std::string url;
  BodyStream* body = nullptr;  // JSON; outlives the exchange
  std::string idempotency_key;
  bool bearer = false;     // send the key, to the API's origin only
  bool ask_first = false;  // Expect: 100-continue
  bool patient = false;    // no time limit of its own for the reply
  std::uint64_t range_from = 0;
  std::string if_range;  // with range_from: the ETag of the first part
  // The rest is for stores, and for checking what the service will download.
  std::shared_ptr<const ByteRope> content;  // instead of `body`: these bytes, never copied
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;  // for this request only
  bool foreign = false;  // sends neither the key nor extra-headers, even to the API's origin
  bool follow = true;    // follow redirects of requests without a body; false: return them as they
                         // are
};

class Http;

/// A reply whose headers have arrived. The body is read piece by piece; the destructor closes it.
class HttpResponse {
 public:
  HttpResponse(Http& http, Cancellation& cancellation);
  ~HttpResponse();
  HttpResponse(const HttpResponse&) = delete;

  int status() const;
  std::string header(const char* name) const;   // empty if absent
  std::optional<std::uint64_t> length() const;  // Content-Length
  /// How long the service asks to be left alone.
  std::optional<Micros> asked_pause() const;
  bool http1() const;
  /// What is read is not what was sent: it came compressed. There is no length() then, nor a part
  /// of it.
  bool decoded() const { return decoded_; }
  const std::string& url() const { return url_; }  // after redirects

  /// The next piece; empty at the end. Throws TransportError, also if the body ended too early.
  Async<BytesPtr> read(std::size_t most);
  /// The whole body if it has at most `most` bytes, otherwise its first `most` bytes.
  Async<std::string> read_text(std::size_t most);

 private:
  friend class Http;
  Http& http_;
  Cancellation::Link link_;
  Watchdog watchdog_;
  bool idle_ = false;
  int informationals_ = 0;
  ObjectPtr<SoupMessage> message_;
  ObjectPtr<GInputStream> stream_;
  bool decoded_ = false;
  std::string url_;
  std::uint64_t received_ = 0;
  bool ended_ = false;  // the reply was read to its end
};

class Http {
 public:
  /// Call on the network thread, with its context pushed. Throws Failure for invalid settings.
  Http(HttpSettings settings, LogSink log, ByteCounters& counters);

  /// Sends, follows up to five redirects if there is no body, and returns when the reply's headers
  /// are there. Throws TransportError; Failure(cancelled); Failure(bad_result) for a rejected
  /// redirect.
  Async<std::unique_ptr<HttpResponse>> send(HttpRequest request, Cancellation& cancellation);

  const HttpSettings& settings() const { return settings_; }
  bool is_own_origin(const std::string& url) const;

 private:
  friend class HttpResponse;
  ObjectPtr<SoupSession> make_session() const;
  Async<void> exchange(const HttpRequest& request, const std::string& url, HttpResponse& response);
  ObjectPtr<SoupMessage> new_message(const HttpRequest& request, const std::string& url) const;
  void add_own_headers(SoupMessageHeaders* headers, const HttpRequest& request) const;
  void add_headers(SoupMessage* message, const HttpRequest& request, const std::string& url) const;
  void watch(SoupMessage* message, const HttpRequest& request, HttpResponse& response);
  static void decode(HttpResponse& response);
  [[noreturn]] void raise(const GError* error, const HttpResponse& response) const;

  HttpSettings settings_;
  std::string own_origin_;
  LogSink log_;
  ByteCounters& counters_;
  ObjectPtr<GTlsDatabase> tls_database_;
  std::optional<Session> session_;
};

}  // namespace omni
