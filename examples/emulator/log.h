// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The log for people (one line per event, to stderr) and the record of requests for programs (JSON
// lines in the state folder). Neither contains a key or the query of a requested URL. The record
// repeats the body of a create request.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace emu {

/// Safe from any thread. Control characters are shown as '?', so that an event is one line.
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));
/// Like say(), but also shown with --quiet.
void complain(const char* format, ...) __attribute__((format(printf, 1, 2)));
void set_quiet(bool quiet);

/// For example "3.2 MB", in powers of ten like the services' pages.
std::string human_bytes(std::uint64_t bytes);

struct RequestRecord {
  std::string method;
  std::string path;     // without the query: a result link's query is a secret
  unsigned status = 0;  // 0 = the connection was closed without a reply
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  bool authorization = false;  // whether the header was present, never its content
  std::string idempotency_key;
  std::string range;
  std::string fault;
  std::string origin;  // "main", or "second" for the port used by redirects
  std::string body;    // of a create request: JSON with data URIs shortened; empty = none
};

class RequestLog {
 public:
  explicit RequestLog(const std::string& path);
  void write(const RequestRecord& record);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace emu
