// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "fault-server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace omni::test {

namespace {

// For what hangs. The limit of the test case, which goes with the machine, mostly ends it before.
constexpr std::chrono::seconds kPatience{300};

/// The socket is bound to this port, 0: any, which is told; -1 when it is taken.
int bind_on_loopback(int& port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  socklen_t size = sizeof address;
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0) {
    close(socket);
    return -1;
  }
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return socket;
}

int listen_on_loopback(int& port) {
  const int socket = bind_on_loopback(port);
  if (socket < 0 || listen(socket, 256) != 0) std::abort();
  return socket;
}

bool send_all(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(socket, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_more(int socket, std::string& buffer) {
  char chunk[65536];
  const ssize_t got = recv(socket, chunk, sizeof chunk, 0);
  if (got > 0) buffer.append(chunk, static_cast<std::size_t>(got));
  return got > 0;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

SeenRequest parse_head(const std::string& head) {
  SeenRequest request;
  const std::size_t first = head.find(' '), second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  std::size_t line = head.find("\r\n");
  while (line != std::string::npos && line + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", line + 2);
    const std::string field = head.substr(line + 2, end - line - 2);
    const std::size_t colon = field.find(": ");
    if (colon != std::string::npos)
      request.headers[lower(field.substr(0, colon))] = field.substr(colon + 2);
    line = end;
  }
  return request;
}

void reset_connection(int socket) {
  const linger now{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

std::string path_of(const std::string& target) {
  return target.substr(0, target.find('?'));
}

}  // namespace

FaultServer::FaultServer(Handler handler, Early early)
    : handler_(std::move(handler)), early_(std::move(early)) {
  listener_ = listen_on_loopback(port_);
  acceptor_ = std::thread([this] { accept_connections(); });
}

FaultServer::~FaultServer() {
  stop();
}

void FaultServer::stop() {
  if (stopping_.exchange(true)) return;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::lock_guard lock(lock_);
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
}

void FaultServer::accept_connections() {
  while (!stopping_) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    ++connections_;
    const std::lock_guard lock(lock_);
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void FaultServer::serve(int socket) {
  std::string buffered;
  while (!stopping_ && serve_one(socket, buffered)) {
  }
  const std::lock_guard lock(lock_);
  std::erase(sockets_, socket);
  close(socket);
}

/// One request and its reply; false when the connection is done.
bool FaultServer::serve_one(int socket, std::string& buffered) {
  std::size_t end;
  while ((end = buffered.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more(socket, buffered)) return false;
  }
  SeenRequest request = parse_head(buffered.substr(0, end));
  buffered.erase(0, end + 4);
  const std::size_t length =
      request.headers.count("content-length") ? std::stoul(request.headers["content-length"]) : 0;
  const EarlyDecision early = early_ ? early_(request) : EarlyDecision{};
  if (request.headers.count("expect") && early.send_continue)
    send_all(socket, "HTTP/1.1 100 Continue\r\n\r\n", 25);
  const std::size_t wanted = std::min(length, early.read_most);
  while (buffered.size() < wanted && receive_more(socket, buffered)) {
  }
  request.body = buffered.substr(0, wanted);
  request.complete = request.body.size() == length;
  buffered.erase(0, request.body.size());
  {
    const std::lock_guard lock(lock_);
    request.number = 1;
    for (const SeenRequest& other : seen_)
      request.number +=
          other.method == request.method && path_of(other.target) == path_of(request.target);
    seen_.push_back(request);
    changed_.notify_all();
  }
  const ServerReply reply = handler_(request);
  if (reply.hang) {
    std::unique_lock lock(lock_);
    changed_.wait(lock, [this] { return stopping_.load(); });
    return false;
  }
  return send_reply(socket, reply, request.method == "HEAD") && request.complete;
}

bool FaultServer::send_reply(int socket, const ServerReply& reply, bool head_only) {
  if (!reply.raw.empty()) send_all(socket, reply.raw.data(), reply.raw.size());
  if (reply.raw.empty() && (!reply.reset || reply.cut_after != SIZE_MAX)) {
    std::string head = "HTTP/1.1 " + std::to_string(reply.status) +
                       " Scripted\r\nContent-Type: " + reply.type + "\r\n";
    for (const std::string& header : reply.headers) head += header + "\r\n";
    if (reply.no_length)
      head += "Connection: close\r\n";
    else
      head += "Content-Length: " + std::to_string(reply.body.size() * reply.repeat) + "\r\n";
    head += "\r\n";
    send_all(socket, head.data(), head.size());
    const std::size_t most = std::min(reply.body.size(), reply.cut_after);
    for (std::size_t i = 0; i < reply.repeat && !head_only && !stopping_; ++i) {
      if (reply.drip_ms == 0 && !send_all(socket, reply.body.data(), most)) return false;
      for (std::size_t at = 0; reply.drip_ms && at < most && !stopping_; ++at) {
        if (!send_all(socket, reply.body.data() + at, 1)) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(reply.drip_ms));
      }
    }
  }
  if (reply.reset) reset_connection(socket);
  return reply.raw.empty() && !reply.reset && !reply.no_length && reply.cut_after == SIZE_MAX;
}

std::vector<SeenRequest> FaultServer::seen() const {
  const std::lock_guard lock(lock_);
  return seen_;
}

int FaultServer::count(const std::string& method, const std::string& path_prefix) const {
  const std::lock_guard lock(lock_);
  return static_cast<int>(std::count_if(seen_.begin(), seen_.end(), [&](const SeenRequest& r) {
    return r.method == method && r.target.starts_with(path_prefix);
  }));
}

bool FaultServer::wait_for(int wanted, const std::string& method, const std::string& path_prefix) {
  std::unique_lock lock(lock_);
  return changed_.wait_for(lock, kPatience, [&] {
    return std::count_if(seen_.begin(), seen_.end(), [&](const SeenRequest& r) {
             return r.method == method && r.target.starts_with(path_prefix);
           }) >= wanted;
  });
}

ClosedPort::ClosedPort() : socket_(bind_on_loopback(port_)) {
  if (socket_ < 0) std::abort();
}

ClosedPort::~ClosedPort() {
  close(socket_);
}

/// Processes that run at the same time begin at different places, as in elements/rig.py.
int free_port() {
  constexpr int kFirst = 20000, kEnd = 32768, kOfOneProcess = 64;
  static std::atomic<int> drawn{0};
  for (int tries = kFirst; tries < kEnd; ++tries) {
    int port = kFirst + (getpid() * kOfOneProcess + drawn++) % (kEnd - kFirst);
    const int socket = bind_on_loopback(port);
    if (socket < 0) continue;
    close(socket);
    return port;
  }
  std::abort();
}

std::string task_json(const std::string& id, const std::string& status, double progress,
                      const std::string& url) {
  return "{\"id\":\"" + id + "\",\"task_id\":\"" + id + "\",\"object\":\"video\",\"status\":\"" +
         status + "\",\"progress\":" + std::to_string(progress) + ",\"video_url\":\"" + url + "\"}";
}

}  // namespace omni::test
