// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A scripted HTTP/1.1 server on loopback for tests: it answers exactly the bytes that a test wants,
// at the moment it wants them, and records what it was asked. One thread a connection; stop() ends
// them all, so no test can leave one behind.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace omni::test {

struct SeenRequest {
  std::string method;
  std::string target;                          // path and query as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool complete = false;  // the whole body came
  int number = 0;         // 1 = the first with this method and path
};

struct ServerReply {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::vector<std::string> headers;  // "Name: value"
  std::string raw;                   // instead of all above: these bytes, then close
  bool no_length = false;            // no Content-Length: the end is the close
  std::size_t cut_after = SIZE_MAX;  // close after so many bytes of the body
  bool reset = false;                // RST instead of an answer (or after what was sent)
  bool hang = false;                 // no answer until stop()
  std::size_t repeat = 1;            // the body so many times over, streamed
  int drip_ms = 0;                   // one byte at a time, so far apart
};

/// What to do before the body is read. `read_most` bytes of it are read, then the reply is made.
struct EarlyDecision {
  std::size_t read_most = SIZE_MAX;
  bool send_continue = true;  // answer Expect: 100-continue
};

class FaultServer {
 public:
  using Handler = std::function<ServerReply(const SeenRequest&)>;
  using Early = std::function<EarlyDecision(const SeenRequest&)>;

  explicit FaultServer(Handler handler, Early early = nullptr);
  ~FaultServer();
  FaultServer(const FaultServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  std::vector<SeenRequest> seen() const;
  int count(const std::string& method, const std::string& path_prefix = "/") const;
  /// Whether or not anything was asked over them.
  int connections() const { return connections_; }
  /// Waits until so many requests of this kind have come (at most 300 s); false if they have not.
  bool wait_for(int count, const std::string& method, const std::string& path_prefix = "/");
  void stop();

 private:
  void accept_connections();
  void serve(int socket);
  bool serve_one(int socket, std::string& buffered);
  bool send_reply(int socket, const ServerReply& reply, bool head_only);

  Handler handler_;
  Early early_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex lock_;
  std::condition_variable changed_;
  std::vector<SeenRequest> seen_;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread acceptor_;
};

/// A port on loopback on which nobody listens, nor can as long as this lives: it is bound, and
/// whoever connects to it is refused.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;  // before the socket, which tells it
  int socket_;
};

/// A port on loopback to listen on. It is none of those that the kernel gives away by itself, to a
/// connection or to another test.
int free_port();

/// "{"id":...,"status":...}" as OctopusX writes them.
std::string task_json(const std::string& id, const std::string& status, double progress,
                      const std::string& url = "");

}  // namespace omni::test
