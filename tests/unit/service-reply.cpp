// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Replies of every shape that deployed services were seen to emit.
#include "service/reply.h"

#include <array>
#include <fstream>
#include <sstream>

#include "check-main.h"
#include "service/json.h"

namespace {

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
    Case{"progress 50", kPoll, R"({"status":"running","progress":50})", "running 50%"},
    Case{"progress 50.0", kPoll, R"({"status":"running","progress":50.0})", "running 50%"},
    Case{"progress '50'", kPoll, R"({"status":"running","progress":"50"})", "running 50%"},
    Case{"progress '50%'", kPoll, R"({"status":"running","progress":"50%"})", "running 50%"},
    Case{"progress ' 50 % '", kPoll, R"({"status":"running","progress":" 50 % "})", "running 50%"},
    Case{"progress absent", kPoll, R"({"status":"running"})", "running"},
    Case{"progress null", kPoll, R"({"status":"running","progress":null})", "running"},
    Case{"progress words", kPoll, R"({"status":"running","progress":"half"})", "running"},
    Case{"progress nan in words", kPoll, R"({"status":"running","progress":"nan"})", "running"},
    Case{"progress over the top", kPoll, R"({"status":"running","progress":1e30})", "running 100%"},
    Case{"progress below nothing", kPoll, R"({"status":"running","progress":-5})", "running 0%"},
    Case{"0.5 is half a percent", kPoll, R"({"status":"running","progress":0.5})", "running 0.5%"},
    Case{"progress_pct may be a fraction", kPoll, R"({"status":"running","progress_pct":0.5})",
         "running 50%"},
    Case{"100 on a failed task", kPoll, R"({"status":"failed","progress":100})", "failed 100%"},
    Case{"0 on a failed task", kPoll, R"({"status":"failed","progress":0})", "failed 0%"},
    Case{"100 does not mean done", kPoll, R"({"status":"processing","progress":"100%"})",
         "running 100%"},
    Case{"SUCCESS", kPoll, R"({"status":"SUCCESS"})", "done"},
    Case{"Success", kPoll, R"({"status":"Success"})", "done"},
    Case{"' success '", kPoll, R"({"status":" success "})", "done"},
    Case{"In-Progress", kPoll, R"({"status":"In-Progress"})", "running"},
    Case{"in progress", kPoll, R"({"status":"in progress"})", "running"},
    Case{"cancelled", kPoll, R"({"status":"cancelled"})", "failed"},
    Case{"canceled", kPoll, R"({"status":"canceled"})", "failed"},
    Case{"the outer of two vocabularies decides", kPoll,
         R"({"code":"success","data":{"status":"IN_PROGRESS","data":{"status":"failed"}}})",
         "running"},
    Case{"the task's status beats the envelope's", kPoll,
         R"({"status":"success","data":{"id":"t","status":"failed"}})", "failed"},
    Case{"task_status", kPoll, R"({"task_status":"SUCCEED"})", "done"},
    Case{"error null", kPoll, R"({"status":"queued","error":null})", "pending"},
    Case{"error ''", kPoll, R"({"status":"queued","error":""})", "pending"},
    Case{"error {}", kPoll, R"({"status":"queued","error":{}})", "pending"},
    Case{"error of empty strings", kPoll, R"({"status":"queued","error":{"message":"","code":""}})",
         "pending"},
    Case{"error of empty strings, no status", kPoll, R"({"error":{"message":"","code":""}})",
         "running?"},
    Case{"error text on a healthy task", kPoll, R"({"status":"queued","error":"retrying"})",
         "pending"},
    Case{"error string", kPoll, R"({"error":"bad model"})", "refused code= 'bad model'"},
    Case{"error with a numeric code", kPoll,
         R"({"status":"failed","error":{"code":500,"message":"boom"}})", "failed code=500 'boom'"},
    Case{"message as an object", kPoll, R"({"error":{"message":{"message":"deep"}}})",
         "refused code= 'deep'"},
    Case{"detail as a list", kPoll, R"({"success":false,"detail":[{"loc":[],"msg":"field x"}]})",
         "refused code= 'field x'"},
    Case{"url as a string", kPoll, R"({"status":"done","url":"https://h/v.mp4"})",
         "done https://h/v.mp4"},
    Case{"array of strings", kPoll, R"({"status":"done","url":["https://h/v.mp4"]})",
         "done https://h/v.mp4"},
    Case{"array of objects", kPoll, R"({"status":"done","urls":[{"url":"https://h/v.mp4"}]})",
         "done https://h/v.mp4"},
    Case{"empty string", kPoll, R"({"status":"done","url":""})", "done"},
    Case{"null", kPoll, R"({"status":"done","url":null})", "done"},
    Case{"empty first item", kPoll, R"({"status":"done","url":["", "https://h/v.mp4"]})",
         "done https://h/v.mp4"},
    Case{"spaces around", kPoll, R"({"status":"done","url":"  https://h/v.mp4\n"})",
         "done https://h/v.mp4"},
    Case{"upper case scheme", kPoll, R"({"status":"done","url":"HTTPS://h/v.mp4"})",
         "done HTTPS://h/v.mp4"},
    Case{
        "APIMart's url as a string", kPoll,
        R"({"code":200,"data":{"status":"completed","result":{"videos":[{"url":"https://h/v"}]}}})",
        "done https://h/v"},
    Case{
        "APIMart's place comes first", kPoll,
        R"({"status":"completed","url":"https://h/2","result":{"videos":[{"url":"https://h/1"}]}})",
        "done https://h/1 https://h/2"},
    Case{"one URL in two places", kPoll,
         R"({"status":"completed","url":"https://h/1","video_url":"https://h/1"})",
         "done https://h/1"},
    Case{"path", kPoll, R"({"status":"done","url":"/v1/videos/a/content"})",
         "done /v1/videos/a/content"},
    Case{"data URI", kPoll, R"({"status":"done","url":"data:video/mp4;base64,AAAA"})",
         "done data:video/mp4;base64,AAAA"},
    Case{
        "other schemes are not followed", kPoll,
        R"({"status":"done","urls":["file:///etc/passwd","ftp://h/v","// see the log","javascript:1",)"
        R"("data:text/html;base64,AA","data:video/mp4,AA","http://h/a\tb"]})",
        "done"},
    Case{"the scheme left out", kPoll, R"({"status":"done","url":"//h/v.mp4"})", "done //h/v.mp4"},
    Case{"spaces within", kPoll, R"({"status":"done","url":"https://h/my video.mp4?a=b c"})",
         "done https://h/my%20video.mp4?a=b%20c"},
    Case{"an array in an array", kPoll, R"({"status":"done","output":[["https://h/v"]]})",
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
    Case{"file_infos", kPoll,
         R"({"status":"done","output":{"file_infos":[{"file_url":"https://h/v"}]}})",
         "done https://h/v"},
    Case{"every documented place", kPoll,
         R"({"status":"done","data":{"result_url":"https://h/4","video_url":"https://h/5",)"
         R"("url":"https://h/6","urls":["https://h/7"]},"result":{"video_url":"https://h/9",)"
         R"("url":"https://h/10","urls":["https://h/11"],"data":[{"url":"https://h/12"}]},)"
         R"("output":{"video_url":"https://h/13","url":"https://h/14"},)"
         R"("metadata":{"url":"https://h/17"},"video_url":"https://h/1","urls":"https://h/3"})",
         "done https://h/1 https://h/3 https://h/4 https://h/5 https://h/6 https://h/7 https://h/9 "
         "https://h/10 https://h/11 https://h/12 https://h/13 https://h/14 https://h/17"},
    Case{
        "nested once more", kPoll,
        R"({"code":"success","data":{"status":"SUCCESS","data":{"output":{"url":"https://h/n"}}}})",
        "done https://h/n"},
    Case{"data as an object", kPoll, R"({"data":{"status":"queued"}})", "pending"},
    Case{"data as an array", kCreate, R"({"data":[{"task_id":"a"}]})", "running? id=a"},
    Case{"data null", kPoll, R"({"code":"success","data":null})", "running?"},
    Case{"data missing", kPoll, R"({"code":"success"})", "running?"},
    Case{"data as a string", kPoll, R"({"status":"queued","data":"x"})", "pending"},
    Case{"unknown", kCreate, R"({"id":"a","status":"unknown"})", "pending id=a"},
    Case{"NOT_START", kPoll, R"({"data":{"status":"NOT_START","progress":"0%"}})", "pending 0%"},
    Case{"empty status", kPoll, R"({"status":""})", "pending"},
    Case{"code 400", kPoll, R"({"code":400,"message":"bad"})", "refused code=400 'bad'"},
    Case{"code 402", kPoll, R"({"code":402,"message":"pay"})", "refused code=402 'pay'"},
    Case{"code 500 with an empty data", kPoll, R"({"code":500,"message":"x","data":null})",
         "refused code=500 'x'"},
    Case{"code 'fail'", kPoll, R"({"code":"fail","msg":"no"})", "refused code=fail 'no'"},
    Case{"code '400'", kPoll, R"({"code":"400","msg":"no"})", "refused code=400 'no'"},
    Case{"success false", kPoll, R"({"success":false,"message":"no"})", "refused code= 'no'"},
    Case{"code 'Success' is fine", kPoll, R"({"code":"Success","data":{"status":"queued"}})",
         "pending"},
    Case{"code '20000' is fine", kPoll, R"({"code":"20000","data":{"status":"queued"}})",
         "pending"},
    Case{"code 0 is fine", kPoll, R"({"code":0,"data":{"status":"queued"}})", "pending"},
    Case{"code 200 is fine", kPoll, R"({"code":200,"data":{"status":"queued"}})", "pending"},
    Case{"'Success' alone is fine", kPoll, R"({"code":"Success","data":{"progress":5}})",
         "running? 5%"},
    Case{"'20000' alone is fine", kPoll, R"({"code":"20000","data":{"progress":5}})",
         "running? 5%"},
    Case{"'200' alone is fine", kPoll, R"({"code":"200","data":{"progress":5}})", "running? 5%"},
    Case{"0 alone is fine", kPoll, R"({"code":0,"data":{"progress":5}})", "running? 5%"},
    Case{"200 alone is fine", kPoll, R"({"code":200,"data":{"progress":5}})", "running? 5%"},
    Case{"'ok' alone is fine", kPoll, R"({"code":"ok","data":{"progress":5}})", "running? 5%"},
    Case{"a status decides, whatever the code", kPoll,
         R"({"code":500,"data":{"id":"a","status":"failed","error":"boom"}})",
         "failed code=500 'boom'"},
    Case{"'error' about the call is no failed task", kPoll,
         R"({"status":"error","code":429,"message":"slow down"})", "refused code=429 'slow down'"},
    Case{"Spring's numeric status", kPoll, R"({"status":500,"error":"Internal Server Error"})",
         "refused code= 'Internal Server Error'"},
    Case{
        "failure text where a URL is expected", kPoll,
        R"({"status":"failed","metadata":{"url":"prompt refused"},"fail_reason":"prompt refused"})",
        "failed 'prompt refused'"},
    Case{"text where a URL is expected, done", kPoll,
         R"({"status":"completed","metadata":{"url":"see the log"}})", "done"},
    Case{"URL in fail_reason", kPoll,
         R"({"code":"success","data":{"status":"SUCCESS","fail_reason":"https://h/legacy.mp4"}})",
         "done https://h/legacy.mp4"},
    Case{"polls teach no id", kPoll, R"({"id":"other","task_id":"x","status":"queued"})",
         "pending"},
    Case{"task_id before a row's id", kCreate,
         R"({"code":"success","data":{"id":1,"task_id":"task_a","status":"NOT_START"}})",
         "pending id=task_a"},
    Case{"task_id outside before a row's id", kCreate, R"({"task_id":"task_a","data":{"id":1}})",
         "running? id=task_a"},
    Case{"taskId", kCreate, R"({"taskId":"a","status":"queued"})", "pending id=a"},
    Case{"an id of more than 64 bits", kCreate, R"({"id":12345678901234567890123})",
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
    Case{"integer id", kCreate, R"({"id":42,"status":"queued"})", "pending id=42"},
    Case{"empty task_id", kCreate, R"({"id":"a","task_id":"","status":"queued"})", "pending id=a"},
    Case{"request_id where there is no other", kCreate, R"({"request_id":"r-1"})",
         "running? id=r-1"},
    Case{"any other id before request_id", kCreate,
         R"({"code":0,"request_id":"r-1","data":{"task_id":"a","task_status":"submitted"}})",
         "pending id=a"},
    Case{"request_id of a refusal", kCreate, R"({"request_id":"r-1","error":"no"})",
         "refused code= 'no'"},
    Case{"create, done with a link", kCreate,
         R"({"id":"a","status":"completed","video_url":"https://h/v"})", "done id=a https://h/v"},
    Case{"create, done with a link and no id", kCreate,
         R"({"status":"completed","video_url":"https://h/v"})", "done https://h/v"},
    Case{"no id", kCreate, R"({"status":"queued"})", "unreadable: it contains no task id"},
    Case{"no id, but an error", kCreate, R"({"status":"failed","error":"no"})",
         "refused code= 'no'"},
    Case{"'success' of the call is not done", kCreate,
         R"({"status":"success","data":{"task_id":"a"}})", "running? id=a"},
    Case{"odd ids", kCreate, R"({"id":"sora-2:task_a/b+c=","status":"queued"})",
         "pending id=sora-2:task_a/b+c="},
    Case{"ids with control characters", kCreate, R"({"id":"a\u0007b","status":"queued"})",
         "unreadable: it contains no task id"},
    Case{"unknown words keep running", kPoll, R"({"status":"Cleaning Watermark"})",
         "running?Cleaning Watermark"},
    Case{"numeric status", kPoll, R"({"task_status":2})", "running?2"},
    Case{"no status", kPoll, R"({})", "running?"},
    Case{"completed_at while running", kPoll,
         R"({"status":"in_progress","completed_at":1735689600,"expires_at":1})", "running"},
    Case{"URL on a failed task", kPoll, R"({"status":"failed","video_url":"https://h/v"})",
         "failed"},
    Case{"URL on a running task", kPoll, R"({"status":"processing","url":"https://h/v"})",
         "running"},
    Case{"empty body", kPoll, "", "unreadable: it is empty"},
    Case{"web page", kCreate, "  <!DOCTYPE html><html></html>",
         "unreadable: it is a web page, not JSON"},
    Case{"cut JSON", kPoll, R"({"status":"comple)", "unreadable: it ends inside a string"},
    Case{"plain words", kPoll, "upstream connect error",
         "unreadable: it is not valid JSON (at 1:8)"},
    Case{"bare number", kPoll, "42", "unreadable: it is JSON, but not an object"},
    Case{"null", kPoll, "null", "unreadable: it is JSON, but not an object"},
    Case{"empty array", kPoll, "[]", "unreadable: it is JSON, but not an object"},
    Case{"Chinese text", kPoll, R"({"data":{"status":"FAILURE","fail_reason":"任务超时"}})",
         "failed '任务超时'"},
    Case{"APIMart wrapped, lower case", kPoll,
         R"({"code":200,"data":{"id":"a","status":"completed"}})", "done"},
    Case{"new-api flat, upper case", kPoll, R"({"task_id":"a","status":"SUCCESS"})", "done"},
    Case{"byte order mark", kPoll, "\xEF\xBB\xBF{\"status\":\"queued\"}", "pending"},
    Case{"duplicate keys", kPoll, R"({"status":"queued","status":"failed"})", "failed"},
    Case{"NaN", kPoll, R"({"status":"running","progress":NaN})", "running"},
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

START_TEST(huge_reply) {
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

}  // namespace

int main() {
  return run_tests("service-reply", {{"fixtures", fixtures, kFiles.size()},
                                     {"traps", traps, kTraps.size()},
                                     {"huge reply", huge_reply, 1},
                                     {"large reply", large_reply, 1},
                                     {"last words", last_words, 1}});
}
