// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Output of rows and sums.
#include <cstdio>

#include "ledger-command.h"
#include "service/glib-ptr.h"
#include "service/json.h"

namespace omni::ledger {

namespace {

using DateTimePtr = RefPtr<GDateTime, &g_date_time_ref, &g_date_time_unref>;

/// Local time for people, UTC for programs; empty for never.
std::string time_text(std::int64_t micros, bool utc) {
  if (micros == 0) return "";
  const auto time =
      DateTimePtr::adopt(utc ? g_date_time_new_from_unix_utc(micros / G_USEC_PER_SEC)
                             : g_date_time_new_from_unix_local(micros / G_USEC_PER_SEC));
  const CharPtr text(
      g_date_time_format(time.get(), utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d %H:%M:%S"));
  return text.get();
}

const char* meaning(const LedgerRow& row) {
  if (row.in_use) return "a running process uses it";
  if (row.state == "intent") return "was not submitted; cost nothing";
  if (row.state == "sent") return "it is unknown whether it was accepted. See `omni-ledger forget`";
  if (row.state == "accepted")
    return "paid, undelivered: reused by the next run, or written by fetch";
  if (row.state == "fetched")
    return "paid, undelivered, result is here: reused by the next run, or written by fetch";
  if (row.state == "delivered") return "paid and delivered";
  if (row.state == "refused") return "was refused; cost nothing";
  if (row.state == "failed") return "the service ended the job without a result";
  if (row.state == "forgotten") return "given up by hand";
  return "";
}

void print_json(JsonNode* node) {
  const CharPtr text(json_to_string(node, TRUE));
  std::puts(text.get());
}

void set(JsonObject* object, const char* name, const std::string& text) {
  if (!text.empty()) json_object_set_string_member(object, name, text.c_str());
}

JsonObject* row_object(const LedgerRow& row) {
  JsonObject* object = json_object_new();
  set(object, "id", row.id);
  set(object, "state", row.state);
  json_object_set_boolean_member(object, "in_use", row.in_use);
  set(object, "provider", row.provider);
  set(object, "base_url", row.base_url);
  set(object, "model", row.model);
  set(object, "pipeline", row.pipeline);
  set(object, "label", row.label);
  set(object, "project", row.project);
  json_object_set_int_member(object, "seconds", row.seconds);
  set(object, "task_id", row.task_id);
  json_object_set_int_member(object, "reference_bytes", static_cast<gint64>(row.reference_bytes));
  set(object, "reference_sha256", row.reference_hash);
  set(object, "request_sha256", row.request_hash);
  set(object, "created_at", time_text(row.created_at, true));
  set(object, "sent_at", time_text(row.sent_at, true));
  set(object, "accepted_at", time_text(row.accepted_at, true));
  set(object, "fetched_at", time_text(row.fetched_at, true));
  set(object, "delivered_at", time_text(row.delivered_at, true));
  if (row.result_bytes)
    json_object_set_int_member(object, "result_bytes", static_cast<gint64>(row.result_bytes));
  set(object, "kept_result_sha256", row.result_hash);
  set(object, "reason", row.reason);
  set(object, "message", row.message);
  return object;
}

JsonNodePtr node_of(JsonObject* object) {
  JsonNodePtr node(json_node_new(JSON_NODE_OBJECT));
  json_node_take_object(node.get(), object);
  return node;
}

JsonNodePtr node_of(JsonArray* array) {
  JsonNodePtr node(json_node_new(JSON_NODE_ARRAY));
  json_node_take_array(node.get(), array);
  return node;
}

void print_field(const char* name, const std::string& text) {
  if (!text.empty()) std::printf("%-12s %s\n", name, text.c_str());
}

}  // namespace

void show_list(const std::vector<LedgerRow>& rows, bool json) {
  if (json) {
    JsonArray* array = json_array_new();
    for (const LedgerRow& row : rows) json_array_add_object_element(array, row_object(row));
    return print_json(node_of(array).get());
  }
  std::printf("%-8s  %-10s  %-19s  %7s  %-28s  %-24s  %-16s  %s\n", "ID", "STATE", "CREATED",
              "SECONDS", "MODEL", "TASK", "PROJECT", "BY");
  for (const LedgerRow& row : rows) {
    const std::string state = row.state + (row.in_use ? "*" : "");
    std::printf("%-8.8s  %-10s  %-19s  %7u  %-28s  %-24s  %-16s  %s\n", row.id.c_str(),
                state.c_str(), time_text(row.created_at, false).c_str(), row.seconds,
                (row.provider + " " + row.model).c_str(), row.task_id.c_str(), row.project.c_str(),
                (row.pipeline + ", " + row.label).c_str());
  }
}

void show_row(const LedgerRow& row, bool json) {
  if (json) return print_json(node_of(row_object(row)).get());
  print_field("id", row.id);
  print_field("state", row.state + ": " + meaning(row));
  print_field("service", row.provider + " at " + row.base_url);
  print_field("model", row.model);
  print_field("task", row.task_id);
  print_field("seconds", std::to_string(row.seconds));
  print_field("by", row.pipeline + ", " + row.label);
  print_field("project", row.project);
  print_field("reference", std::to_string(row.reference_bytes) + " bytes, SHA-256 " +
                               (row.reference_hash.empty() ? "unknown" : row.reference_hash));
  print_field("request", "SHA-256 " + row.request_hash);
  print_field("created", time_text(row.created_at, false));
  print_field("sent", time_text(row.sent_at, false));
  print_field("accepted", time_text(row.accepted_at, false));
  print_field("fetched", time_text(row.fetched_at, false));
  print_field("delivered", time_text(row.delivered_at, false));
  if (row.result_bytes)
    print_field("result", std::to_string(row.result_bytes) + " bytes" +
                              (row.result_hash.empty() ? ", no longer kept"
                                                       : ", kept, SHA-256 " + row.result_hash));
  if (!row.reason.empty()) print_field("trouble", row.reason + ": " + row.message);
}

void show_sums(const std::vector<NamedSums>& tables, bool json) {
  if (json) {
    JsonObject* all = json_object_new();
    for (const NamedSums& table : tables) {
      JsonArray* array = json_array_new();
      for (const LedgerSum& sum : table.sums) {
        JsonObject* object = json_object_new();
        json_object_set_string_member(object, "name", sum.name.c_str());
        json_object_set_int_member(object, "jobs_paid", sum.jobs);
        json_object_set_int_member(object, "seconds_paid", sum.seconds);
        json_object_set_int_member(object, "failed", sum.failed);
        json_object_set_int_member(object, "undelivered", sum.undelivered);
        json_object_set_int_member(object, "in_doubt", sum.in_doubt);
        json_array_add_object_element(array, object);
      }
      json_object_set_array_member(all, table.by, array);
    }
    return print_json(node_of(all).get());
  }
  for (const NamedSums& table : tables) {
    LedgerSum total{.name = "total"};
    std::printf("%s%-44s  %9s  %12s  %8s  %11s  %8s\n", &table == &tables.front() ? "" : "\n",
                (std::string("BY ") + table.by).c_str(), "JOBS PAID", "SECONDS PAID", "FAILED",
                "UNDELIVERED", "IN DOUBT");
    const auto print = [](const LedgerSum& sum) {
      const char* name = sum.name.empty() ? "(none)" : sum.name.c_str();
      std::printf("%-44s  %9u  %12u  %8u  %11u  %8u\n", name, sum.jobs, sum.seconds, sum.failed,
                  sum.undelivered, sum.in_doubt);
    };
    for (const LedgerSum& sum : table.sums) {
      print(sum);
      total.jobs += sum.jobs;
      total.seconds += sum.seconds;
      total.failed += sum.failed;
      total.undelivered += sum.undelivered;
      total.in_doubt += sum.in_doubt;
    }
    print(total);
  }
}

}  // namespace omni::ledger
