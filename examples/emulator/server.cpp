// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "server.h"

#include <gio/gio.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "config.h"
#include "gateway.h"

namespace emu {

/// One request and its reply. Owned by its message. Workers that outlive the message hold it too,
/// and check `finished` before they use the message.
struct Server::Exchange {
  SoupServerMessage* message = nullptr;
  std::string method;
  std::string path;
  Target target;
  std::string token;    // of a result link or an artifact
  std::string range;    // the Range header
  bool second = false;  // received on the port used by redirects
  Fault fault;
  std::string body;
  std::string asked;    // the body of a create request for the record, as JSON
  unsigned status = 0;  // 0 = no reply
  bool too_large = false;
  bool cut = false;  // deliberately no reply
  bool paused = false;
  bool finished = false;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

namespace {

constexpr const char* kExchange = "exchange";
constexpr std::string_view kResults = "/results/";

const char* request_header(SoupServerMessage* message, const char* name) {
  return soup_message_headers_get_one(soup_server_message_get_request_headers(message), name);
}

std::string text_or_empty(const char* text) {
  return text ? text : "";
}

unsigned local_port(SoupServerMessage* message) {
  GSocketAddress* address = soup_server_message_get_local_address(message);
  if (!G_IS_INET_SOCKET_ADDRESS(address)) return 0;
  return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
}

/// A host that may be part of a URL; any other content of the header is not repeated.
bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() < 256 && std::all_of(host.begin(), host.end(), [](char c) {
    return g_ascii_isalnum(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
}

/// The client's key; empty = none.
std::string_view bearer(SoupServerMessage* message) {
  const char* sent = request_header(message, "Authorization");
  const std::string_view header = sent ? sent : "";
  constexpr std::string_view kScheme = "Bearer ";
  if (header.size() <= kScheme.size() ||
      g_ascii_strncasecmp(header.data(), kScheme.data(), kScheme.size()) != 0) {
    return {};
  }
  return header.substr(kScheme.size());
}

/// A body may contain the key by mistake; the record must not.
std::string without_key(std::string text, std::string_view key) {
  constexpr std::size_t kShortest = 8;  // shorter ones occur by chance
  if (key.size() < kShortest) return text;
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
    text.replace(at, key.size(), "***");
  }
  return text;
}

/// The body of a create request that was refused before its body was read; empty if it is not JSON,
/// or truncated.
std::string shortened(std::string text) {
  if (text.empty()) return {};
  try {
    return Body(std::move(text)).shortened();
  } catch (const std::exception&) {
    return {};
  }
}

void write_file(const std::string& path, std::span<const char> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace

Server::Server(const Settings& settings, const Dialect& dialect, Faults faults,
               const StateFolder& folder)
    : settings_(settings),
      dialect_(dialect),
      faults_(std::move(faults)),
      folder_(folder),
      requests_(folder.requests()),
      jobs_(settings, folder, links_),
      server_(omni::ObjectPtr<SoupServer>::adopt(
          soup_server_new("server-header", "omni-emulator/" VERSION, nullptr))) {
  soup_server_add_early_handler(server_.get(), nullptr, &Server::on_headers, this, nullptr);
  soup_server_add_handler(server_.get(), nullptr, &Server::on_request, this, nullptr);
}

Server::~Server() {
  shut_down();
}

unsigned Server::open_port(unsigned wanted) {
  GInetAddress* parsed = g_inet_address_new_from_string(settings_.address.c_str());
  if (!parsed) throw std::runtime_error("not an address to listen on: " + settings_.address);
  const auto host = omni::ObjectPtr<GInetAddress>::adopt(parsed);
  // Bound before libsoup opens it, because libsoup cannot tell two ports apart.
  const auto address = omni::ObjectPtr<GSocketAddress>::adopt(
      g_inet_socket_address_new(host.get(), static_cast<guint16>(wanted)));
  GError* raw = nullptr;
  const auto socket = omni::ObjectPtr<GSocket>::adopt(g_socket_new(
      g_inet_address_get_family(host.get()), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &raw));
  const bool open = socket && g_socket_bind(socket.get(), address.get(), TRUE, &raw) &&
                    g_socket_listen(socket.get(), &raw) &&
                    soup_server_listen_socket(server_.get(), socket.get(),
                                              static_cast<SoupServerListenOptions>(0), &raw);
  const omni::ErrorPtr error(raw);
  if (!open) {
    throw std::runtime_error("cannot listen on " + settings_.address + " port " +
                             std::to_string(wanted) + ": " + error->message);
  }
  const auto local =
      omni::ObjectPtr<GSocketAddress>::adopt(g_socket_get_local_address(socket.get(), nullptr));
  return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local.get()));
}

void Server::listen() {
  port_ = open_port(settings_.port);
  if (faults_.uses(Action::redirect)) second_port_ = open_port(0);
}

void Server::shut_down() {
  if (!server_) return;
  readers_.stop();
  jobs_.shut_down();
  // Run the workers' last reports while everything still exists.
  while (g_main_context_iteration(nullptr, FALSE)) {
  }
  soup_server_disconnect(server_.get());
  while (g_main_context_iteration(nullptr, FALSE)) {
  }
  server_ = nullptr;
}

// --- a request comes in --------------------------------------------------------------------------

Server::ExchangePtr Server::open_exchange(SoupServerMessage* message) {
  auto exchange = std::make_shared<Exchange>();
  exchange->message = message;
  exchange->method = soup_server_message_get_method(message);
  exchange->path = g_uri_get_path(soup_server_message_get_uri(message));
  // libsoup would handle this header by itself, and knows nothing of faults.
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message);
  exchange->range = text_or_empty(soup_message_headers_get_one(headers, "Range"));
  soup_message_headers_remove(headers, "Range");
  exchange->second = second_port_ != 0 && local_port(message) == second_port_;
  g_object_set_data_full(G_OBJECT(message), kExchange, new ExchangePtr(exchange),
                         [](gpointer data) { delete static_cast<ExchangePtr*>(data); });
  soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  g_signal_connect(message, "got-chunk", G_CALLBACK(&Server::on_chunk), nullptr);
  g_signal_connect(
      message, "wrote-body-data", G_CALLBACK(+[](SoupServerMessage* from, guint size, gpointer) {
        auto& same = *static_cast<ExchangePtr*>(g_object_get_data(G_OBJECT(from), kExchange));
        same->sent += size;
      }),
      nullptr);
  g_signal_connect(message, "finished", G_CALLBACK(&Server::on_finished), this);
  return exchange;
}

void Server::name_target(Exchange& exchange) {
  exchange.target = dialect_.route(exchange.method, exchange.path);
  const std::string_view path = exchange.path;
  const bool reads = exchange.method == "GET" || exchange.method == "HEAD";
  if (exchange.target.route == Route::artifact) exchange.token = jobs_.token_of(exchange.target.id);
  if (reads && path.starts_with(kResults) && path.ends_with(".mp4")) {
    exchange.token = path.substr(kResults.size(), path.size() - kResults.size() - 4);
  }
}

bool Server::has_good_key(const Exchange& exchange) const {
  const std::string_view sent = bearer(exchange.message);
  return settings_.key.empty() ? !sent.empty() : sent == settings_.key;
}

/// All checks before a body is read. False if the request was refused.
bool Server::admit(Exchange& exchange) {
  const Route route = exchange.target.route;
  // The second origin stands for a store of results: it needs no key, and records whether one was
  // sent. An artifact's URL is a permission by itself.
  const bool open = route == Route::none || route == Route::artifact;
  const bool needs_key = !open && !(exchange.second && route != Route::create);
  if (needs_key && !has_good_key(exchange)) {
    const bool any = request_header(exchange.message, "Authorization") != nullptr;
    refuse(exchange, Problem::unauthorized, any ? "Invalid token" : "No token was provided");
    return false;
  }
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(exchange.message);
  const bool sized = soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CONTENT_LENGTH;
  const auto length =
      static_cast<std::uint64_t>(sized ? soup_message_headers_get_content_length(headers) : 0);
  if (length > kMaxBodyBytes) {
    refuse(exchange, Problem::body_too_large, "http: request body too large");
    return false;
  }
  if (route == Route::create) exchange.body.reserve(length + 1);
  if (exchange.second) return true;
  if (route == Route::create) exchange.fault = faults_.take(Kind::create);
  if (route == Route::poll) exchange.fault = faults_.take(Kind::poll);
  if (route == Route::content) exchange.fault = faults_.take(Kind::content);
  if (!exchange.token.empty()) exchange.fault = faults_.take(Kind::result);
  return true;
}

void Server::on_headers(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                        gpointer self) {
  auto* server = static_cast<Server*>(self);
  const ExchangePtr exchange = server->open_exchange(message);
  server->name_target(*exchange);
  server->admit(*exchange);
}

void Server::on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer) {
  const ExchangePtr exchange =
      *static_cast<ExchangePtr*>(g_object_get_data(G_OBJECT(message), kExchange));
  gsize size = 0;
  const auto* data = static_cast<const char*>(g_bytes_get_data(chunk, &size));
  exchange->received += size;
  if (exchange->fault.action == Action::drop_early) {
    exchange->cut = true;
    reset_connection(message);
    return;
  }
  exchange->too_large = exchange->too_large || exchange->received > kMaxBodyBytes;
  if (exchange->target.route != Route::create || exchange->too_large) return;
  exchange->body.append(data, size);
}

void Server::on_request(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                        gpointer self) {
  const ExchangePtr exchange =
      *static_cast<ExchangePtr*>(g_object_get_data(G_OBJECT(message), kExchange));
  static_cast<Server*>(self)->answer(exchange);
}

void Server::on_finished(SoupServerMessage* message, gpointer self) {
  const ExchangePtr exchange =
      *static_cast<ExchangePtr*>(g_object_get_data(G_OBJECT(message), kExchange));
  exchange->finished = true;
  const unsigned status = exchange->cut ? 0 : exchange->status;
  if (exchange->asked.empty()) exchange->asked = shortened(std::move(exchange->body));
  const std::string& key = static_cast<Server*>(self)->settings_.key;
  const std::string body = without_key(without_key(exchange->asked, key), bearer(message));
  static_cast<Server*>(self)->requests_.write(
      {.method = exchange->method,
       .path = exchange->path,
       .status = status,
       .bytes_in = exchange->received,
       .bytes_out = exchange->sent,
       .authorization = request_header(message, "Authorization") != nullptr,
       .idempotency_key = text_or_empty(request_header(message, "Idempotency-Key")),
       .range = exchange->range,
       .fault = exchange->fault.name,
       .origin = exchange->second ? "second" : "main",
       .body = body});
}

// --- and is answered -----------------------------------------------------------------------------

void Server::answer(const ExchangePtr& exchange) {
  const Fault& fault = exchange->fault;
  if (!fault.name.empty()) {
    say("fault %s  for %s %s", fault.name.c_str(), exchange->method.c_str(),
        exchange->path.c_str());
  }
  switch (fault.action) {
    case Action::hang:
      exchange->cut = true;
      soup_server_message_pause(exchange->message);
      return;
    case Action::drop:
    case Action::drop_early:
      exchange->cut = true;
      cut_connection(exchange->message);
      soup_server_message_set_status(exchange->message, SOUP_STATUS_INTERNAL_SERVER_ERROR, nullptr);
      return;
    case Action::status: {
      Reply reply = hide(*exchange, dialect_.with_status(fault.status));
      if (fault.value > 0) {
        reply.headers.emplace_back("Retry-After",
                                   std::to_string(static_cast<unsigned>(fault.value)));
      }
      send(*exchange, {.head = reply, .bytes = {}});
      return;
    }
    case Action::redirect:
      redirect(*exchange);
      return;
    default:
      break;
  }
  if (!exchange->token.empty()) return result(*exchange);
  switch (exchange->target.route) {
    case Route::create:
      return create(exchange);
    case Route::poll:
      return poll(*exchange);
    case Route::content:
      return content(*exchange);
    case Route::artifacts:
      return artifacts(*exchange);
    case Route::artifact:
      return refuse(*exchange, Problem::no_content, "unknown task");
    case Route::none:
      break;
  }
  refuse(*exchange, Problem::unknown_path, exchange->method + " " + exchange->path);
}

void Server::send(Exchange& exchange, const Outgoing& outgoing) {
  if (exchange.finished) return;
  deliver(exchange.message, outgoing, exchange.fault);
  // Kept here, because libsoup replaces the message's status by 500 if sending fails later.
  exchange.status = soup_server_message_get_status(exchange.message);
  if (exchange.paused) soup_server_message_unpause(exchange.message);
}

/// With --refusals-in-200 the status of a refusal is only in its body.
Reply Server::hide(const Exchange& exchange, Reply reply) const {
  const Route route = exchange.target.route;
  const bool applies = route == Route::create || route == Route::poll || route == Route::artifacts;
  if (!settings_.refusals_in_200 || !applies || reply.status < 400) return reply;
  return hidden_in_200(std::move(reply));
}

void Server::refuse(Exchange& exchange, const Refusal& refusal) {
  Reply reply = dialect_.refused(refusal);
  say("%s %s  refused  %u %s", exchange.method.c_str(), exchange.path.c_str(), reply.status,
      refusal.what());
  reply = hide(exchange, std::move(reply));
  if (refusal.problem == Problem::busy) {
    reply.headers.emplace_back("Retry-After", std::to_string(settings_.retry_after));
  }
  send(exchange, {.head = reply, .bytes = {}});
}

std::string Server::origin(const Exchange& exchange) const {
  const std::string host = text_or_empty(request_header(exchange.message, "Host"));
  // A TLS proxy in front of this program reports the client's scheme.
  const std::string proto = text_or_empty(request_header(exchange.message, "X-Forwarded-Proto"));
  const std::string scheme = proto == "https" ? "https://" : "http://";
  if (is_plain_host(host)) return scheme + host;
  return scheme + settings_.address + ":" + std::to_string(port_);
}

void Server::redirect(Exchange& exchange) {
  GUri* uri = soup_server_message_get_uri(exchange.message);
  const char* query = g_uri_get_query(uri);
  const bool six = settings_.address.find(':') != std::string::npos;
  const std::string host = six ? "[" + settings_.address + "]" : settings_.address;
  Reply reply{.status = 302, .text = {}, .headers = {}};
  reply.headers.emplace_back("Location", "http://" + host + ":" + std::to_string(second_port_) +
                                             exchange.path +
                                             (query ? std::string("?") + query : ""));
  send(exchange, {.head = reply, .bytes = {}});
}

void Server::create(const ExchangePtr& exchange) {
  if (exchange->too_large) {
    return refuse(*exchange, Problem::body_too_large, "http: request body too large");
  }
  const std::string type = text_or_empty(soup_message_headers_get_content_type(
      soup_server_message_get_request_headers(exchange->message), nullptr));
  if (type != "application/json") {
    return refuse(*exchange, Problem::invalid, "Content-Type must be application/json");
  }
  const std::string key = text_or_empty(request_header(exchange->message, "Idempotency-Key"));
  if (const auto known = jobs_.with_idempotency_key(key)) {
    say("job %s  submitted again with the same Idempotency-Key", known->c_str());
    const auto view = jobs_.view(*known, origin(*exchange));
    return send(*exchange, {.head = dialect_.created(*view, exchange->target), .bytes = {}});
  }
  if (jobs_.full()) return refuse(*exchange, Problem::busy, "too many jobs at once, retry later");
  exchange->paused = true;
  soup_server_message_pause(exchange->message);
  // Twenty megabytes of base64 take time; polls of other jobs must not wait for it.
  readers_.post([this, exchange, body = std::move(exchange->body)]() mutable {
    read_create(exchange, std::move(body));
  });
}

/// Runs on the reader's thread: it may only use what never changes.
void Server::read_create(const ExchangePtr& exchange, std::string text) {
  std::string asked;
  const auto refuse_later = [this, exchange, &asked](const Refusal& refusal) {
    on_main([this, exchange, refusal, asked] {
      exchange->asked = asked;
      refuse(*exchange, refusal);
    });
  };
  try {
    Body body(std::move(text));
    asked = body.shortened();  // before the reference is decoded in place
    NewJob job{.id = dialect_.new_id(), .order = dialect_.order(body, settings_)};
    job.reference_bytes = job.order.reference.size();
    if (job.reference_bytes > 0) write_file(folder_.reference(job.id), job.order.reference);
    job.order.reference = {};
    on_main([this, exchange, asked, job]() mutable {
      exchange->asked = asked;
      take_job(exchange, std::move(job));
    });
  } catch (const Refusal& refusal) {
    refuse_later(refusal);
  } catch (const std::exception& error) {
    refuse_later(Refusal(Problem::malformed, error.what()));
  }
}

void Server::take_job(const ExchangePtr& exchange, NewJob job) {
  // The client may have disconnected; the job is accepted all the same, as by a real service.
  if (!exchange->finished) {
    job.idempotency_key = text_or_empty(request_header(exchange->message, "Idempotency-Key"));
  }
  const Fault& fault = exchange->fault;
  if (fault.action == Action::fail) {
    job.fail_code = "generation_failed";
    job.fail_message = fault.text.empty() ? "the upstream model failed" : fault.text;
  } else if (fault.action == Action::moderated) {
    job.fail_code = "content_policy_violation";
    job.fail_message = "Your request was rejected: the content may violate our content policy.";
  }
  const std::string id = job.id;
  const auto view = jobs_.submit(std::move(job));
  if (!view) {
    std::remove(folder_.reference(id).c_str());
    return refuse(*exchange, Problem::busy, "too many jobs at once, retry later");
  }
  if (fault.action == Action::drop_after && !exchange->finished) {
    exchange->cut = true;
    cut_connection(exchange->message);
  }
  send(*exchange, {.head = dialect_.created(*view, exchange->target), .bytes = {}});
}

void Server::poll(Exchange& exchange) {
  const auto view = jobs_.polled(exchange.target.id, origin(exchange));
  if (!view) return refuse(exchange, Problem::no_task, "unknown task");
  send(exchange, {.head = dialect_.polled(*view, exchange.target, settings_), .bytes = {}});
}

void Server::content(Exchange& exchange) {
  const auto view = jobs_.view(exchange.target.id, origin(exchange));
  if (!view) return refuse(exchange, Problem::no_content, "unknown task");
  if (view->state != State::completed) {
    return refuse(exchange, Problem::not_ready, gateway_word(view->state));
  }
  send_file(exchange, jobs_.result_file(exchange.target.id));
}

void Server::artifacts(Exchange& exchange) {
  const auto view = jobs_.view(exchange.target.id, origin(exchange));
  if (!view) return refuse(exchange, Problem::no_content, "unknown task");
  send(exchange, {.head = dialect_.artifacts(*view), .bytes = {}});
}

void Server::result(Exchange& exchange) {
  const char* query = g_uri_get_query(soup_server_message_get_uri(exchange.message));
  const bool artifact = exchange.target.route == Route::artifact;
  const Links::Verdict verdict =
      artifact ? links_.check_access(exchange.token, query) : links_.check(exchange.token, query);
  const auto id = jobs_.id_of_token(exchange.token);
  if (verdict != Links::Verdict::good || !id) {
    const bool expired = verdict == Links::Verdict::expired;
    say("result link  refused  %s", expired ? "expired" : "not signed by this server");
    const Reply reply{.status = 403,
                      .text = expired ? "this link has expired\n" : "this link is not valid\n",
                      .type = "text/plain",
                      .headers = {}};
    return send(exchange, {.head = reply, .bytes = {}});
  }
  send_file(exchange, jobs_.result_file(*id));
}

void Server::send_file(Exchange& exchange, const std::string& path) {
  GMappedFile* mapped = g_mapped_file_new(path.c_str(), FALSE, nullptr);
  if (!mapped) return send(exchange, {.head = dialect_.with_status(404), .bytes = {}});
  const auto whole = omni::BytesPtr::adopt(g_mapped_file_get_bytes(mapped));
  g_mapped_file_unref(mapped);
  const gsize total = g_bytes_get_size(whole.get());
  Outgoing outgoing{.head = {.status = 200, .text = {}, .type = "video/mp4", .headers = {}},
                    .bytes = whole};
  auto& headers = outgoing.head.headers;
  headers.emplace_back("Accept-Ranges", "bytes");
  const Range range = parse_range(exchange.range, total);
  if (range.verdict == Range::Verdict::unsatisfiable) {
    headers.emplace_back("Content-Range", "bytes */" + std::to_string(total));
    outgoing.head.status = 416;
    outgoing.head.type = "text/plain";
    outgoing.bytes = nullptr;
  } else if (range.verdict == Range::Verdict::part) {
    headers.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                              std::to_string(range.last) + "/" +
                                              std::to_string(total));
    outgoing.head.status = 206;
    outgoing.bytes = omni::BytesPtr::adopt(
        g_bytes_new_from_bytes(whole.get(), range.first, range.last - range.first + 1));
  }
  send(exchange, outgoing);
}

}  // namespace emu
