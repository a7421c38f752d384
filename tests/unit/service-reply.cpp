// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Replies of every shape that deployed services were seen to emit, and what the user is told about
// refusals.
#include "service/reply.h"

#include <array>
#include <fstream>
#include <sstream>

#include "check-main.h"
#include "service/json.h"
#include "service/redact.h"
#include "service/refusal.h"

namespace {

using omni::Reason;
using omni::Refusal;
using omni::ReplyKind;
using omni::Task;
using omni::TaskState;

constexpr ReplyKind kCreate = ReplyKind::create;
constexpr ReplyKind kPoll = ReplyKind::poll;

std::string describe(const Task& task) {
  static constexpr std::array kStates = {"pending", "running", "done", "failed"};
  std::ostringstream text;
  text << kStates[static_cast<std::size_t>(task.state)];
  if (!task.word_known) text << "?" << task.word;
  if (!task.id.empty()) text << " id=" << task.id;
  if (task.progress) text << " " << *task.progress << "%";
  for (const std::string& url : task.urls) text << " " << url;
  if (!task.error_code.empty()) text << " code=" << task.error_code;
  if (!task.error_text.empty()) text << " '" << task.error_text << "'";
  return text.str();
}

std::string read(std::string_view body, ReplyKind kind) {
  const omni::Reply reply = omni::parse_reply(body, kind);
  if (const auto* task = std::get_if<Task>(&reply)) return describe(*task);
  if (const auto* refusal = std::get_if<Refusal>(&reply)) {
    return "refused code=" + refusal->code + " '" + refusal->text + "'";
  }
  return "unreadable: " + std::get<omni::Unreadable>(reply).why;
}

struct FileCase {
  const char* file;
  ReplyKind kind;
  const char* expected;
};
constexpr std::array kFiles = {
    FileCase{"octopusx-create", kCreate, "pending id=video_abc123 0%"},
    FileCase{"octopusx-running", kPoll, "running 50%"},
    FileCase{"octopusx-done", kPoll, "done 100% https://cdn.example/o.mp4"},
    FileCase{"octopusx-done-data", kPoll, "done 100% https://cdn.example/o.mp4"},
    FileCase{"octopusx-failed", kPoll, "failed 100% code=generation_failed 'upstream gave up'"},
    FileCase{"octopusx-wrapped-queued", kPoll, "pending"},
    FileCase{"octopusx-wrapped-running", kPoll, "running 50%"},
    FileCase{"octopusx-wrapped-done", kPoll, "done 100% https://cdn.example/signed.mp4?sig=1"},
    FileCase{"omnirouters-create", kCreate, "pending id=task_AbC"},
    FileCase{"omnirouters-wrapped", kPoll, "running 30%"},
    FileCase{"omnirouters-bare", kPoll, "running?"},
    FileCase{"omnirouters-plugin-done", kPoll, "done 100%"},
    FileCase{"apimart-create", kCreate, "pending id=task_01KS1H7ZYSJWH1N779S2FSHTKA"},
    FileCase{"apimart-running", kPoll, "running 40%"},
    FileCase{"apimart-done", kPoll, "done 100% https://upload.example/f/video/o.mp4"},
    FileCase{"apimart-failed", kPoll, "failed 0% code=500 'content policy'"},
    FileCase{"apimart-refusal", kCreate, "refused code=402 'Insufficient balance'"},
    FileCase{"newapi-openai-done", kPoll, "done 100% https://api.example/v1/videos/task_1/content"},
    FileCase{
        "newapi-bad-token", kCreate,
        "refused code=new_api_error 'Invalid token (request id: 20251121093012345678901AbCdEf)'"},
    FileCase{
        "newapi-raw-upstream", kCreate,
        "refused code=content_policy_violation 'The prompt was rejected by the content policy'"},
    FileCase{"newapi-no-task", kPoll, "refused code=task_not_exist 'task_not_exist'"},
    FileCase{"newapi-empty", kPoll, "running?"},
    FileCase{"newapi-empty", kCreate, "unreadable: it contains no task id"},
    FileCase{"jimmyai-done", kPoll, "done https://cdn.example/j.mp4"},
    FileCase{"toapis-done", kPoll, "done 100% https://cdn.example/t.mp4"},
    FileCase{"geeknow-failed", kPoll, "failed '生成失败'"},
    FileCase{"broken-nan", kPoll, "running"},
    FileCase{"broken-surrogate", kPoll, "failed 'half a smile: \uFFFD and \uFFFD and \uFFFD'"},
    FileCase{"gateway-page", kPoll, "unreadable: it is a web page, not JSON"},
};

START_TEST(fixtures) {
  const FileCase& row = kFiles[_i];
  std::ifstream file(std::string(REPLY_FIXTURES "/") + row.file + ".json");
  ck_assert_msg(file.good(), "%s cannot be read", row.file);
  std::stringstream text;
  text << file.rdbuf();
  expect_text(row.file, read(text.str(), row.kind), row.expected);
}
END_TEST

struct Case {
  const char* name;
  ReplyKind kind;
  const char* body;
  const char* expected;
};
constexpr std::array kTraps = {
    Case{"T1 progress 50", kPoll, R"({"status":"running","progress":50})", "running 50%"},
    Case{"T1 progress 50.0", kPoll, R"({"status":"running","progress":50.0})", "running 50%"},
    Case{"T1 progress '50'", kPoll, R"({"status":"running","progress":"50"})", "running 50%"},
    Case{"T1 progress '50%'", kPoll, R"({"status":"running","progress":"50%"})", "running 50%"},
    Case{"T1 progress ' 50 % '", kPoll, R"({"status":"running","progress":" 50 % "})",
         "running 50%"},
    Case{"T1 progress absent", kPoll, R"({"status":"running"})", "running"},
    Case{"T1 progress null", kPoll, R"({"status":"running","progress":null})", "running"},
    Case{"T1 progress words", kPoll, R"({"status":"running","progress":"half"})", "running"},
    Case{"T1 progress nan in words", kPoll, R"({"status":"running","progress":"nan"})", "running"},
    Case{"T1 progress over the top", kPoll, R"({"status":"running","progress":1e30})",
         "running 100%"},
    Case{"T1 progress below nothing", kPoll, R"({"status":"running","progress":-5})", "running 0%"},
    Case{"T1 0.5 is half a percent", kPoll, R"({"status":"running","progress":0.5})",
         "running 0.5%"},
    Case{"T1 progress_pct may be a fraction", kPoll, R"({"status":"running","progress_pct":0.5})",
         "running 50%"},
    Case{"T1 100 on a failed task", kPoll, R"({"status":"failed","progress":100})", "failed 100%"},
    Case{"T1 0 on a failed task", kPoll, R"({"status":"failed","progress":0})", "failed 0%"},
    Case{"T1 100 does not mean done", kPoll, R"({"status":"processing","progress":"100%"})",
         "running 100%"},
    Case{"T2 SUCCESS", kPoll, R"({"status":"SUCCESS"})", "done"},
    Case{"T2 Success", kPoll, R"({"status":"Success"})", "done"},
    Case{"T2 ' success '", kPoll, R"({"status":" success "})", "done"},
    Case{"T2 In-Progress", kPoll, R"({"status":"In-Progress"})", "running"},
    Case{"T2 in progress", kPoll, R"({"status":"in progress"})", "running"},
    Case{"T2 cancelled", kPoll, R"({"status":"cancelled"})", "failed"},
    Case{"T2 canceled", kPoll, R"({"status":"canceled"})", "failed"},
    Case{"T2 the outer of two vocabularies decides", kPoll,
         R"({"code":"success","data":{"status":"IN_PROGRESS","data":{"status":"failed"}}})",
         "running"},
    Case{"T2 the task's status beats the envelope's", kPoll,
         R"({"status":"success","data":{"id":"t","status":"failed"}})", "failed"},
    Case{"T2 task_status", kPoll, R"({"task_status":"SUCCEED"})", "done"},
    Case{"T3 error null", kPoll, R"({"status":"queued","error":null})", "pending"},
    Case{"T3 error ''", kPoll, R"({"status":"queued","error":""})", "pending"},
    Case{"T3 error {}", kPoll, R"({"status":"queued","error":{}})", "pending"},
    Case{"T3 error of empty strings", kPoll,
         R"({"status":"queued","error":{"message":"","code":""}})", "pending"},
    Case{"T3 error of empty strings, no status", kPoll, R"({"error":{"message":"","code":""}})",
         "running?"},
    Case{"T3 error text on a healthy task", kPoll, R"({"status":"queued","error":"retrying"})",
         "pending"},
    Case{"T3 error string", kPoll, R"({"error":"bad model"})", "refused code= 'bad model'"},
    Case{"T3 error with a numeric code", kPoll,
         R"({"status":"failed","error":{"code":500,"message":"boom"}})", "failed code=500 'boom'"},
    Case{"T3 message as an object", kPoll, R"({"error":{"message":{"message":"deep"}}})",
         "refused code= 'deep'"},
    Case{"T3 detail as a list", kPoll, R"({"success":false,"detail":[{"loc":[],"msg":"field x"}]})",
         "refused code= 'field x'"},
    Case{"T4 url as a string", kPoll, R"({"status":"done","url":"https://h/v.mp4"})",
         "done https://h/v.mp4"},
    Case{"T4 array of strings", kPoll, R"({"status":"done","url":["https://h/v.mp4"]})",
         "done https://h/v.mp4"},
    Case{"T4 array of objects", kPoll, R"({"status":"done","urls":[{"url":"https://h/v.mp4"}]})",
         "done https://h/v.mp4"},
    Case{"T4 empty string", kPoll, R"({"status":"done","url":""})", "done"},
    Case{"T4 null", kPoll, R"({"status":"done","url":null})", "done"},
    Case{"T4 empty first item", kPoll, R"({"status":"done","url":["", "https://h/v.mp4"]})",
         "done https://h/v.mp4"},
    Case{"T4 spaces around", kPoll, R"({"status":"done","url":"  https://h/v.mp4\n"})",
         "done https://h/v.mp4"},
    Case{"T4 upper case scheme", kPoll, R"({"status":"done","url":"HTTPS://h/v.mp4"})",
         "done HTTPS://h/v.mp4"},
    Case{
        "T4 APIMart's url as a string", kPoll,
        R"({"code":200,"data":{"status":"completed","result":{"videos":[{"url":"https://h/v"}]}}})",
        "done https://h/v"},
    Case{
        "T4 APIMart's place comes first", kPoll,
        R"({"status":"completed","url":"https://h/2","result":{"videos":[{"url":"https://h/1"}]}})",
        "done https://h/1 https://h/2"},
    Case{"T4 one URL in two places", kPoll,
         R"({"status":"completed","url":"https://h/1","video_url":"https://h/1"})",
         "done https://h/1"},
    Case{"T4 path", kPoll, R"({"status":"done","url":"/v1/videos/a/content"})",
         "done /v1/videos/a/content"},
    Case{"T4 data URI", kPoll, R"({"status":"done","url":"data:video/mp4;base64,AAAA"})",
         "done data:video/mp4;base64,AAAA"},
    Case{
        "T4 other schemes are not followed", kPoll,
        R"({"status":"done","urls":["file:///etc/passwd","ftp://h/v","// see the log","javascript:1",)"
        R"("data:text/html;base64,AA","data:video/mp4,AA","http://h/a\tb"]})",
        "done"},
    Case{"T4 the scheme left out", kPoll, R"({"status":"done","url":"//h/v.mp4"})",
         "done //h/v.mp4"},
    Case{"T4 spaces within", kPoll, R"({"status":"done","url":"https://h/my video.mp4?a=b c"})",
         "done https://h/my%20video.mp4?a=b%20c"},
    Case{"T4 an array in an array", kPoll, R"({"status":"done","output":[["https://h/v"]]})",
         "done https://h/v"},
    Case{"Kling's place", kPoll,
         R"({"code":0,"message":"SUCCEED","data":{"task_id":"a","task_status":"succeed",)"
         R"("task_result":{"videos":[{"id":"x","url":"https://h/v","duration":"5.1"}]}}})",
         "done https://h/v"},
    Case{"Vidu's place", kPoll,
         R"({"id":"a","state":"success","err_code":"","creations":[{"id":"x","url":"https://h/v",)"
         R"("cover_url":"https://h/c"}]})",
         "done https://h/v"},
    Case{"xAI's place", kPoll, R"({"status":"done","video":{"url":"https://h/v","duration":6}})",
         "done https://h/v"},
    Case{"OpenRouter's place", kPoll,
         R"({"id":"a","polling_url":"https://h/p","status":"completed",)"
         R"("unsigned_urls":["https://h/v"]})",
         "done https://h/v"},
    Case{"Veo's place", kPoll,
         R"({"status":"done","response":{"generateVideoResponse":{"generatedSamples":)"
         R"([{"video":{"uri":"https://h/v"}}]}}})",
         "done https://h/v"},
    Case{"kie.ai's place", kPoll,
         R"({"code":200,"msg":"success","data":{"taskId":"a","state":"success",)"
         R"("resultJson":"{\"resultUrls\":[\"https://h/v\"]}"}})",
         "done https://h/v"},
    Case{"base64 by itself", kPoll, R"({"status":"completed","data":[{"b64_json":"AAAA"}]})",
         "done data:video/mp4;base64,AAAA"},
    Case{"the request repeated is no result", kPoll,
         R"({"status":"completed","video":"https://h/in","videos":["https://h/in"],)"
         R"("video_url":"https://h/out"})",
         "done https://h/out"},
    Case{"T4 file_infos", kPoll,
         R"({"status":"done","output":{"file_infos":[{"file_url":"https://h/v"}]}})",
         "done https://h/v"},
    Case{"T4 every documented place", kPoll,
         R"({"status":"done","data":{"result_url":"https://h/4","video_url":"https://h/5",)"
         R"("url":"https://h/6","urls":["https://h/7"]},"result":{"video_url":"https://h/9",)"
         R"("url":"https://h/10","urls":["https://h/11"],"data":[{"url":"https://h/12"}]},)"
         R"("output":{"video_url":"https://h/13","url":"https://h/14"},)"
         R"("metadata":{"url":"https://h/17"},"video_url":"https://h/1","urls":"https://h/3"})",
         "done https://h/1 https://h/3 https://h/4 https://h/5 https://h/6 https://h/7 https://h/9 "
         "https://h/10 https://h/11 https://h/12 https://h/13 https://h/14 https://h/17"},
    Case{
        "T4 nested once more", kPoll,
        R"({"code":"success","data":{"status":"SUCCESS","data":{"output":{"url":"https://h/n"}}}})",
        "done https://h/n"},
    Case{"T5 data as an object", kPoll, R"({"data":{"status":"queued"}})", "pending"},
    Case{"T5 data as an array", kCreate, R"({"data":[{"task_id":"a"}]})", "running? id=a"},
    Case{"T5 data null", kPoll, R"({"code":"success","data":null})", "running?"},
    Case{"T5 data missing", kPoll, R"({"code":"success"})", "running?"},
    Case{"T5 data as a string", kPoll, R"({"status":"queued","data":"x"})", "pending"},
    Case{"T6 unknown", kCreate, R"({"id":"a","status":"unknown"})", "pending id=a"},
    Case{"T6 NOT_START", kPoll, R"({"data":{"status":"NOT_START","progress":"0%"}})", "pending 0%"},
    Case{"T6 empty status", kPoll, R"({"status":""})", "pending"},
    Case{"T7 code 400", kPoll, R"({"code":400,"message":"bad"})", "refused code=400 'bad'"},
    Case{"T7 code 402", kPoll, R"({"code":402,"message":"pay"})", "refused code=402 'pay'"},
    Case{"T7 code 500 with an empty data", kPoll, R"({"code":500,"message":"x","data":null})",
         "refused code=500 'x'"},
    Case{"T7 code 'fail'", kPoll, R"({"code":"fail","msg":"no"})", "refused code=fail 'no'"},
    Case{"T7 code '400'", kPoll, R"({"code":"400","msg":"no"})", "refused code=400 'no'"},
    Case{"T7 success false", kPoll, R"({"success":false,"message":"no"})", "refused code= 'no'"},
    Case{"T7 code 'Success' is fine", kPoll, R"({"code":"Success","data":{"status":"queued"}})",
         "pending"},
    Case{"T7 code '20000' is fine", kPoll, R"({"code":"20000","data":{"status":"queued"}})",
         "pending"},
    Case{"T7 code 0 is fine", kPoll, R"({"code":0,"data":{"status":"queued"}})", "pending"},
    Case{"T7 code 200 is fine", kPoll, R"({"code":200,"data":{"status":"queued"}})", "pending"},
    Case{"T7 'Success' alone is fine", kPoll, R"({"code":"Success","data":{"progress":5}})",
         "running? 5%"},
    Case{"T7 '20000' alone is fine", kPoll, R"({"code":"20000","data":{"progress":5}})",
         "running? 5%"},
    Case{"T7 '200' alone is fine", kPoll, R"({"code":"200","data":{"progress":5}})", "running? 5%"},
    Case{"T7 0 alone is fine", kPoll, R"({"code":0,"data":{"progress":5}})", "running? 5%"},
    Case{"T7 200 alone is fine", kPoll, R"({"code":200,"data":{"progress":5}})", "running? 5%"},
    Case{"T7 'ok' alone is fine", kPoll, R"({"code":"ok","data":{"progress":5}})", "running? 5%"},
    Case{"T7 a status decides, whatever the code", kPoll,
         R"({"code":500,"data":{"id":"a","status":"failed","error":"boom"}})",
         "failed code=500 'boom'"},
    Case{"T7 'error' about the call is no failed task", kPoll,
         R"({"status":"error","code":429,"message":"slow down"})", "refused code=429 'slow down'"},
    Case{"T7 Spring's numeric status", kPoll, R"({"status":500,"error":"Internal Server Error"})",
         "refused code= 'Internal Server Error'"},
    Case{
        "T11 failure text where a URL is expected", kPoll,
        R"({"status":"failed","metadata":{"url":"prompt refused"},"fail_reason":"prompt refused"})",
        "failed 'prompt refused'"},
    Case{"T11 text where a URL is expected, done", kPoll,
         R"({"status":"completed","metadata":{"url":"see the log"}})", "done"},
    Case{"T11 URL in fail_reason", kPoll,
         R"({"code":"success","data":{"status":"SUCCESS","fail_reason":"https://h/legacy.mp4"}})",
         "done https://h/legacy.mp4"},
    Case{"T12 polls teach no id", kPoll, R"({"id":"other","task_id":"x","status":"queued"})",
         "pending"},
    Case{"T12 task_id before a row's id", kCreate,
         R"({"code":"success","data":{"id":1,"task_id":"task_a","status":"NOT_START"}})",
         "pending id=task_a"},
    Case{"T12 task_id outside before a row's id", kCreate,
         R"({"task_id":"task_a","data":{"id":1}})", "running? id=task_a"},
    Case{"T12 taskId", kCreate, R"({"taskId":"a","status":"queued"})", "pending id=a"},
    Case{"T12 an id of more than 64 bits", kCreate, R"({"id":12345678901234567890123})",
         "running? id=12345678901234567890123"},
    Case{"MiniMax refuses", kCreate,
         R"({"task_id":"","base_resp":{"status_code":1008,"status_msg":"insufficient balance"}})",
         "refused code=1008 'insufficient balance'"},
    Case{"MiniMax accepts", kCreate,
         R"({"task_id":"a","base_resp":{"status_code":0,"status_msg":"success"}})",
         "running? id=a"},
    Case{"Vidu refuses", kCreate,
         R"({"code":429,"reason":"CreditInsufficient","message":"no credits","metadata":{}})",
         "refused code=CreditInsufficient 'no credits'"},
    Case{"Vidu's task fails", kPoll, R"({"state":"failed","err_code":"CreationPolicyViolation"})",
         "failed code=CreationPolicyViolation"},
    Case{"Kling's task fails", kPoll,
         R"({"code":0,"message":"SUCCEED","data":{"task_status":"failed",)"
         R"("task_status_msg":"Failure to pass the risk control system"}})",
         "failed 'Failure to pass the risk control system'"},
    Case{"T12 integer id", kCreate, R"({"id":42,"status":"queued"})", "pending id=42"},
    Case{"T12 empty task_id", kCreate, R"({"id":"a","task_id":"","status":"queued"})",
         "pending id=a"},
    Case{"T12 request_id where there is no other", kCreate, R"({"request_id":"r-1"})",
         "running? id=r-1"},
    Case{"T12 any other id before request_id", kCreate,
         R"({"code":0,"request_id":"r-1","data":{"task_id":"a","task_status":"submitted"}})",
         "pending id=a"},
    Case{"request_id of a refusal", kCreate, R"({"request_id":"r-1","error":"no"})",
         "refused code= 'no'"},
    Case{"create, done with a link", kCreate,
         R"({"id":"a","status":"completed","video_url":"https://h/v"})", "done id=a https://h/v"},
    Case{"create, done with a link and no id", kCreate,
         R"({"status":"completed","video_url":"https://h/v"})", "done https://h/v"},
    Case{"T12 no id", kCreate, R"({"status":"queued"})", "unreadable: it contains no task id"},
    Case{"T12 no id, but an error", kCreate, R"({"status":"failed","error":"no"})",
         "refused code= 'no'"},
    Case{"T12 'success' of the call is not done", kCreate,
         R"({"status":"success","data":{"task_id":"a"}})", "running? id=a"},
    Case{"T13 odd ids", kCreate, R"({"id":"sora-2:task_a/b+c=","status":"queued"})",
         "pending id=sora-2:task_a/b+c="},
    Case{"T13 ids with control characters", kCreate, R"({"id":"a\u0007b","status":"queued"})",
         "unreadable: it contains no task id"},
    Case{"T14 unknown words keep running", kPoll, R"({"status":"Cleaning Watermark"})",
         "running?Cleaning Watermark"},
    Case{"T14 numeric status", kPoll, R"({"task_status":2})", "running?2"},
    Case{"T14 no status", kPoll, R"({})", "running?"},
    Case{"T15 completed_at while running", kPoll,
         R"({"status":"in_progress","completed_at":1735689600,"expires_at":1})", "running"},
    Case{"T17 URL on a failed task", kPoll, R"({"status":"failed","video_url":"https://h/v"})",
         "failed"},
    Case{"T17 URL on a running task", kPoll, R"({"status":"processing","url":"https://h/v"})",
         "running"},
    Case{"T21 empty body", kPoll, "", "unreadable: it is empty"},
    Case{"T21 web page", kCreate, "  <!DOCTYPE html><html></html>",
         "unreadable: it is a web page, not JSON"},
    Case{"T21 cut JSON", kPoll, R"({"status":"comple)", "unreadable: it ends inside a string"},
    Case{"T21 plain words", kPoll, "upstream connect error",
         "unreadable: it is not valid JSON (at 1:8)"},
    Case{"T21 bare number", kPoll, "42", "unreadable: it is JSON, but not an object"},
    Case{"T21 null", kPoll, "null", "unreadable: it is JSON, but not an object"},
    Case{"T21 empty array", kPoll, "[]", "unreadable: it is JSON, but not an object"},
    Case{"T24 Chinese text", kPoll, R"({"data":{"status":"FAILURE","fail_reason":"任务超时"}})",
         "failed '任务超时'"},
    Case{"T26 APIMart wrapped, lower case", kPoll,
         R"({"code":200,"data":{"id":"a","status":"completed"}})", "done"},
    Case{"T26 new-api flat, upper case", kPoll, R"({"task_id":"a","status":"SUCCESS"})", "done"},
    Case{"T30 byte order mark", kPoll, "\xEF\xBB\xBF{\"status\":\"queued\"}", "pending"},
    Case{"T30 duplicate keys", kPoll, R"({"status":"queued","status":"failed"})", "failed"},
    Case{"T30 NaN", kPoll, R"({"status":"running","progress":NaN})", "running"},
    Case{"polite words are no reason", kPoll,
         R"({"code":200,"message":"success","data":{"status":"failed","message":"too dark"}})",
         "failed 'too dark'"},
    Case{"JSON in the text is opened once", kPoll,
         R"({"status":"failed","error":"{\"error\":{\"message\":\"{\\\"a\\\":1}\"}}"})",
         "failed '{\"a\":1}'"},
    Case{"what only looks like JSON stays", kPoll, R"({"status":"failed","error":"{oops"})",
         "failed '{oops'"},
};

START_TEST(traps) {
  const Case& row = kTraps[_i];
  expect_text(row.name, read(row.body, row.kind), row.expected);
}
END_TEST

START_TEST(t30_huge_reply) {
  const std::string body =
      R"({"status":"queued","data":")" + std::string(omni::kMaxJsonBytes, 'x') + "\"}";
  expect_text("T30", read(body, kPoll), "unreadable: it is larger than 96 MiB");
}
END_TEST

