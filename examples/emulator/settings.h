// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The command line as a plain structure. Read once at the start, never changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emu {

/// Limit of a reference inside the request, as a file before base64: OctopusX documents "up to
/// 15MB; when too large, [...] convert to a public URL".
inline constexpr std::uint64_t kMaxReferenceBytes = 15 * 1024 * 1024;
/// The emulator's own limit for a reference by URL, if the service documents none.
inline constexpr std::uint64_t kMaxFetchedBytes = 100 * 1024 * 1024;
inline constexpr std::uint64_t kMaxImageBytes = 20 * 1024 * 1024;
/// Limit of the whole request body, usual for gateways. 15 MiB make about 20 MiB of base64.
inline constexpr std::uint64_t kMaxBodyBytes = 32 * 1024 * 1024;
/// How long an ended task can be polled; then it and its files are deleted.
inline constexpr int kTaskLifeSeconds = 24 * 3600;

/// The emulated API.
enum class Provider { octopusx, omnirouters, apimart };

/// Where a poll's reply contains the result's URL. Each is a documented form of one of the services
/// (see --help).
enum class ReplyForm {
  // octopusx
  video_url,  // flat object, "video_url"
  data,       // flat object, "data":[{"url"}]
  metadata,   // flat object, "metadata":{"url"}
  content,    // flat object without a URL: the client must request /content
  task,       // {"code":"success","data":{...,"url"}}
  dto,        // {"code":"success","data":{...,"result_url"}}, upper-case words, "50%"
  nested,     // {"code":"success","data":{"data":{"content":{"video_url"}}}}
  // omnirouters: the body of the upstream service, or the gateway's own
  flat,       // its words, its task_id, "video_url"
  bare,       // {"id"} at the first poll, then as flat
  urls,       // flat, "urls":[...]
  output,     // flat, "output":{"file_infos":[{"file_url"}]}
  result,     // flat, "result":{"url"}
  wrapped,    // {"code":"success","data":{"id":1,...,"result_url"}}, upper-case words, "30%"
  artifacts,  // upper-case words, no URL: the client must request the artifacts or /content
  // apimart: {"code":200,"data":{"result":{"videos":[{"url"}]}}}
  array,   // "url":[...]
  string,  // "url":"..."
  early,   // like array, but the URL is already there while the task is running
};

/// From `least` to `most` seconds; equal if not random.
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
  std::string key;           // empty = any non-empty bearer key
  Span service_time;         // minimum duration of a job in seconds
  std::uint64_t seed = 1;    // of the random decisions
  double fail_rate = 0;      // share of the jobs that fail after they were accepted
  double slow_rate = 0;      // share of the jobs that take slow_time longer
  double slow_time = 0;      // seconds
  std::string look;          // used if the prompt names none; empty = the first in the table
  unsigned concurrency = 0;  // jobs that run at once; 0 = no limit
  unsigned queue = 0;        // jobs that may wait in addition; then 429
  unsigned retry_after = 5;  // seconds, sent with that 429
  double expire = 86400;     // lifetime of a result link in seconds
  unsigned fps = 0;          // frames per second of results; 0 = as the reference
  double stretch = 1;        // factor of the results' duration
  FrameSize size;            // of results; 0 = as requested
  Provider provider = Provider::octopusx;
  ReplyForm reply = ReplyForm::video_url;
  bool refusals_in_200 = false;  // refuse with HTTP status 200 and the actual status in the body
  bool fetch_images = true;      // false: images by URL are not fetched
  bool fetch_anywhere = false;   // also fetch references and images from other machines
  bool progress = true;
  bool quiet = false;
  std::string state_dir;             // empty = a temporary folder, deleted at the end
  std::vector<std::string> command;  // the user's own program and its arguments
  std::vector<std::string> models;   // accepted in addition to the dialect's own; "any" accepts all
  std::string faults;
};

}  // namespace emu
