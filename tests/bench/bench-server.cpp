// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The least that can be a video service: it reads a body and throws it away, answers at once, and
// its jobs take exactly as long as asked. So what a client needs beside it is the client's own. It
// can also hang, each job in another phase, or give each job its own reference as its result. One
// thread; prints its port, serves until SIGTERM, and then prints a line a job: its number, when it
// was created, done, and when its result was sent, in seconds, the result's size, and its polls.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// Where a job hangs for good.
enum class Hang {
  never,
  body,      // nothing of its request is read
  create,    // its create is not answered
  poll,      // its polls are not answered
  link,      // its result is not answered
  download,  // its result stops half-way
};
constexpr int kHangs = 5;

struct Options {
  // s; what a job takes lies between them
  double shortest = 0;
  double longest = 0;
  int hold_until = 0;  // no job's time begins before so many were created
  bool echo = false;
  bool progress = true;
  bool first_at_once = false;  // the first job takes no time
  bool hang = false;
  std::string_view result;
};

struct Job {
  int number = 0;
  Clock::time_point created;
  Clock::time_point sent = {};  // the result
  double seconds = 0;
  int polls = 0;
  Hang hang = Hang::never;
  std::string result;  // its own reference
};

struct Connection {
  int socket;
  int job = 0;     // that it creates
  std::string in;  // what came of a head
  std::string method;
  std::string target;
  std::size_t body_left = 0;
  std::string body;  // only where it is given back
  bool in_body = false;
  bool hung = false;
  std::string out;            // head of a reply
  std::string_view out_body;  // and what follows it
  bool closed = false;
};

volatile std::sig_atomic_t stopping = 0;

class Server {
 public:
  explicit Server(const Options& options) : options_(options), scratch_(1 << 20) {}
  void run(int listener);
  void print_jobs() const;

 private:
  void accept_one(int listener);
  void read_some(Connection& connection);
  void take(Connection& connection, std::string_view bytes);
  void take_body(Connection& connection, std::string_view bytes) const;
  double age(const Job& job) const;
  bool begin_request(Connection& connection);
  void answer(Connection& connection);
  void create(Connection& connection);
  void poll_job(Connection& connection, const std::string& id);
  void send_result(Connection& connection, const std::string& id);
  void reply(Connection& connection, int status, const std::string& json);
  void write_some(Connection& connection);

  Options options_;
  std::vector<char> scratch_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::map<std::string, Job> jobs_;
  int creates_ = 0;
  int created_ = 0;  // whose body has come
  Clock::time_point released_ = Clock::now();
};

/// Spread evenly, and the same each time.
double service_time(const Options& options, int job) {
  constexpr double kGolden = 0.6180339887498949;
  const double share = std::fmod(job * kGolden, 1.0);
  return options.shortest + share * (options.longest - options.shortest);
}

std::string decode_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const unsigned value = c >= 'a'               ? 26U + static_cast<unsigned>(c - 'a')
                           : c >= 'A' && c <= 'Z' ? static_cast<unsigned>(c - 'A')
                           : c >= '0' && c <= '9' ? 52U + static_cast<unsigned>(c - '0')
                           : c == '+'             ? 62U
                                                  : 63U;
    if (c == '=') break;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xff));
  }
  return bytes;
}

/// What stands in a create's body as a data URI.
std::string reference_in(std::string_view body) {
  constexpr std::string_view kMark = ";base64,";
  const std::size_t at = body.find(kMark);
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + kMark.size();
  return decode_base64(body.substr(from, body.find('"', from) - from));
}