// The result itself, of 64 MiB, in a reply. In the place of an error it is not all shown.
START_TEST(large_reply) {
  const std::string video((64u << 20) / 3 * 4, 'A');
  const omni::Reply done = omni::parse_reply(
      R"({"status":"completed","url":"data:video/mp4;base64,)" + video + "\"}", kPoll);
  ck_assert_uint_eq(std::get<Task>(done).urls.at(0).size(), 22 + video.size());
  const omni::Reply failed =
      omni::parse_reply(R"({"status":"failed","error":")" + video + "\"}", kPoll);
  ck_assert_uint_le(std::get<Task>(failed).error_text.size(), 64 * 1024);
}
END_TEST

// Words for the end of a task. None of them is waited for until job-timeout.
START_TEST(last_words) {
  for (const char* word : {"aborted", "timed_out", "moderation_failed", "nsfw", "incomplete",
                           "deleted", "blocked", "Request Moderated", "TERMINATED"}) {
    const omni::Reply reply =
        omni::parse_reply(std::string(R"({"status":")") + word + "\"}", kPoll);
    ck_assert_msg(std::get<Task>(reply).state == TaskState::failed, "%s", word);
  }
}
END_TEST

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
    RefusalCase{"T22 403 for quota",
                403,
                {"insufficient_user_quota", "额度不足"},
                Reason::payment_required,
                "\"额度不足.\" (code insufficient_user_quota)"},
    RefusalCase{"T22 403 for quota in words",
                403,
                {"", "用户额度不足"},
                Reason::payment_required,
                "Top up"},
    RefusalCase{"T22 403 for the key",
                403,
                {"access_denied", "no"},
                Reason::unauthorized,
                "may use this model"},
    RefusalCase{"T22 403 bare", 403, {}, Reason::unauthorized, "HTTP 403"},
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
    RefusalCase{"T23 400 for no such task",
                400,
                {"task_not_exist", "task_not_exist"},
                Reason::service_error,
                "does not know the task"},
    RefusalCase{"T23 404 for no such task",
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
    RefusalCase{"T21 429 bare", 429, {}, Reason::rate_limited, "`max-in-flight`"},
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
    RefusalCase{"T21 502 bare", 502, {}, Reason::service_error, "HTTP 502"},
    RefusalCase{"500 for a timeout behind",
                500,
                {"", "upstream timed out"},
                Reason::timed_out,
                "ran out of time"},
    RefusalCase{"504", 504, {}, Reason::timed_out, "HTTP 504"},
    RefusalCase{"524", 524, {}, Reason::timed_out, "HTTP 524"},
    RefusalCase{"503", 503, {"", ""}, Reason::service_error, "HTTP 503"},
    RefusalCase{"T27 503 for the model",
                503,
                {"model_not_found", "no channel"},
                Reason::invalid_request,
                "`model`"},
    RefusalCase{"T7 200 with code 402", 200, {"402", "pay"}, Reason::payment_required, "Top up"},
    RefusalCase{"T7 200 with code 429", 200, {"429", ""}, Reason::rate_limited, "Lower"},
    RefusalCase{
        "T7 200 with code fail", 200, {"fail", "no"}, Reason::service_error, "did not accept"},
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
    SecretCase{"T24 URL query", "see https://h/v.mp4?sig=abc&x=1 now",
               "see https://h/v.mp4?*** now"},
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
    SecretCase{"T24 invalid UTF-8", "a\xE5", "a\xEF\xBF\xBD"},
};

START_TEST(secrets) {
  const SecretCase& row = kSecrets[_i];
  expect_text(row.name, omni::quote_for_user(row.text), row.shown);
}
END_TEST

START_TEST(t24_long_text) {
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

START_TEST(t24_request_id_once) {
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

START_TEST(t24_no_secret_in_messages) {
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
  return run_tests("service-reply", {{"fixtures", fixtures, kFiles.size()},
                                     {"traps", traps, kTraps.size()},
                                     {"T30 huge reply", t30_huge_reply, 1},
                                     {"large reply", large_reply, 1},
                                     {"last words", last_words, 1},
                                     {"failed by its word", failed_by_word, 1},
                                     {"strangers", strangers, 1},
                                     {"refusals", refusals, kRefusals.size()},
                                     {"failed tasks", failed_tasks, kFailed.size()},
                                     {"secrets", secrets, kSecrets.size()},
                                     {"T24 long text", t24_long_text, 1},
                                     {"T24 request id once", t24_request_id_once, 1},
                                     {"hidden words", hidden_words, 1},
                                     {"T24 no secret in messages", t24_no_secret_in_messages, 1}});
}
