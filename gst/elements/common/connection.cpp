// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/connection.h"

#include <config.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "client/api-key.h"
#include "client/files.h"
#include "client/ledger/sqlite-ledger.h"
#include "client/url.h"
#include "elements/common/messages.h"

namespace omni {

namespace {

constexpr unsigned kAutomaticInFlight = 8;

/// Visible ASCII, spaces and tabs (RFC 9110, 5.5): a line break would start another header.
bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return g_ascii_isalnum(c) || std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
  });
}

/// The client sets these itself; another value would break or misdirect a paid request.
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
                  "user-agent contains characters that a header cannot have.");
  for (const auto& [name, value] : settings.extra_headers) {
    if (!is_header_name(name) || !is_header_value(value))
      throw Failure(
          Reason::invalid_request,
          "extra-headers: a name or value contains characters that a header cannot have.");
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
                "proxy is not the URL of a proxy: write http://HOST:PORT or socks5://HOST:PORT.");
}

std::string base_url(const Settings& settings) {
  std::string url = settings.base_url.empty() ? environment("OMNI_BASE_URL") : settings.base_url;
  if (url.empty()) return settings.dialect().service().default_base_url;
  while (!url.empty() && g_ascii_isspace(url.back())) url.pop_back();
  return url;
}

PublishSettings publish_settings(const Settings& settings) {
  PublishSettings publish;
  publish.transport = url_transport(settings);
  publish.serve_address = settings.serve_address;
  publish.serve_port = settings.serve_port;
  publish.public_url = settings.public_url;
  publish.put_url = settings.put_url;
  publish.s3_url = settings.s3_url;
  if (publish.transport == Transport::s3) publish.s3 = s3_credentials_from_environment();
  publish.delete_reference = settings.delete_reference;
  return publish;
}

}  // namespace

Transport url_transport(const Settings& settings) {
  switch (settings.reference_transport) {
    case ReferenceTransport::serve:
      return Transport::serve;
    case ReferenceTransport::put:
      return Transport::put;
    case ReferenceTransport::s3:
      return Transport::s3;
    case ReferenceTransport::automatic:
    case ReferenceTransport::inline_data:
      break;
  }
  if (!settings.put_url.empty()) return Transport::put;
  if (!settings.s3_url.empty()) return Transport::s3;
  if (!settings.public_url.empty() || !settings.serve_address.empty() || settings.serve_port != 0)
    return Transport::serve;
  return Transport::none;
}

unsigned jobs_at_once(const Settings& settings) {
  return settings.max_in_flight ? settings.max_in_flight : kAutomaticInFlight;
}

namespace {

/// The buyer's name in cost sums: program, pipeline and element.
std::string pipeline_of(GstElement* element) {
  const char* program = g_get_prgname();
  std::string name = program ? program : "?";
  auto top = ObjectPtr<GstObject>::share(GST_OBJECT(element));
  while (GstObject* parent = gst_object_get_parent(top.get()))
    top = ObjectPtr<GstObject>::adopt(parent);
  for (GstObject* object : {top.get(), GST_OBJECT(element)})
    name += std::string("/") + CharPtr(gst_object_get_name(object)).get();
  return name;
}

ClientSettings client_settings(const Settings& settings, LogSink log) {
  check_headers(settings);
  check_proxy(settings.proxy);
  ClientSettings client;
  client.dialect = &settings.dialect();
  client.http.base_url = base_url(settings);
  client.http.api_key = find_api_key(settings.dialect(), settings.api_key, settings.api_key_file);
  client.http.user_agent = settings.user_agent.empty() ? PACKAGE "/" VERSION : settings.user_agent;
  client.http.proxy = settings.proxy;
  client.http.ssl_ca_file = settings.ssl_ca_file;
  client.http.extra_headers = settings.extra_headers;
  client.http.idle_timeout = static_cast<Micros>(settings.timeout) * kSecond;
  client.publish = publish_settings(settings);
  client.max_in_flight = jobs_at_once(settings);
  client.log = std::move(log);
  return client;
}

/// Null when no ledger is kept.
std::shared_ptr<Ledger> open_ledger(GstElement* element, const Settings& settings, LogSink log) {
  const bool counts =
      settings.budget_period > 0 && (settings.max_jobs > 0 || settings.max_seconds > 0);
  if (settings.ledger == LedgerMode::off) {
    if (counts)
      throw Failure(Reason::invalid_request,
                    "budget-period counts the jobs in the ledger, and ledger=off keeps no ledger. "
                    "Set ledger=on or required.");
    return nullptr;
  }
  LedgerSettings of_ledger;
  of_ledger.state_dir = state_folder(settings.state_dir);
  of_ledger.state_size = settings.state_size;
  // Budgets need the ledger too: nothing may be bought that cannot be counted.
  of_ledger.required = settings.ledger == LedgerMode::required || counts;
  of_ledger.log = std::move(log);
  // The element outlives its client, and the client outlives its ledger.
  of_ledger.warn = [element](const Error& error) {
    post_warning(element, error, "the work continues");
  };
  return std::make_shared<SqliteLedger>(std::move(of_ledger));
}

}  // namespace

Spent spent_before(const Settings& settings) {
  Spent spent;
  if (settings.budget_period == 0 || settings.ledger == LedgerMode::off) return spent;
  LedgerStore store(state_folder(settings.state_dir));
  store.transaction(
      [&] { spent = store.spent(static_cast<Micros>(settings.budget_period / 1000)); });
  return spent;
}

std::shared_ptr<Client> new_client(GstElement* element, const Settings& settings, LogSink log,
                                   unsigned max_in_flight) {
  ClientSettings of_client = client_settings(settings, log);
  of_client.pipeline = pipeline_of(element);
  if (max_in_flight) of_client.max_in_flight = max_in_flight;
  return std::make_shared<Client>(std::move(of_client),
                                  open_ledger(element, settings, std::move(log)));
}

}  // namespace omni
