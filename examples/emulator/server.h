// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// HTTP: authorization, parsing and limits of requests, and the record of all of them.
#pragma once

#include <libsoup/soup.h>

#include <memory>
#include <string>

#include "delivery.h"
#include "dialect.h"
#include "faults.h"
#include "jobs.h"
#include "log.h"
#include "settings.h"

namespace emu {

class Server {
 public:
  Server(const Settings& settings, const Dialect& dialect, Faults faults,
         const StateFolder& folder);
  ~Server();

  /// Throws std::runtime_error if the address or the port is not available.
  void listen();
  unsigned port() const { return port_; }
  unsigned second_port() const { return second_port_; }
  /// Closes every connection, stops every job, waits for all threads.
  void shut_down();

 private:
  struct Exchange;
  using ExchangePtr = std::shared_ptr<Exchange>;

  static void on_headers(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                         gpointer self);
  static void on_request(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                         gpointer self);
  static void on_chunk(SoupServerMessage* message, GBytes* chunk, gpointer);
  static void on_finished(SoupServerMessage* message, gpointer self);

  unsigned open_port(unsigned wanted);
  ExchangePtr open_exchange(SoupServerMessage* message);
  void name_target(Exchange& exchange);
  bool admit(Exchange& exchange);
  bool has_good_key(const Exchange& exchange) const;
  void answer(const ExchangePtr& exchange);
  void create(const ExchangePtr& exchange);
  void read_create(const ExchangePtr& exchange, std::string body);
  void take_job(const ExchangePtr& exchange, NewJob job);
  void poll(Exchange& exchange);
  void content(Exchange& exchange);
  void artifacts(Exchange& exchange);
  void result(Exchange& exchange);
  void send_file(Exchange& exchange, const std::string& path);
  void send(Exchange& exchange, const Outgoing& outgoing);
  void refuse(Exchange& exchange, const Refusal& refusal);
  void refuse(Exchange& exchange, Problem problem, const std::string& message) {
    refuse(exchange, Refusal(problem, message));
  }
  Reply hide(const Exchange& exchange, Reply reply) const;
  void redirect(Exchange& exchange);
  std::string origin(const Exchange& exchange) const;

  const Settings& settings_;
  const Dialect& dialect_;
  Faults faults_;
  const StateFolder& folder_;
  RequestLog requests_;
  Links links_;
  Jobs jobs_;
  Workers readers_{1};
  omni::ObjectPtr<SoupServer> server_;
  unsigned port_ = 0;
  unsigned second_port_ = 0;  // another origin for redirects; 0 = not needed
};

}  // namespace emu
