// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// An HTTP/1.1 request over a plain socket, for tests that play the service that fetches by URL. It
// shares nothing with the client under test.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace omni::test {

struct PlainReply {
  int status = 0;                              // 0 = no connection, or no reply
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

inline PlainReply read_plain_reply(const std::string& text) {
  PlainReply reply;
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos || text.size() < 12) return reply;
  reply.status = std::atoi(text.c_str() + 9);
  reply.body = text.substr(end + 4);
  std::size_t at = text.find("\r\n");
  while (at < end) {
    const std::size_t next = text.find("\r\n", at + 2);
    const std::string line = text.substr(at + 2, next - at - 2);
    const std::size_t colon = line.find(": ");
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (colon != std::string::npos) reply.headers[name] = line.substr(colon + 2);
    at = next;
  }
  return reply;
}

/// All that the reply's length promises has come. Of a HEAD only the close tells the end.
inline bool is_whole(const std::string& text) {
  const PlainReply reply = read_plain_reply(text);
  const auto length = reply.headers.find("content-length");
  return length != reply.headers.end() && reply.body.size() >= std::stoul(length->second);
}

/// `url` is http://127.0.0.1:PORT/...; the connection is closed after the reply.
inline PlainReply plain_http(const std::string& url, const std::string& method = "GET",
                             const std::vector<std::string>& headers = {},
                             const std::string& body = "") {
  const std::size_t colon = url.find(':', 7), slash = std::min(url.find('/', 7), url.size());
  const int port = std::atoi(url.c_str() + colon + 1);
  const std::string target = slash < url.size() ? url.substr(slash) : "/";
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{10, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string text;
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    std::string request = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    for (const std::string& header : headers) request += header + "\r\n";
    if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    request += "Connection: close\r\n\r\n" + body;
    for (std::size_t at = 0; at < request.size();) {
      const ssize_t sent = send(socket, request.data() + at, request.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) break;
      at += static_cast<std::size_t>(sent);
    }
    char chunk[65536];
    // A server may keep the connection although it was asked not to.
    for (ssize_t got; !is_whole(text) && (got = recv(socket, chunk, sizeof chunk, 0)) > 0;)
      text.append(chunk, static_cast<std::size_t>(got));
  }
  close(socket);
  return read_plain_reply(text);
}

}  // namespace omni::test
