// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Transport `serve`: this process is the web server. It serves only what running jobs have
// published, under paths that cannot be guessed, and listens only while there is something to
// serve.
#include <libsoup/soup.h>

#include <map>

#include "client/byte-range.h"
#include "client/publish-url.h"
#include "client/publisher.h"
#include "client/url.h"
#include "service/error.h"
#include "service/redact.h"
#include "service/request.h"

namespace omni {

namespace {

// Anybody may connect: idle peers and excess connections are closed.
constexpr unsigned kIdleSeconds = 60;
constexpr int kMostConnections = 256;

using AddressPtr = ObjectPtr<GSocketAddress>;

[[noreturn]] void refuse(std::string text) {
  throw Failure(Reason::invalid_request, std::move(text));
}

class ServePublisher : public Publisher {
 public:
  explicit ServePublisher(const PublisherParts& parts)
      : settings_(parts.settings), log_(parts.log), counters_(parts.counters) {}
  ~ServePublisher() override { close(); }

  PublishedUpload prepare(const Upload& upload, const JobLimits& terms) override;
  Async<void> publish(PublishedUpload, JobLimits, Cancellation&) override { co_return; }
  bool deletes() const override { return false; }
  Async<void> withdraw(PublishedUpload offer, JobLimits, Cancellation&) override {
    files_.erase(offer.object);
    if (files_.empty()) close();
    co_return;
  }

 private:
  struct File {
    std::shared_ptr<const ByteRope> bytes;
    std::string media_type;
  };

  void open();
  void close();
  void listen();
  std::string public_base() const;
  const File* find(const char* path) const;
  void answer(SoupServerMessage* message, const char* path);
  void send(SoupServerMessage* message, const File& file);
  bool accept(GSocketConnection* connection);
  static void forget_connection(gpointer publisher, GObject* connection);

