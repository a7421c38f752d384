// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "faults/matrix/tls-server.h"

#include <gst/check/gstcheck.h>  // after the others: it defines a macro named fail

namespace omni::test {

namespace {

ObjectPtr<GTlsCertificate> make_certificate(const std::string& folder) {
  const std::string key = folder + "/key.pem", certificate = folder + "/certificate.pem";
  const char* const command[] = {"openssl",
                                 "req",
                                 "-x509",
                                 "-newkey",
                                 "ec",
                                 "-pkeyopt",
                                 "ec_paramgen_curve:P-256",
                                 "-nodes",
                                 "-days",
                                 "2",
                                 "-subj",
                                 "/CN=127.0.0.1",
                                 "-addext",
                                 "subjectAltName=IP:127.0.0.1",
                                 "-keyout",
                                 key.c_str(),
                                 "-out",
                                 certificate.c_str(),
                                 nullptr};
  GError* raw = nullptr;
  gint status = 0;
  const gboolean ran =
      g_spawn_sync(nullptr, const_cast<gchar**>(command), nullptr,
                   static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL |
                                            G_SPAWN_STDOUT_TO_DEV_NULL),
                   nullptr, nullptr, nullptr, nullptr, &status, &raw);
  ck_assert_msg(ran && status == 0, "openssl: %s", raw ? raw->message : "it failed");
  auto made = ObjectPtr<GTlsCertificate>::adopt(
      g_tls_certificate_new_from_files(certificate.c_str(), key.c_str(), &raw));
  ck_assert_msg(bool(made), "the certificate: %s", raw ? raw->message : "");
  return made;
}

}  // namespace

TlsServer::TlsServer(const std::string& folder)
    : certificate_(make_certificate(folder)),
      listener_(ObjectPtr<GSocketListener>::adopt(g_socket_listener_new())),
      stop_(ObjectPtr<GCancellable>::adopt(g_cancellable_new())) {
  const auto any =
      ObjectPtr<GSocketAddress>::adopt(g_inet_socket_address_new_from_string("127.0.0.1", 0));
  GSocketAddress* bound = nullptr;
  const gboolean listens =
      g_socket_listener_add_address(listener_.get(), any.get(), G_SOCKET_TYPE_STREAM,
                                    G_SOCKET_PROTOCOL_TCP, nullptr, &bound, nullptr);
  ck_assert(listens);
  port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
  g_object_unref(bound);
  acceptor_ = std::thread([this] { accept_connections(); });
}

TlsServer::~TlsServer() {
  g_cancellable_cancel(stop_.get());
  acceptor_.join();
}

void TlsServer::accept_connections() {
  while (!g_cancellable_is_cancelled(stop_.get())) {
    const auto connection = ObjectPtr<GSocketConnection>::adopt(
        g_socket_listener_accept(listener_.get(), nullptr, stop_.get(), nullptr));
    if (connection) serve(G_IO_STREAM(connection.get()));
  }
}

void TlsServer::serve(GIOStream* connection) {
  const auto tls = ObjectPtr<GIOStream>::adopt(
      g_tls_server_connection_new(connection, certificate_.get(), nullptr));
  if (!tls) return;
  ++handshakes_;
  // TLS 1.3 is done here before the client has looked at the certificate: what counts is that it
  // then sends something.
  if (!g_tls_connection_handshake(G_TLS_CONNECTION(tls.get()), stop_.get(), nullptr)) return;
  char byte = 0;
  GInputStream* in = g_io_stream_get_input_stream(tls.get());
  if (g_input_stream_read(in, &byte, 1, stop_.get(), nullptr) == 1) ++requests_;
}

}  // namespace omni::test
