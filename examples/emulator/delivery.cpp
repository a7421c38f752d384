// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "delivery.h"

#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

namespace emu {
namespace {

constexpr unsigned kDripMilliseconds = 50;
constexpr double kDripSeconds = 5;

/// Sends a body piece by piece, and possibly only a part of it. Owned by its message.
class Drip {
 public:
  Drip(SoupServerMessage* message, omni::BytesPtr bytes, gsize piece, gsize stop_at)
      : message_(message),
        bytes_(std::move(bytes)),
        piece_(std::max<gsize>(piece, 1)),
        stop_at_(stop_at) {
    GSource* source = g_timeout_source_new(kDripMilliseconds);
    g_source_set_callback(
        source, [](gpointer data) -> gboolean { return static_cast<Drip*>(data)->step(); }, this,
        nullptr);
    g_source_attach(source, nullptr);
    timer_ = omni::SourceHandle(source);
  }

 private:
  gboolean step() {
    SoupMessageBody* body = soup_server_message_get_response_body(message_);
    if (sent_ >= stop_at_) {
      // The last piece has had time to leave. Data appended now finds the connection closed, which
      // is how libsoup notices that the message is over.
      cut_connection(message_);
      append(body, g_bytes_get_size(bytes_.get()) - sent_);
      return G_SOURCE_REMOVE;
    }
    append(body, std::min(piece_, stop_at_ - sent_));
    const bool whole = sent_ == g_bytes_get_size(bytes_.get());
    if (whole) soup_message_body_complete(body);
    return whole ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
  }

  void append(SoupMessageBody* body, gsize length) {
    const auto part = omni::BytesPtr::adopt(g_bytes_new_from_bytes(bytes_.get(), sent_, length));
    soup_message_body_append_bytes(body, part.get());
    sent_ += length;
    soup_server_message_unpause(message_);
  }

  SoupServerMessage* message_;
  omni::BytesPtr bytes_;
  gsize piece_;
  gsize stop_at_;  // the connection is closed after this many bytes
  gsize sent_ = 0;
  omni::SourceHandle timer_;
};

void attach_drip(SoupServerMessage* message, Drip* drip) {
  g_object_set_data_full(G_OBJECT(message), "drip", drip,
                         [](gpointer data) { delete static_cast<Drip*>(data); });
  // A timer must not outlive the exchange, even if the message is still referenced.
  g_signal_connect(message, "finished", G_CALLBACK(+[](SoupServerMessage* done, gpointer) {
                     g_object_set_data(G_OBJECT(done), "drip", nullptr);
                   }),
                   nullptr);
}

omni::BytesPtr bytes_of(const std::string& text) {
  return omni::BytesPtr::adopt(g_bytes_new(text.data(), text.size()));
}

/// Faults that replace the correct reply by another one.
void replace(Outgoing& outgoing, const Fault& fault) {
  switch (fault.action) {
    case Action::html:
      outgoing.head = {.status = 502,
                       .text =
                           "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 "
                           "Bad Gateway</h1></center><hr></body></html>\n",
                       .type = "text/html",
                       .headers = {}};
      outgoing.bytes = nullptr;
      break;
    case Action::wrong_type:
      outgoing.head = {.status = 200,
                       .text = "<html><body>Please sign in to see this video.</body></html>\n",
                       .type = "text/html",
                       .headers = {}};
      outgoing.bytes = nullptr;
      break;
    case Action::empty:
      outgoing.head.status = 200;
      outgoing.head.text.clear();
      outgoing.bytes = nullptr;
      break;
    case Action::garbage:
      if (outgoing.bytes) outgoing.head.text = "{\"error\":{\"message\":\"upstream";
      outgoing.head.text.resize(outgoing.head.text.size() * 2 / 3);
      outgoing.bytes = nullptr;
      break;
    default:
      break;
  }
}

}  // namespace

void cut_connection(SoupServerMessage* message) {
  if (GSocket* socket = soup_server_message_get_socket(message)) {
    g_socket_shutdown(socket, TRUE, TRUE, nullptr);
  }
}

void reset_connection(SoupServerMessage* message) {
  GSocket* socket = soup_server_message_get_socket(message);
  if (!socket) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  g_socket_close(socket, nullptr);
}

void deliver(SoupServerMessage* message, const Outgoing& right, const Fault& fault) {
  Outgoing outgoing = right;
  replace(outgoing, fault);
  const omni::BytesPtr bytes = outgoing.bytes ? outgoing.bytes : bytes_of(outgoing.head.text);
  const gsize size = g_bytes_get_size(bytes.get());
  soup_server_message_set_status(message, outgoing.head.status, nullptr);
  SoupMessageHeaders* headers = soup_server_message_get_response_headers(message);
  soup_message_headers_set_content_type(headers, outgoing.head.type.c_str(), nullptr);
  for (const auto& [name, value] : outgoing.head.headers) {
    soup_message_headers_replace(headers, name.c_str(), value.c_str());
  }
  soup_message_headers_set_content_length(headers, static_cast<goffset>(size));
  if (std::string_view(soup_server_message_get_method(message)) == "HEAD") return;
  SoupMessageBody* body = soup_server_message_get_response_body(message);
  if (size > 1 && (fault.action == Action::truncate || fault.action == Action::slow)) {
    soup_message_body_set_accumulate(body, FALSE);
    const double seconds = fault.value > 0 ? fault.value : kDripSeconds;
    const auto pieces = std::max(1.0, seconds * 1000 / kDripMilliseconds);
    const bool truncate = fault.action == Action::truncate;
    const gsize piece =
        truncate ? size / 2 : static_cast<gsize>(static_cast<double>(size) / pieces) + 1;
    attach_drip(message, new Drip(message, bytes, piece, truncate ? size / 2 : size));
    return;
  }
  if (size > 0) soup_message_body_append_bytes(body, bytes.get());
  soup_message_body_complete(body);
}

Range parse_range(std::string_view header, std::uint64_t total) {
  constexpr std::string_view kUnit = "bytes=";
  std::string_view text = header;
  // Several ranges, or an unknown unit: the whole body is a valid reply.
  if (!text.starts_with(kUnit) || text.find(',') != std::string_view::npos) return {};
  text.remove_prefix(kUnit.size());
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1));
  Range range{.verdict = Range::Verdict::part};
  if (dash == 0) {
    if (!last) return {};
    if (*last == 0 || total == 0) return {.verdict = Range::Verdict::unsatisfiable};
    range.first = total - std::min(*last, total);
    range.last = total - 1;
    return range;
  }
  if (!first || (dash + 1 < text.size() && (!last || *last < *first))) return {};
  if (*first >= total) return {.verdict = Range::Verdict::unsatisfiable};
  range.first = *first;
  range.last = std::min(last.value_or(total - 1), total - 1);
  return range;
}

}  // namespace emu
