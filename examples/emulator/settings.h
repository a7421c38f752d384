// What the command line asks for, in one plain structure. Read once at the start, never changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emu {

/// The reference as a file, before base64: the service's documented "up to 15MB".
inline constexpr std::uint64_t kMaxReferenceBytes = 15 * 1024 * 1024;
/// The whole request body: a gateway's usual limit. 15 MiB make about 20 MiB of base64.
inline constexpr std::uint64_t kMaxBodyBytes = 32 * 1024 * 1024;
/// How long a task can be asked for after it has ended; then it and its files are forgotten.
inline constexpr int kTaskLifeSeconds = 24 * 3600;

/// Where the reply to a poll carries the address of the result. Each is a documented form.
enum class ReplyForm {
  video_url,  // flat object, "video_url"
  data,       // flat object, "data":[{"url"}]
  metadata,   // flat object, "metadata":{"url"}
  content,    // flat object without any address: the client must ask for /content
  task,       // {"code":"success","data":{...,"url"}}
  dto,        // {"code":"success","data":{...,"result_url"}}, upper-case words, "50%"
  nested,     // {"code":"success","data":{"data":{"content":{"video_url"}}}}
};

struct Settings {
  std::string address = "127.0.0.1";
  unsigned port = 8080;
  std::string key;           // empty = any bearer that is not empty
  double service_time = 0;   // seconds that a job takes at least
  std::string look;          // when no word of the prompt names one; empty = the first of the table
  unsigned concurrency = 0;  // jobs that run at once; 0 = as many as come
  unsigned queue = 0;        // jobs that may wait beyond those before 429
  unsigned retry_after = 5;  // seconds named with that 429
  double expire = 86400;     // life of a result link in seconds
  unsigned fps = 0;          // frames per second of results; 0 = as the reference
  ReplyForm reply = ReplyForm::video_url;
  bool progress = true;
  bool quiet = false;
  std::string state_dir;             // empty = a temporary folder, removed at the end
  std::vector<std::string> command;  // the user's own program and its arguments
  std::vector<std::string> models;   // accepted beside the dialect's own; "any" accepts all
  std::string faults;
};

}  // namespace emu