void Server::run(int listener) {
  while (!stopping) {
    std::vector<pollfd> fds{{listener, POLLIN, 0}};
    for (const auto& connection : connections_) {
      const bool writes = !connection->out.empty() || !connection->out_body.empty();
      const short events = static_cast<short>(writes ? POLLOUT : POLLIN);
      fds.push_back({connection->hung ? -1 : connection->socket, events, 0});
    }
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    for (std::size_t i = 1; i < fds.size(); ++i) {
      if (fds[i].revents == 0) continue;
      Connection& connection = *connections_[i - 1];
      (fds[i].events & POLLOUT) ? write_some(connection) : read_some(connection);
    }
    if (fds[0].revents) accept_one(listener);
    std::erase_if(connections_, [](const auto& connection) {
      if (connection->closed) close(connection->socket);
      return connection->closed;
    });
  }
}

void Server::accept_one(int listener) {
  const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (socket < 0) return;
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connections_.push_back(std::make_unique<Connection>());
  connections_.back()->socket = socket;
}

void Server::read_some(Connection& connection) {
  const ssize_t got = recv(connection.socket, scratch_.data(), scratch_.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    connection.closed = true;
    return;
  }
  take(connection, {scratch_.data(), static_cast<std::size_t>(got)});
}

void Server::take(Connection& connection, std::string_view bytes) {
  if (!connection.in_body) {
    connection.in.append(bytes);
    if (!begin_request(connection)) return;
    bytes = connection.in;
  }
  const std::size_t used = std::min(bytes.size(), connection.body_left);
  take_body(connection, bytes.substr(0, used));
  connection.body_left -= used;
  if (connection.body_left > 0) {
    connection.in.clear();
    return;
  }
  connection.in_body = false;
  connection.in = std::string(bytes.substr(used));
  answer(connection);
}

void Server::take_body(Connection& connection, std::string_view bytes) const {
  if (options_.echo) connection.body.append(bytes);
}

/// True when a whole head has come; what follows it stays in `in`.
bool Server::begin_request(Connection& connection) {
  const std::size_t end = connection.in.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string head = connection.in.substr(0, end + 2);
  connection.in.erase(0, end + 4);
  const std::size_t space = head.find(' ');
  connection.method = head.substr(0, space);
  connection.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  const char* length = strcasestr(head.c_str(), "\r\nContent-Length:");
  connection.body_left = length ? std::strtoull(length + 17, nullptr, 10) : 0;
  connection.in_body = true;
  if (connection.method != "POST") return true;
  connection.job = ++creates_;
  connection.hung = options_.hang && static_cast<Hang>(1 + creates_ % kHangs) == Hang::body;
  return !connection.hung;
}

void Server::answer(Connection& connection) {
  const std::string id = connection.target.substr(connection.target.rfind('/') + 1);
  if (connection.method == "POST") return create(connection);
  if (!jobs_.contains(id))
    return reply(connection, 404, "{\"error\":{\"message\":\"no such job\"}}");
  if (connection.target.starts_with("/result/")) return send_result(connection, id);
  poll_job(connection, id);
}

void Server::create(Connection& connection) {
  const std::string id = "job_" + std::to_string(connection.job);
  Job& job = jobs_[id];
  job.number = connection.job;
  job.created = Clock::now();
  job.seconds = service_time(options_, job.number);
  if (options_.echo) job.result = reference_in(connection.body);
  connection.body.clear();
  if (++created_ == options_.hold_until) released_ = job.created;
  if (options_.hang) job.hang = static_cast<Hang>(1 + job.number % kHangs);
  connection.hung = job.hang == Hang::create;
  if (connection.hung) return;
  reply(connection, 200,
        "{\"id\":\"" + id + "\",\"task_id\":\"" + id +
            "\",\"object\":\"video\",\"status\":\"queued\",\"progress\":0,\"video_url\":\"\"}");
}

/// How long the service has been at work on it, in seconds.
double Server::age(const Job& job) const {
  if (created_ < options_.hold_until) return 0;
  const auto since = Clock::now() - std::max(job.created, released_);
  return std::chrono::duration<double>(since).count();
}

