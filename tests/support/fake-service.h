// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A well-behaved video service of the octopusx dialect, small and in process, whose single answers
// a test replaces. The emulator is the one to test whole pipelines with; this one is for faults.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "support/fault-server.h"

namespace omni::test {

inline bool is_create(const SeenRequest& request) {
  return request.method == "POST";
}
inline bool is_poll(const SeenRequest& request) {
  return request.method == "GET" && request.target.starts_with("/v1/videos/") &&
         !request.target.ends_with("/content");
}
inline bool is_file(const SeenRequest& request) {
  return request.target.starts_with("/files/");
}

/// This file, or of it what the request's Range asks for.
inline ServerReply ranged(const SeenRequest& request, const std::string& file) {
  ServerReply reply{.body = file, .type = "video/mp4", .headers = {"ETag: \"e1\""}};
  const auto range = request.headers.find("range");
  if (range == request.headers.end()) return reply;
  const std::size_t from = std::stoul(range->second.substr(6));
  reply.status = 206;
  reply.body = file.substr(from);
  reply.headers.push_back("Content-Range: bytes " + std::to_string(from) + "-" +
                          std::to_string(file.size() - 1) + "/" + std::to_string(file.size()));
  return reply;
}

/// Task ids are video_1, video_2, ... in the order of the creates. A task is done at its third
/// poll.
class FakeService {
 public:
  using Answer = std::function<std::optional<ServerReply>(const SeenRequest&)>;

  explicit FakeService(std::string result, Answer special = nullptr,
                       FaultServer::Early early = nullptr)
      : result_(std::move(result)),
        server(
            [this, special](const SeenRequest& request) {
              if (special) {
                if (auto reply = special(request)) return *reply;
              }
              return usual(request);
            },
            std::move(early)) {}

  int creates() const { return server.count("POST"); }

 private:
  ServerReply usual(const SeenRequest& request) {
    if (is_create(request))
      return {.body = task_json("video_" + std::to_string(request.number), "queued", 0)};
    if (request.target.ends_with("/content")) return {.body = result_, .type = "video/mp4"};
    if (is_poll(request)) {
      const std::string id = request.target.substr(11);
      if (request.number < 3) return {.body = task_json(id, "in_progress", 30.0 * request.number)};
      return {.body = task_json(id, "completed", 100, server.url() + "/files/o.mp4?sig=s3cr3t")};
    }
    if (is_file(request)) return ranged(request, result_);
    return {.status = 404, .body = "{}"};
  }

  std::string result_;

 public:
  FaultServer server;  // last: its threads end before what they use
};

/// Polls are refused as long as this is true.
inline FakeService::Answer refuse_polls(const std::atomic<bool>& refuse) {
  return [&refuse](const SeenRequest& request) -> std::optional<ServerReply> {
    if (refuse && is_poll(request)) return ServerReply{.status = 401, .body = "{}"};
    return std::nullopt;
  };
}

/// The first `times` requests of a kind get `reply`.
inline FakeService::Answer first(bool (*kind)(const SeenRequest&), int times, ServerReply reply) {
  return [=](const SeenRequest& request) -> std::optional<ServerReply> {
    if (kind(request) && request.number <= times) return reply;
    return std::nullopt;
  };
}

}  // namespace omni::test
