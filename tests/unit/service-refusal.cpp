// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What the user is told about refusals and failed tasks, and what is hidden from what they say.
#include "service/refusal.h"

#include <array>

#include "check-main.h"
#include "service/redact.h"

namespace {

using omni::Reason;
using omni::Refusal;
using omni::Task;
using omni::TaskState;

struct RefusalCase {
  const char* name;
  int status;
  Refusal refusal;
  Reason reason;
  const char* says;  // part of the message
};
const std::array kRefusals = {
    RefusalCase{"401", 401, {"", "Invalid token"}, Reason::unauthorized, "`api-key`"},
    RefusalCase{"401 invalid_request_error",
                401,
                {"invalid_request_error", "bad key"},
                Reason::unauthorized,
                "(HTTP 401)"},
    RefusalCase{"402", 402, {"402", "Insufficient balance"}, Reason::payment_required, "Top up"},
    RefusalCase{
        "402 with unsafe words", 402, {"", "safety deposit"}, Reason::payment_required, "Top up"},
    RefusalCase{"403 for quota",
                403,
                {"insufficient_user_quota", "额度不足"},
                Reason::payment_required,
                "\"额度不足.\" (code insufficient_user_quota)"},
    RefusalCase{
        "403 for quota in words", 403, {"", "用户额度不足"}, Reason::payment_required, "Top up"},
    RefusalCase{"403 for the key",
                403,
                {"access_denied", "no"},
                Reason::unauthorized,
                "may use this model"},
    RefusalCase{"403 bare", 403, {}, Reason::unauthorized, "HTTP 403"},
    RefusalCase{"403 moderated",
                403,
                {"", "Blocked by content policy"},
                Reason::moderated,
                "Change the prompt"},
    RefusalCase{"400 moderated",
                400,
                {"content_policy_violation", "x"},
                Reason::moderated,
                "Change the prompt"},
    RefusalCase{"400 moderated in Chinese",
                400,
                {"", "提示词包含敏感内容"},
                Reason::moderated,
                "Change the prompt"},
    RefusalCase{"500 moderated",
                500,
                {"fail_to_fetch_task", "输入内容未通过审核"},
                Reason::moderated,
                "Change the prompt"},
    RefusalCase{"400 case-sensitive is not sensitive",
                400,
                {"", "model is case-sensitive"},
                Reason::invalid_request,
                "`parameters`"},
    RefusalCase{"400",
                400,
                {"invalid_duration", "duration must be 4"},
                Reason::invalid_request,
                "duration must be 4"},
    RefusalCase{"400 timeout is a parameter",
                400,
                {"", "unknown field timeout"},
                Reason::invalid_request,
                "unknown field"},
    RefusalCase{"422", 422, {}, Reason::invalid_request, "HTTP 422"},
    RefusalCase{"400 for no such task",
                400,
                {"task_not_exist", "task_not_exist"},
                Reason::service_error,
                "does not know the task"},
    RefusalCase{"404 for no such task",
                404,
                {"invalid_request_error", "Task not found"},
                Reason::service_error,
                "does not know the task"},
    RefusalCase{"404 address",
                404,
                {"invalid_request_error", "Invalid URL (GET /x)"},
                Reason::invalid_request,
                "`base-url`"},
    RefusalCase{"404 bare", 404, {}, Reason::invalid_request, "`base-url`"},
    RefusalCase{"408", 408, {}, Reason::timed_out, "HTTP 408"},
    RefusalCase{
        "413", 413, {"read_request_body_failed", "too big"}, Reason::too_large, "shorter clip"},
    RefusalCase{
        "413 invalid_request", 413, {"invalid_request", ""}, Reason::too_large, "lower bitrate"},
    RefusalCase{"429 bare", 429, {}, Reason::rate_limited, "`max-in-flight`"},
    RefusalCase{"429 in Chinese",
                429,
                {"", "当前分组上游负载已饱和"},
                Reason::rate_limited,
                "`max-in-flight`"},
    RefusalCase{
        "429 for quota", 429, {"insufficient_quota", "x"}, Reason::payment_required, "Top up"},
    RefusalCase{"429 with a policy on rates",
                429,
                {"", "usage policy: 3 a minute"},
                Reason::rate_limited,
                "Lower"},
    RefusalCase{"451", 451, {}, Reason::moderated, "HTTP 451"},
    RefusalCase{"500", 500, {"", "oops"}, Reason::service_error, "oops"},
    RefusalCase{"502 bare", 502, {}, Reason::service_error, "HTTP 502"},
    RefusalCase{"500 for a timeout behind",
                500,
                {"", "upstream timed out"},
                Reason::timed_out,
                "ran out of time"},
    RefusalCase{"504", 504, {}, Reason::timed_out, "HTTP 504"},
    RefusalCase{"524", 524, {}, Reason::timed_out, "HTTP 524"},
    RefusalCase{"503", 503, {"", ""}, Reason::service_error, "HTTP 503"},
    RefusalCase{"503 for the model",
                503,
                {"model_not_found", "no channel"},
                Reason::invalid_request,
                "`model`"},
    RefusalCase{"200 with code 402", 200, {"402", "pay"}, Reason::payment_required, "Top up"},
    RefusalCase{"200 with code 429", 200, {"429", ""}, Reason::rate_limited, "Lower"},
    RefusalCase{"200 with code fail", 200, {"fail", "no"}, Reason::service_error, "did not accept"},
    RefusalCase{"TIMEOUT", 200, {"TIMEOUT", ""}, Reason::timed_out, "ran out of time"},
    RefusalCase{"429 for money, Kling", 429, {"1102", "x"}, Reason::payment_required, "Top up"},
    RefusalCase{"429 for money in words",
                429,
                {"", "Account balance not enough"},
                Reason::payment_required,
                "Top up"},
    RefusalCase{"429 for a quota a minute",
                429,
                {"", "You exceeded your current quota"},
                Reason::rate_limited,
                "Lower"},
    RefusalCase{"429 for money, Vidu",
                429,
                {"CreditInsufficient", "x"},
                Reason::payment_required,
                "Top up"},
    RefusalCase{"200 for money, MiniMax", 200, {"1008", "x"}, Reason::payment_required, "Top up"},
    RefusalCase{"200 for rate, MiniMax",
                200,
                {"1002", "rate limit exceeded(RPM)"},
                Reason::rate_limited,
                "at once"},
    RefusalCase{"Kling 1100", 429, {"1100", "Account exception"}, Reason::unauthorized, "account"},
    RefusalCase{"Kling 1302", 429, {"1302", "x"}, Reason::rate_limited, "more requests"},
    RefusalCase{"Kling 1303", 400, {"1303", "x"}, Reason::rate_limited, "at once"},
    RefusalCase{"Kling 1303 by its words",
                400,
                {"task_failed", "parallel task over resource pack limit"},
                Reason::rate_limited,
                "at once"},
    RefusalCase{"Kling 1303 in Chinese",
                400,
                {"task_failed", "并发任务数超过资源包限制"},
                Reason::rate_limited,
                "at once"},
    RefusalCase{"Kling 1304", 429, {"1304", "x"}, Reason::unauthorized, "this address"},
    RefusalCase{"Kling 1301", 400, {"1301", "x"}, Reason::moderated, "Change the prompt"},
    RefusalCase{"Kling's risk control, through new-api",
                400,
                {"task_failed", "Failure to pass the risk control system"},
                Reason::moderated,
                "Change the prompt"},
    RefusalCase{"Vidu QuotaExceeded", 429, {"QuotaExceeded", "x"}, Reason::rate_limited, "at once"},
    RefusalCase{"Vidu AuditSubmitIllegal",
                400,
                {"AuditSubmitIllegal", "x"},
                Reason::moderated,
                "Change the prompt"},
    RefusalCase{"MiniMax's 1026", 200, {"1026", "x"}, Reason::moderated, "Change the prompt"},
    RefusalCase{"404 for the model",
                404,
                {"model_not_found", "The model `x` does not exist"},
                Reason::invalid_request,
                "`model`"},
    RefusalCase{"407", 407, {}, Reason::unreachable, "`proxy`"},
    RefusalCase{"PROMPT_BLOCKED", 400, {"PROMPT_BLOCKED", ""}, Reason::moderated, "the prompt"},
};

START_TEST(refusals) {
  const RefusalCase& row = kRefusals[_i];
  const omni::Error error = omni::error_from_refusal("OctopusX", row.status, row.refusal);
  expect_text(row.name, omni::reason_word(error.reason), omni::reason_word(row.reason));
  expect_contains(row.name, error.message, "OctopusX ");
  expect_contains(row.name, error.message, row.says);
  expect_text(row.name, error.service_code, row.refusal.code);
  ck_assert_int_eq(error.http_status, row.status);
}
END_TEST

struct FailedCase {
  const char* name;
  const char* code;
  const char* text;
  Reason reason;
  const char* says;
};
constexpr std::array kFailed = {
    FailedCase{"bare", "", "", Reason::service_error, "OctopusX could not finish the job."},
    FailedCase{"text", "", "GPU fell over", Reason::service_error, "It says: \"GPU fell over.\""},
    FailedCase{"moderated", "500", "content policy", Reason::moderated, "Change the prompt"},
    FailedCase{"moderated in Chinese", "", "视频违规", Reason::moderated, "Change the prompt"},
    FailedCase{"moderated by code", "PROMPT_BLOCKED", "", Reason::moderated, "Change the prompt"},
    FailedCase{"timed out", "", "upstream timed out", Reason::timed_out, "took too long"},
    FailedCase{"timed out in Chinese", "", "任务超时", Reason::timed_out, "took too long"},
    FailedCase{"TIMEOUT", "TIMEOUT", "", Reason::timed_out, "took too long"},
    FailedCase{"the supplier's quota is not the user's", "", "insufficient quota",
               Reason::service_error, "insufficient quota"},
    FailedCase{"Kling's risk control", "", "Failure to pass the risk control system",
               Reason::moderated, "Change the prompt"},
    FailedCase{"Vidu's CreationPolicyViolation", "CreationPolicyViolation", "", Reason::moderated,
               "Change the prompt"},
    FailedCase{"Vidu's CreditInsufficient", "CreditInsufficient", "", Reason::payment_required,
               "Top up"},
    FailedCase{"402", "402", "pay", Reason::payment_required, "Top up"},
    FailedCase{"400", "400", "bad seconds", Reason::invalid_request, "bad seconds"},
    FailedCase{"invalid_resolution", "invalid_resolution", "", Reason::invalid_request,
               "invalid_resolution"},
};

START_TEST(failed_tasks) {
  const FailedCase& row = kFailed[_i];
  Task task;
  task.state = TaskState::failed;
  task.id = "task_1";
  task.error_code = row.code;
  task.error_text = row.text;
  const omni::Error error = omni::error_from_failed_task("OctopusX", task);
  expect_text(row.name, omni::reason_word(error.reason), omni::reason_word(row.reason));
  expect_contains(row.name, error.message, row.says);
  expect_text(row.name, error.task_id, "task_1");
  expect_text(row.name, error.service_code, row.code);
}
END_TEST

START_TEST(failed_by_word) {
  const std::pair<const char*, Reason> rows[] = {{"nsfw", Reason::moderated},
                                                 {"moderation_failed", Reason::moderated},
                                                 {"Request Moderated", Reason::moderated},
                                                 {"blocked", Reason::moderated},
                                                 {"timed_out", Reason::timed_out},
                                                 {"aborted", Reason::service_error}};
  for (const auto& [word, reason] : rows) {
    Task task;
    task.state = TaskState::failed;
    task.word = word;
    const omni::Error error = omni::error_from_failed_task("OctopusX", task);
    expect_text(word, omni::reason_word(error.reason), omni::reason_word(reason));
  }
}
END_TEST

// A page of a firewall says nothing about the key.
START_TEST(strangers) {
  const std::pair<int, Reason> rows[] = {
      {401, Reason::unreachable},  {403, Reason::unreachable},   {407, Reason::unreachable},
      {429, Reason::rate_limited}, {502, Reason::service_error}, {404, Reason::invalid_request}};
  for (const auto& [status, reason] : rows) {
    const omni::Error error = omni::error_from_stranger("OctopusX", status);
    expect_text(std::to_string(status), omni::reason_word(error.reason), omni::reason_word(reason));
    ck_assert_int_eq(error.http_status, status);
  }
}
END_TEST

struct SecretCase {
  const char* name;
  const char* text;
  const char* shown;
};
constexpr std::array kSecrets = {
    SecretCase{"plain", "nothing to hide? no: 3 #4", "nothing to hide? no: 3 #4"},
    SecretCase{"URL query", "see https://h/v.mp4?sig=abc&x=1 now", "see https://h/v.mp4?*** now"},
    SecretCase{"bare query of a URL", "https://h/v?abc", "https://h/v?***"},
    SecretCase{"fragment", "https://h/v#access_token=abc.", "https://h/v#***"},
    SecretCase{"query of a path", "/v1/t/artifacts?access=abc, ok", "/v1/t/artifacts?*** ok"},
    SecretCase{"user info", "http://me:secret@proxy:80/", "http://***@proxy:80/"},
    SecretCase{"quoted URL", "\"http://h/?a=1\" gone", "\"http://h/?***\" gone"},
    SecretCase{"bearer", "header Authorization: Bearer abc.def",
               "header Authorization: Bearer ***"},
    SecretCase{"bearer in JSON", "\"bearer\":\"abc\"", "\"bearer\":\"***\""},
    SecretCase{"sk key", "key sk-Ab12Cd34Ef is bad", "key *** is bad"},
    SecretCase{"long key", "0123456789012345678901234567890123456789 x", "*** x"},
    SecretCase{"web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0 x", "***.*** x"},
    SecretCase{"assigned", "token=abc&next=1", "token=***&next=1"},
    SecretCase{"named and long", "api_key: abcdefghijklmnop1234", "api_key: ***"},
    SecretCase{"a sentence about a token", "invalid token: expired", "invalid token: expired"},
    SecretCase{"task ids stay", "task_01KS1H7ZYSJWH1N779S2FSHTKA",
               "task_01KS1H7ZYSJWH1N779S2FSHTKA"},
    SecretCase{"white space", " a\r\n\tb\x01 c ", "a b c"},
    SecretCase{"invalid UTF-8", "a\xE5", "a\xEF\xBF\xBD"},
};

START_TEST(secrets) {
  const SecretCase& row = kSecrets[_i];
  expect_text(row.name, omni::quote_for_user(row.text), row.shown);
}
END_TEST

START_TEST(long_text) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "语";
  const Refusal refusal{"", text + " (request id: 20251121093012345678901AbCdEf)"};
  const omni::Error error = omni::error_from_refusal("OctopusX", 400, refusal);
  std::string cut;
  for (int i = 0; i < 300; ++i) cut += "语";
  expect_contains("cut", error.message, "\"" + cut + "…\"");
  expect_contains("request id", error.message, "(request id 20251121093012345678901AbCdEf)");
}
END_TEST