void Server::poll_job(Connection& connection, const std::string& id) {
  Job& job = jobs_[id];
  ++job.polls;
  connection.hung = job.hang == Hang::poll;
  if (connection.hung) return;
  const bool at_once = options_.first_at_once && id == "job_1";
  const bool done = at_once || age(job) >= job.seconds;
  std::string json = "{\"id\":\"" + id + "\",\"status\":\"";
  json += done ? "completed\"" : "in_progress\"";
  if (done) json += ",\"video_url\":\"/result/" + id + "\"";
  if (options_.progress)
    json += ",\"progress\":" +
            std::to_string(done ? 100 : static_cast<int>(100 * age(job) / job.seconds));
  reply(connection, 200, json + "}");
}

void Server::send_result(Connection& connection, const std::string& id) {
  Job& job = jobs_[id];
  connection.hung = job.hang == Hang::link;
  if (connection.hung) return;
  job.sent = Clock::now();
  const std::string_view result = options_.echo ? job.result : options_.result;
  connection.out = "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: " +
                   std::to_string(result.size()) + "\r\n\r\n";
  connection.out_body = job.hang == Hang::download ? result.substr(0, result.size() / 2) : result;
}

void Server::reply(Connection& connection, int status, const std::string& json) {
  connection.out =
      "HTTP/1.1 " + std::to_string(status) +
      " X\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(json.size()) +
      "\r\n\r\n" + json;
}

void Server::write_some(Connection& connection) {
  std::string_view from = connection.out.empty() ? connection.out_body : connection.out;
  const ssize_t sent = send(connection.socket, from.data(), from.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) {
    connection.closed = true;
    return;
  }
  if (!connection.out.empty())
    connection.out.erase(0, static_cast<std::size_t>(sent));
  else
    connection.out_body.remove_prefix(static_cast<std::size_t>(sent));
}

void Server::print_jobs() const {
  const auto seconds = [](Clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
  };
  for (const auto& [id, job] : jobs_) {
    const double begun = seconds(std::max(job.created, released_));
    std::printf("%d %.4f %.4f %.4f %zu %d\n", job.number, seconds(job.created), begun + job.seconds,
                seconds(job.sent), job.result.size(), job.polls);
  }
}

std::string_view map_file(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (file < 0 || fstat(file, &info) != 0)
    throw std::runtime_error(std::string("cannot read ") + path);
  const auto size = static_cast<std::size_t>(info.st_size);
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  if (data == MAP_FAILED) throw std::runtime_error(std::string("cannot map ") + path);
  return {static_cast<const char*>(data), size};
}

int listen_on_loopback(bool small_window) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (small_window) {
    // So that a request that nobody reads is stuck in the middle of its body.
    const int size = 64 * 1024;
    setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, length) != 0 || listen(listener, 256) != 0 ||
      getsockname(listener, generic, &length) != 0)
    throw std::runtime_error("cannot listen");
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

Options read_options(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto value = [&] { return i + 1 < count ? words[++i] : ""; };
    if (word == "--service-time")
      options.shortest = options.longest = std::atof(value());
    else if (word == "--service-time-up-to")
      options.longest = std::atof(value());
    else if (word == "--hold-until")
      options.hold_until = std::atoi(value());
    else if (word == "--echo")
      options.echo = true;
    else if (word == "--result")
      options.result = map_file(value());
    else if (word == "--no-progress")
      options.progress = false;
    else if (word == "--first-at-once")
      options.first_at_once = true;
    else if (word == "--hang")
      options.hang = true;
    else
      throw std::runtime_error(
          "usage: bench-server --result MP4 | --echo [--service-time SECONDS "
          "[--service-time-up-to SECONDS]] [--hold-until JOBS] [--first-at-once] [--no-progress] "
          "[--hang]");
  }
  return options;
}

void serve(int count, char** words) {
  const Options options = read_options(count, words);
  struct sigaction action {};
  action.sa_handler = [](int) { stopping = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  Server server(options);
  server.run(listen_on_loopback(options.hang));
  server.print_jobs();
}

}  // namespace

int main(int count, char** words) {
  try {
    serve(count, words);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
