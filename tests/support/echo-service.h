// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A video service that regenerates nothing: each job's result is its own reference, or what a test
// puts in its place. Jobs can be held back and let go one by one, so that they finish in any order.
#pragma once

#include <glib.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "support/fake-service.h"

namespace omni::test {

class EchoService {
 public:
  using Answer = std::function<std::optional<ServerReply>(const SeenRequest&)>;
  /// From a job's number (the first is 1) and its reference to its result.
  using Remake = std::function<std::string(int job, const std::string& reference)>;

  explicit EchoService(Answer special = nullptr, Remake remake = nullptr)
      : remake_(std::move(remake)), server([this, special](const SeenRequest& request) {
          if (special) {
            if (auto reply = special(request)) return *reply;
          }
          return usual(request);
        }) {}

  /// These jobs are not done before they are let go.
  void hold(std::set<int> jobs) {
    const std::lock_guard lock(lock_);
    held_ = std::move(jobs);
  }
  void let_go(int job) {
    const std::lock_guard lock(lock_);
    held_.erase(job);
  }
  void let_all_go() {
    const std::lock_guard lock(lock_);
    held_.clear();
  }

  std::string reference(int job) const {
    const std::lock_guard lock(lock_);
    const auto found = references_.find(job);
    return found == references_.end() ? "" : found->second;
  }
  /// The text of this member of a job's create body; empty when it has none.
  std::string member(int job, const std::string& name) const {
    const std::lock_guard lock(lock_);
    const auto found = bodies_.find(job);
    if (found == bodies_.end()) return "";
    const std::string key = "\"" + name + "\":\"";
    const std::size_t at = found->second.find(key);
    if (at == std::string::npos) return "";
    const std::size_t from = at + key.size();
    return found->second.substr(from, found->second.find('"', from) - from);
  }
  int creates() const { return server.count("POST"); }

 private:
  ServerReply usual(const SeenRequest& request) {
    if (is_create(request)) return take(request);
    if (is_poll(request)) return poll(request.target.substr(11));
    if (is_file(request)) return {.body = result(request.target), .type = "video/mp4"};
    return {.status = 404, .body = "{}"};
  }

  ServerReply take(const SeenRequest& request) {
    static const std::string kMark = ";base64,";
    const std::size_t at = request.body.find(kMark);
    if (at == std::string::npos) return {.status = 400, .body = "{}"};
    const std::size_t from = at + kMark.size();
    const std::size_t end = request.body.find('"', from);
    gsize size = 0;
    guchar* bytes = g_base64_decode(request.body.substr(from, end - from).c_str(), &size);
    const std::lock_guard lock(lock_);
    references_[request.number] = std::string(reinterpret_cast<char*>(bytes), size);
    bodies_[request.number] = request.body.substr(0, at) + request.body.substr(end);
    g_free(bytes);
    return {.body = task_json("video_" + std::to_string(request.number), "queued", 0)};
  }

  ServerReply poll(const std::string& id) {
    const int job = std::stoi(id.substr(6));
    {
      const std::lock_guard lock(lock_);
      if (held_.contains(job)) return {.body = task_json(id, "in_progress", 30)};
    }
    return {.body = task_json(id, "completed", 100,
                              server.url() + "/files/" + std::to_string(job) + ".mp4")};
  }

  std::string result(const std::string& target) {
    const int job = std::stoi(target.substr(7));
    const std::string source = reference(job);
    return remake_ ? remake_(job, source) : source;
  }

  Remake remake_;
  mutable std::mutex lock_;
  std::set<int> held_;
  std::map<int, std::string> references_;
  std::map<int, std::string> bodies_;

 public:
  FaultServer server;  // last: its threads end before what they use
};

}  // namespace omni::test