START_TEST(request_id_once) {
  const Refusal refusal{"", "坏 (request id: 2025112109AbC)"};
  const std::string message = omni::error_from_refusal("OctopusX", 400, refusal).message;
  ck_assert_uint_eq(message.find("2025112109AbC"), message.rfind("2025112109AbC"));
  expect_text("Chinese", omni::find_request_id("失败 请求 ID：req-12345678。"), "req-12345678");
  expect_text("none", omni::find_request_id("no request identification"), "");
  expect_text("a key is no id", omni::find_request_id("request id: sk-1234567890"), "");
}
END_TEST

/// What nobody could know for a secret, in every text that is made of what a service says.
START_TEST(hidden_words) {
  omni::hide_words({"my+key/1=", "my+key", "tenant", "", "short"});
  expect_text("anywhere", omni::quote_for_user("a my+key/1=b (xmy+keyx) tenant's short"),
              "a ***b (x***x) ***'s short");
  expect_text("before it is cut", omni::quote_for_user("say my+key/1=", 8), "say ***");
  expect_text("as an id", omni::find_request_id("request id: tenant"), "");
  const Refusal refusal{"tenant", "no such key my+key/1= (request id: my+key)"};
  const std::string text = omni::error_from_refusal("Service", 401, refusal).message;
  expect_lacks("error", text, "my+key");
  expect_lacks("code", text, "tenant");
  expect_contains("the rest", text, "no such key *** (request id: ***)");
  omni::hide_words({});
  expect_text("until it is told otherwise", omni::quote_for_user("tenant"), "tenant");
}
END_TEST

START_TEST(no_secret_in_messages) {
  const Refusal refusal{"sk-SECRETSECRET", "https://h/v?SECRET Bearer SECRET token=SECRET"};
  for (const int status : {0, 200, 400, 401, 403, 429, 500}) {
    expect_lacks("refusal", omni::error_from_refusal("X", status, refusal).message, "SECRET");
  }
  Task task;
  task.error_text = refusal.text;
  task.error_code = refusal.code;
  expect_lacks("task", omni::error_from_failed_task("X", task).message, "SECRET");
}
END_TEST

}  // namespace

int main() {
  return run_tests("service-refusal", {{"refusals", refusals, kRefusals.size()},
                                       {"failed tasks", failed_tasks, kFailed.size()},
                                       {"failed by its word", failed_by_word, 1},
                                       {"strangers", strangers, 1},
                                       {"secrets", secrets, kSecrets.size()},
                                       {"long text", long_text, 1},
                                       {"request id once", request_id_once, 1},
                                       {"hidden words", hidden_words, 1},
                                       {"no secret in messages", no_secret_in_messages, 1}});
}
