// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The log for people (one line an event, to stderr) and the record of requests for programs (JSON
// lines in the state folder). Neither ever sees a key or the query of an address that is asked for;
// the record repeats what a create says.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace emu {

/// Safe from any thread. Control characters are shown as '?', so that one event stays one line.
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));
/// As say(), but shown with --quiet too.
void complain(const char* format, ...) __attribute__((format(printf, 1, 2)));
void set_quiet(bool quiet);

/// "3.2 MB", in powers of ten as the services' pages count.
std::string human_bytes(std::uint64_t bytes);

struct RequestRecord {
  std::string method;
  std::string path;     // without the query: that of a result link is a secret
  unsigned status = 0;  // 0 = the connection was closed without a reply
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  bool authorization = false;  // whether the header came along, never what was in it
  std::string idempotency_key;
  std::string range;
  std::string fault;
  std::string origin;  // "main", or "second" for the port that redirects lead to
  std::string body;    // of a create: JSON with data URIs shortened; empty = none
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
