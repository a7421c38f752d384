// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// libFuzzer target: any bytes as a service's reply, up to the message that a user would see.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "service/dialect.h"
#include "service/glib-ptr.h"
#include "service/json.h"
#include "service/redact.h"
#include "service/refusal.h"
#include "service/reply.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_text(const std::string& text) {
  require(g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr));
}

void check_task(const omni::Task& task, omni::ReplyKind kind) {
  const bool poll = kind == omni::ReplyKind::poll;
  require(poll ? task.id.empty() : !task.id.empty() || !task.urls.empty());
  require(task.urls.empty() || task.state == omni::TaskState::done);
  require(!task.progress || (*task.progress >= 0 && *task.progress <= 100));
  check_text(omni::error_from_failed_task("Service", task).message);
  if (task.id == "." || task.id == ".." || task.id.empty()) return;
  require(omni::escape_id(task.id).find('/') == std::string::npos);
}

void check_reply(std::string_view body, omni::ReplyKind kind, int status) {
  const omni::Reply reply = omni::parse_reply(body, kind);
  if (const auto* task = std::get_if<omni::Task>(&reply)) check_task(*task, kind);
  if (const auto* refusal = std::get_if<omni::Refusal>(&reply)) {
    check_text(omni::error_from_refusal("Service", status, *refusal).message);
  }
}

/// As the `parameters` of a request, where whatever is accepted must come out as JSON again.
void check_parameters(std::string_view text) {
  omni::Request request;
  request.prompt = "x";
  request.parameters = text;
  for (const omni::Dialect* dialect : omni::dialects()) {
    try {
      const omni::ReferenceInfo reference{1000, 8'000'000'000, 1280, 720};
      const std::string body =
          dialect->create_body(dialect->resolve(request, reference), "reference");
      require(omni::parse_json(body, nullptr, omni::JsonInput::user) != nullptr);
    } catch (const omni::Failure& failure) {
      check_text(failure.error().message);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static constexpr int kStatuses[] = {0, 200, 400, 401, 403, 404, 429, 503};
  const int status = kStatuses[size % 8];
  check_reply(body, omni::ReplyKind::create, status);
  check_reply(body, omni::ReplyKind::poll, status);
  check_text(omni::quote_for_user(body));
  check_parameters(body);
  return 0;
}
