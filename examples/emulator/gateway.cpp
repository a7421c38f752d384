// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "gateway.h"

namespace emu {
namespace {

constexpr std::string_view kVideos = "/v1/videos";
constexpr std::string_view kGenerations = "/v1/video/generations";

}  // namespace

Reply relay_error(unsigned status, const std::string& message, const char* type, const char* code) {
  Object object;
  object.nest("error", [&](Object& error) {
    error.add("message", message).add("type", type);
    if (code) error.add("code", code);
  });
  return json(status, object);
}

Reply task_error(unsigned status, const char* code, const std::string& message) {
  Object object;
  object.add("code", code).add("message", message).null("data");
  return json(status, object);
}

const char* gateway_word(State state) {
  static constexpr const char* kWords[] = {"QUEUED", "IN_PROGRESS", "SUCCESS", "FAILURE"};
  return kWords[static_cast<int>(state)];
}

const char* upstream_word(State state) {
  static constexpr const char* kWords[] = {"queued", "processing", "succeeded", "failed"};
  return kWords[static_cast<int>(state)];
}

Target Gateway::route(std::string_view method, std::string_view path) const {
  const bool wrapped = path.starts_with(kGenerations);
  const Entry entry = wrapped ? Entry::wrapped : Entry::main;
  const std::string_view base = wrapped ? kGenerations : kVideos;
  if (!path.starts_with(base)) return {};
  std::string_view rest = path.substr(base.size());
  if (rest.empty()) {
    return method == "POST" ? Target{Route::create, {}, entry} : Target{};
  }
  if (rest.front() != '/' || (method != "GET" && method != "HEAD")) return {};
  rest.remove_prefix(1);
  const bool content = !wrapped && rest.ends_with("/content");
  if (content) rest.remove_suffix(std::string_view("/content").size());
  if (rest.empty() || rest.find('/') != std::string_view::npos) return {};
  return {content ? Route::content : Route::poll, std::string(rest), entry};
}

Reply Gateway::refused(const Refusal& refusal) const {
  const std::string message = refusal.what();
  switch (refusal.problem) {
    case Problem::unauthorized:
      return relay_error(401, message + " (request id: emulated)", "new_api_error", "");
    case Problem::malformed:
    case Problem::no_model:
      return relay_error(400, message, "new_api_error", "");
    case Problem::unknown_model:
      return relay_error(503, message, "new_api_error", "model_not_found");
    case Problem::invalid:
      return task_error(400, "invalid_request", message);
    case Problem::body_too_large:
      return task_error(413, "read_request_body_failed", message);
    case Problem::reference_too_large:
      return task_error(413, "invalid_request", message);
    case Problem::busy:
      return task_error(429, "fail_to_fetch_task", message);
    case Problem::no_task:
      return task_error(400, "task_not_exist", "task_not_exist");
    case Problem::no_content:
      return relay_error(404, "Task not found", "invalid_request_error");
    case Problem::not_ready:
      return relay_error(400, "Task is not completed yet, current status: " + message,
                         "invalid_request_error");
    case Problem::unknown_path:
      break;
  }
  Object object;
  object.nest("error", [&](Object& error) {
    error.add("message", "Invalid URL (" + message + ")");
    error.add("type", "invalid_request_error");
    error.add("param", "").add("code", "");
  });
  return json(404, object);
}

Reply Gateway::with_status(unsigned status) const {
  switch (status) {
    case 400:
      return task_error(400, "invalid_request", "the request was refused (fault)");
    case 401:
      return relay_error(401, "Invalid token (request id: emulated)", "new_api_error", "");
    case 402:
      return relay_error(402, "Insufficient balance (fault)", "new_api_error", "payment_required");
    case 403:
      return task_error(403, "insufficient_user_quota", "user quota is not enough (fault)");
    case 404:
      return relay_error(404, "Task not found", "invalid_request_error");
    case 413:
      return task_error(413, "read_request_body_failed", "http: request body too large");
    case 429:
      return task_error(429, "fail_to_fetch_task", "upstream load saturated, retry later (fault)");
    case 500:
      return task_error(500, "unmarshal_response_body_failed", "unreadable upstream reply (fault)");
    case 501:
      return task_error(501, "not_implemented", "not_implemented:video");
    case 502:
      return relay_error(502, "upstream trouble (fault)", "server_error");
    case 503:
      return relay_error(503, "No available channel for this model (fault)", "new_api_error",
                         "model_not_found");
    default:
      break;
  }
  if (status >= 504) return html_page(status);
  return relay_error(status, "fault " + std::to_string(status), "new_api_error", "");
}

}  // namespace emu