  const PublishSettings& settings_;
  LogSink log_;
  ByteCounters& counters_;
  ObjectPtr<SoupServer> server_;
  ObjectPtr<GSocketService> listener_;
  std::vector<GObject*> connections_;
  unsigned port_ = 0;
  std::map<std::string, File> files_;  // key: "<32 hex>/reference.mp4"
};

/// The address to bind to; null = all addresses.
AddressPtr bind_address(const PublishSettings& settings) {
  if (settings.serve_address.empty()) return {};
  const std::string text =
      settings.serve_address == "localhost" ? "127.0.0.1" : settings.serve_address;
  GSocketAddress* address =
      g_inet_socket_address_new_from_string(text.c_str(), settings.serve_port);
  if (!address)
    refuse("serve-address \"" + quote_for_user(settings.serve_address, 100) +
           "\" is not an address of this machine: write one such as 192.0.2.7 or ::1, or leave it "
           "empty for all addresses.");
  return AddressPtr::adopt(address);
}

bool is_wildcard(GSocketAddress* address) {
  if (!address) return true;
  return g_inet_address_get_is_any(
      g_inet_socket_address_get_address(reinterpret_cast<GInetSocketAddress*>(address)));
}

void ServePublisher::listen() {
  auto* listener = reinterpret_cast<GSocketListener*>(listener_.get());
  // GIO's default is 10: the eleventh simultaneous connection would wait a second for its retry.
  g_socket_listener_set_backlog(listener, kMostConnections);
  const AddressPtr address = bind_address(settings_);
  GError* raw = nullptr;
  if (address) {
    GSocketAddress* effective = nullptr;
    g_socket_listener_add_address(listener, address.get(), G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_TCP, nullptr, &effective, &raw);
    const auto bound = AddressPtr::adopt(effective);
    if (bound)
      port_ = g_inet_socket_address_get_port(reinterpret_cast<GInetSocketAddress*>(bound.get()));
  } else if (settings_.serve_port != 0) {
    port_ = settings_.serve_port;
    g_socket_listener_add_inet_port(listener, static_cast<guint16>(port_), nullptr, &raw);
  } else {
    port_ = g_socket_listener_add_any_inet_port(listener, nullptr, &raw);
  }
  const ErrorPtr error(raw);
  if (error)
    refuse("The reference cannot be served on port " + std::to_string(settings_.serve_port) +
           (address ? " of serve-address " + settings_.serve_address : std::string()) + ": " +
           error->message +
           ". Set serve-port to a free port, or serve-address to an address of this machine.");
}

void ServePublisher::open() {
  if (settings_.serve_port > 65535)
    refuse("serve-port " + std::to_string(settings_.serve_port) +
           " is not a port: the highest is 65535.");
  listener_ = ObjectPtr<GSocketService>::adopt(g_socket_service_new());
  try {
    listen();
  } catch (...) {
    listener_ = nullptr;
    throw;
  }
  server_ = ObjectPtr<SoupServer>::adopt(
      SOUP_SERVER(g_object_new(SOUP_TYPE_SERVER, "server-header", "gst-omni", nullptr)));
  const auto incoming = +[](GSocketService*, GSocketConnection* connection, GObject*,
                            ServePublisher* self) -> gboolean { return self->accept(connection); };
  g_signal_connect(listener_.get(), "incoming", G_CALLBACK(incoming), this);
  // Early, before a request body is read: it is not wanted and may be endless.
  const auto asked =
      +[](SoupServer*, SoupServerMessage* message, const char* path, GHashTable*, gpointer self) {
        static_cast<ServePublisher*>(self)->answer(message, path);
      };
  soup_server_add_early_handler(server_.get(), nullptr, asked, this, nullptr);
  log_(LogLevel::debug, "serving on port " + std::to_string(port_));
}

void ServePublisher::close() {
  if (!server_) return;
  g_signal_handlers_disconnect_by_data(listener_.get(), this);
  g_socket_service_stop(listener_.get());
  g_socket_listener_close(reinterpret_cast<GSocketListener*>(listener_.get()));
  for (GObject* connection : connections_) g_object_weak_unref(connection, forget_connection, this);
  connections_.clear();
  soup_server_disconnect(server_.get());
  server_ = nullptr;
  listener_ = nullptr;
}

bool ServePublisher::accept(GSocketConnection* connection) {
  if (std::ssize(connections_) >= kMostConnections) return true;
  g_socket_set_timeout(g_socket_connection_get_socket(connection), kIdleSeconds);
  const auto local = AddressPtr::adopt(g_socket_connection_get_local_address(connection, nullptr));
  const auto remote =
      AddressPtr::adopt(g_socket_connection_get_remote_address(connection, nullptr));
  auto* object = reinterpret_cast<GObject*>(connection);
  connections_.push_back(object);
  g_object_weak_ref(object, forget_connection, this);
  soup_server_accept_iostream(server_.get(), reinterpret_cast<GIOStream*>(connection), local.get(),
                              remote.get(), nullptr);
  return true;
}

void ServePublisher::forget_connection(gpointer publisher, GObject* connection) {
  std::erase(static_cast<ServePublisher*>(publisher)->connections_, connection);
}

/// The address at which the service reaches this server.
std::string ServePublisher::public_base() const {
  const std::string port = std::to_string(port_);
  if (!settings_.public_url.empty()) {
    const std::string base = fill_template(settings_.public_url, "port", port);
    if (settings_.serve_port == 0 && base == settings_.public_url)
      refuse(
          "public-url cannot lead to a port that changes with every run: set serve-port to the "
          "port that it leads to.");
    return base;
  }
  const AddressPtr address = bind_address(settings_);
  if (is_wildcard(address.get()))
    refuse(
        "It is unknown how the service reaches this machine: set public-url, or set serve-address "
        "to the address of this machine that the service can reach.");
  auto* inet = reinterpret_cast<GInetSocketAddress*>(address.get());
  const CharPtr host(g_inet_address_to_string(g_inet_socket_address_get_address(inet)));
  const bool v6 = g_socket_address_get_family(address.get()) == G_SOCKET_FAMILY_IPV6;
  return "http://" + (v6 ? "[" + std::string(host.get()) + "]" : std::string(host.get())) + ":" +
         port;
}

PublishedUpload ServePublisher::prepare(const Upload& upload, const JobLimits&) {
  if (!server_) open();
  PublishedUpload offer{.bytes = upload.bytes, .media_type = upload.media_type};
  offer.object = unguessable_name() + "/reference" + upload.extension;
  try {
    offer.url = public_address(public_base(), offer.object);
  } catch (...) {
    if (files_.empty()) close();
    throw;
  }
  const bool by_name = !settings_.public_url.empty();
  offer.setting = by_name ? "public-url" : "serve-address";
  offer.advice =
      by_name ? "Check that public-url leads to port " + std::to_string(port_) +
                    " of this machine, and that the tunnel or port forwarding is up."
              : "Check that serve-address is the address of this machine that the service reaches.";
  files_[offer.object] = {upload.bytes, upload.media_type};
  return offer;
}

/// A proxy in front of this server may keep the path of public-url, so only the end is compared.
const ServePublisher::File* ServePublisher::find(const char* path) const {
  const std::string text = path;
  const std::size_t slash = text.rfind('/');
  if (slash == std::string::npos || slash == 0) return nullptr;
  const auto found = files_.find(text.substr(text.rfind('/', slash - 1) + 1));
  return found == files_.end() ? nullptr : &found->second;
}

void ServePublisher::answer(SoupServerMessage* message, const char* path) {
  const std::string method = soup_server_message_get_method(message);
  soup_message_body_set_accumulate(soup_server_message_get_request_body(message), FALSE);
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
  soup_message_headers_replace(headers, "Cache-Control", "no-store");
  // libsoup closes these connections after each reply, because its own listener did not accept
  // them. Without this header a client would send its next request into a closed connection.
  soup_message_headers_replace(headers, "Connection", "close");
  const File* file = find(path);
  if (!file) return soup_server_message_set_status(message, SOUP_STATUS_NOT_FOUND, nullptr);
  if (method != "GET" && method != "HEAD") {
    soup_message_headers_replace(headers, "Allow", "GET, HEAD");
    return soup_server_message_set_status(message, SOUP_STATUS_METHOD_NOT_ALLOWED, nullptr);
  }
  send(message, *file);
}

void ServePublisher::send(SoupServerMessage* message, const File& file) {
  SoupMessageHeaders* asked = soup_server_message_get_request_headers(message);
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
  const std::uint64_t size = file.bytes->size();
  const bool get = std::string_view(soup_server_message_get_method(message)) == "GET";
  // The replies have no validator, so an If-Range cannot match: send the whole file again.
  const bool ranged = get && !soup_message_headers_get_one(asked, "If-Range");
  const char* text = ranged ? soup_message_headers_get_list(asked, "Range") : nullptr;
  const ByteRange range = parse_byte_range(text ? text : "", size);
  // libsoup would assemble the pieces to cut a range out of them.
  soup_message_headers_remove(asked, "Range");
  soup_message_headers_replace(headers, "Accept-Ranges", "bytes");
  if (range.kind == ByteRange::Kind::unsatisfiable) {
    soup_message_headers_replace(headers, "Content-Range",
                                 ("bytes */" + std::to_string(size)).c_str());
    return soup_server_message_set_status(message, SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE,
                                          nullptr);
  }
  const bool part = range.kind == ByteRange::Kind::part;
  const std::uint64_t first = part ? range.first : 0, last = part ? range.last : size - 1;
  if (part)
    soup_message_headers_set_content_range(headers, static_cast<goffset>(first),
                                           static_cast<goffset>(last), static_cast<goffset>(size));
  soup_message_headers_replace(headers, "Content-Type", file.media_type.c_str());
  soup_message_headers_set_content_length(headers, static_cast<goffset>(last - first + 1));
  soup_server_message_set_status(message, part ? SOUP_STATUS_PARTIAL_CONTENT : SOUP_STATUS_OK,
                                 nullptr);
  if (!get) return;
  SoupMessageBody* body = soup_server_message_get_response_body(message);
  ByteRope wanted;
  wanted.append_slice(*file.bytes, first, last - first + 1);
  for (const BytesPtr& piece : wanted.pieces()) soup_message_body_append_bytes(body, piece.get());
  const auto wrote =
      +[](SoupServerMessage*, guint count, ByteCounters* counters) { counters->up += count; };
  g_signal_connect(message, "wrote-body-data", G_CALLBACK(wrote), &counters_);
}

}  // namespace

std::unique_ptr<Publisher> new_serve_publisher(const PublisherParts& parts) {
  return std::make_unique<ServePublisher>(parts);
}

}  // namespace omni
