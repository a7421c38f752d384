// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A TLS server on loopback whose certificate nobody has signed. A client that minds certificates
// never asks it anything.
#pragma once

#include <gio/gio.h>

#include <atomic>
#include <string>
#include <thread>

#include "service/glib-ptr.h"

namespace omni::test {

class TlsServer {
 public:
  /// Makes key and certificate in `folder`, with openssl. Aborts the test when it cannot.
  explicit TlsServer(const std::string& folder);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  /// How many clients began a handshake, and how many sent anything after it.
  int handshakes() const { return handshakes_; }
  int requests() const { return requests_; }

 private:
  void accept_connections();
  void serve(GIOStream* connection);

  ObjectPtr<GTlsCertificate> certificate_;
  ObjectPtr<GSocketListener> listener_;
  ObjectPtr<GCancellable> stop_;
  int port_ = 0;
  std::atomic<int> handshakes_{0};
  std::atomic<int> requests_{0};
  std::thread acceptor_;
};

}  // namespace omni::test
