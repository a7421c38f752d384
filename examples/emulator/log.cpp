// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "log.h"

#include <json-glib/json-glib.h>

#include <atomic>
#include <cstdarg>
#include <stdexcept>

#include "service/glib-ptr.h"

namespace emu {
namespace {

std::atomic<bool> quiet_mode{false};

void print_line(const char* format, va_list arguments) {
  omni::CharPtr text(g_strdup_vprintf(format, arguments));
  for (char* at = text.get(); *at; ++at) {
    if (static_cast<unsigned char>(*at) < 0x20 || *at == 0x7f) *at = '?';
  }
  GDateTime* now = g_date_time_new_now_local();
  omni::CharPtr time(g_date_time_format(now, "%H:%M:%S"));
  g_date_time_unref(now);
  std::fprintf(stderr, "%s %s\n", time.get(), text.get());
}

void add_string(JsonBuilder* builder, const char* name, const std::string& value) {
  json_builder_set_member_name(builder, name);
  omni::CharPtr valid(g_utf8_make_valid(value.data(), static_cast<gssize>(value.size())));
  json_builder_add_string_value(builder, valid.get());
}

void add_number(JsonBuilder* builder, const char* name, std::uint64_t value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_int_value(builder, static_cast<gint64>(value));
}

}  // namespace

void set_quiet(bool quiet) {
  quiet_mode = quiet;
}

void say(const char* format, ...) {
  if (quiet_mode) return;
  va_list arguments;
  va_start(arguments, format);
  print_line(format, arguments);
  va_end(arguments);
}

void complain(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line(format, arguments);
  va_end(arguments);
}

std::string human_bytes(std::uint64_t bytes) {
  char text[32];
  if (bytes >= 1000000) {
    std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  } else if (bytes >= 1000) {
    std::snprintf(text, sizeof text, "%.1f kB", static_cast<double>(bytes) / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%llu bytes", static_cast<unsigned long long>(bytes));
  }
  return text;
}

RequestLog::RequestLog(const std::string& path) : file_(std::fopen(path.c_str(), "ae")) {
  if (!file_) throw std::runtime_error("cannot write " + path);
}

void RequestLog::write(const RequestRecord& record) {
  auto builder = omni::ObjectPtr<JsonBuilder>::adopt(json_builder_new());
  json_builder_begin_object(builder.get());
  add_number(builder.get(), "time_us", static_cast<std::uint64_t>(g_get_real_time()));
  add_string(builder.get(), "method", record.method);
  add_string(builder.get(), "path", record.path);
  add_number(builder.get(), "status", record.status);
  add_number(builder.get(), "bytes_in", record.bytes_in);
  add_number(builder.get(), "bytes_out", record.bytes_out);
  json_builder_set_member_name(builder.get(), "authorization");
  json_builder_add_boolean_value(builder.get(), record.authorization);
  add_string(builder.get(), "idempotency_key", record.idempotency_key);
  add_string(builder.get(), "range", record.range);
  add_string(builder.get(), "fault", record.fault);
  add_string(builder.get(), "origin", record.origin);
  const auto parser = omni::ObjectPtr<JsonParser>::adopt(json_parser_new());
  if (!record.body.empty() &&
      json_parser_load_from_data(parser.get(), record.body.c_str(), -1, nullptr)) {
    json_builder_set_member_name(builder.get(), "body");
    json_builder_add_value(builder.get(), json_parser_steal_root(parser.get()));
  }
  json_builder_end_object(builder.get());
  JsonNode* root = json_builder_get_root(builder.get());
  omni::CharPtr line(json_to_string(root, FALSE));
  json_node_unref(root);
  // Flushed at once: tests read this file while the emulator runs.
  std::fprintf(file_.get(), "%s\n", line.get());
  std::fflush(file_.get());
}

}  // namespace emu
