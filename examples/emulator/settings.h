// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What the command line asks for, in one plain structure. Read once at the start, never changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emu {

/// A reference inside the request, as a file, before base64: OctopusX's documented "up to 15MB;
/// when too large, [...] convert to a public URL".
inline constexpr std::uint64_t kMaxReferenceBytes = 15 * 1024 * 1024;
/// Where a service names no limit for a reference by address, this is the emulator's own.
inline constexpr std::uint64_t kMaxFetchedBytes = 100 * 1024 * 1024;
inline constexpr std::uint64_t kMaxImageBytes = 20 * 1024 * 1024;
/// The whole request body: a gateway's usual limit. 15 MiB make about 20 MiB of base64.
inline constexpr std::uint64_t kMaxBodyBytes = 32 * 1024 * 1024;
/// How long a task can be asked for after it has ended; then it and its files are forgotten.
inline constexpr int kTaskLifeSeconds = 24 * 3600;

/// Whose API is spoken.
enum class Provider { octopusx, omnirouters, apimart };

/// Where the reply to a poll carries the address of the result. Each is a documented form of one of
/// the services (see --help).
enum class ReplyForm {
  // octopusx
  video_url,  // flat object, "video_url"
  data,       // flat object, "data":[{"url"}]
  metadata,   // flat object, "metadata":{"url"}
  content,    // flat object without any address: the client must ask for /content
  task,       // {"code":"success","data":{...,"url"}}
  dto,        // {"code":"success","data":{...,"result_url"}}, upper-case words, "50%"
  nested,     // {"code":"success","data":{"data":{"content":{"video_url"}}}}
  // omnirouters: the body of the service behind the gateway, or the gateway's own
  flat,       // its words, its task_id, "video_url"
  bare,       // {"id"} at the first poll, then as flat
  urls,       // flat, "urls":[...]
  output,     // flat, "output":{"file_infos":[{"file_url"}]}
  result,     // flat, "result":{"url"}
  wrapped,    // {"code":"success","data":{"id":1,...,"result_url"}}, upper-case words, "30%"
  artifacts,  // upper-case words, no address: the client must ask for the artifacts or /content
  // apimart: {"code":200,"data":{"result":{"videos":[{"url"}]}}}
  array,   // "url":[...]
  string,  // "url":"..."
  early,   // as array, and the address is there while the task is still running
};

/// From `least` to `most` seconds; equal where nothing is left to chance.
struct Span {
  double least = 0;
  double most = 0;
};

struct FrameSize {
  unsigned width = 0;
  unsigned height = 0;
};

struct Settings {
  std::string address = "127.0.0.1";
  unsigned port = 8080;
  std::string key;           // empty = any bearer that is not empty
  Span service_time;         // seconds that a job takes at least
  std::uint64_t seed = 1;    // of what chance decides
  double fail_rate = 0;      // share of the jobs that fail after they were accepted
  double slow_rate = 0;      // share of the jobs that take slow_time longer
  double slow_time = 0;      // seconds
  std::string look;          // when no word of the prompt names one; empty = the first of the table
  unsigned concurrency = 0;  // jobs that run at once; 0 = as many as come
  unsigned queue = 0;        // jobs that may wait beyond those before 429
  unsigned retry_after = 5;  // seconds named with that 429
  double expire = 86400;     // life of a result link in seconds
  unsigned fps = 0;          // frames per second of results; 0 = as the reference
  double stretch = 1;        // results last so many times what was asked for
  FrameSize size;            // of results; 0 = as asked for
  Provider provider = Provider::octopusx;
  ReplyForm reply = ReplyForm::video_url;
  bool refusals_in_200 = false;  // refusals say 200 in HTTP and their status in the body
  bool fetch_images = true;      // false: images by address are left alone
  bool fetch_anywhere = false;   // references and images from other computers too
  bool progress = true;
  bool quiet = false;
  std::string state_dir;             // empty = a temporary folder, removed at the end
  std::vector<std::string> command;  // the user's own program and its arguments
  std::vector<std::string> models;   // accepted beside the dialect's own; "any" accepts all
  std::string faults;
};

}  // namespace emu
