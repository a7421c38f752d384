// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Every reply shape of deployed services, each for a task that is queued, running, done and failed,
// is read as the same task. Odd values within a shape are in service-reply.cpp.
#include <sstream>

#include "check-main.h"
#include "service/reply.h"

namespace {

using omni::Task;

std::string describe(const Task& task) {
  static constexpr const char* kStates[] = {"pending", "running", "done", "failed"};
  std::ostringstream text;
  text << kStates[static_cast<std::size_t>(task.state)];
  if (task.progress) text << " " << *task.progress << "%";
  for (const std::string& url : task.urls) text << " " << url;
  if (!task.error_code.empty()) text << " code=" << task.error_code;
  if (!task.error_text.empty()) text << " '" << task.error_text << "'";
  return text.str();
}

struct State {
  const char* body;
  const char* expected;
};

struct Shape {
  const char* name;
  State states[4];  // queued, running, done, failed
};

// clang-format off: one reply a line
const Shape kShapes[] =
    {
        {"OctopusX /v1/videos",
         {{R"({"id":"t","task_id":"t","object":"video","model":"m","status":"queued","progress":0,"created_at":1735689600,"completed_at":0,"expires_at":1735776000,"seconds":"8","size":"720x1280","remixed_from_video_id":"","error":{"message":"","code":""},"video_url":""})",
           "pending 0%"},
          {R"({"id":"t","task_id":"t","object":"video","model":"m","status":"processing","progress":50,"created_at":1735689600,"completed_at":0,"expires_at":1735776000,"seconds":"8","size":"720x1280","remixed_from_video_id":"","error":{"message":"","code":""},"video_url":""})",
           "running 50%"},
          {R"({"id":"t","task_id":"t","object":"video","model":"m","status":"completed","progress":100,"created_at":1735689600,"completed_at":0,"expires_at":1735776000,"seconds":"8","size":"720x1280","remixed_from_video_id":"","error":{"message":"","code":""},"video_url":"https://h/o.mp4"})",
           "done 100% https://h/o.mp4"},
          {R"({"id":"t","task_id":"t","object":"video","model":"m","status":"failed","progress":100,"created_at":1735689600,"completed_at":0,"expires_at":1735776000,"seconds":"8","size":"720x1280","remixed_from_video_id":"","error":{"message":"too dark","code":"E"},"video_url":""})",
           "failed 100% code=E 'too dark'"}}},
        {"OctopusX, the result in data[0].url",
         {{R"({"id":"t","task_id":"t","object":"video","model":"m","status":"queued","progress":0,"created_at":1735689600,"completed_at":0,"expires_at":1735776000,"seconds":"8","size":"720x1280","remixed_from_video_id":"","error":{"message":"","code":""},"video_url":""})",
           "pending 0%"},
          {R"({"id":"t","task_id":"t","object":"video","model":"m","status":"in_progress","progress":50,"created_at":1735689600,"completed_at":0,"expires_at":1735776000,"seconds":"8","size":"720x1280","remixed_from_video_id":"","error":{"message":"","code":""},"video_url":""})",
           "running 50%"},
          {R"({"id":"t","task_id":"t","object":"video","model":"m","status":"completed","progress":100,"created_at":1735689600,"completed_at":0,"expires_at":1735776000,"seconds":"8","size":"720x1280","remixed_from_video_id":"","error":{"message":"","code":""},"video_url":"","data":[{"url":"https://h/o.mp4"}]})",
           "done 100% https://h/o.mp4"},
          {R"({"id":"t","task_id":"t","object":"video","model":"m","status":"cancelled","progress":100,"created_at":1735689600,"completed_at":0,"expires_at":1735776000,"seconds":"8","size":"720x1280","remixed_from_video_id":"","error":{"message":"too dark","code":"E"},"video_url":""})",
           "failed 100% code=E 'too dark'"}}},
        {"OctopusX /v1/video/generations",
         {{R"({"code":"success","message":"","data":{"task_id":"t","status":"queued","url":"","format":"mp4","metadata":null,"error":null}})",
           "pending"},
          {R"({"code":"success","message":"","data":{"task_id":"t","status":"processing","url":"","format":"mp4","metadata":null,"error":null}})",
           "running"},
          {R"({"code":"success","message":"","data":{"task_id":"t","status":"succeeded","url":"https://h/o.mp4","format":"mp4","metadata":null,"error":null}})",
           "done https://h/o.mp4"},
          {R"({"code":"success","message":"","data":{"task_id":"t","status":"failed","url":"","format":"mp4","metadata":null,"error":{"message":"too dark","code":"E"}}})",
           "failed code=E 'too dark'"}}},
        {"OctopusX Seedance",
         {{R"({"code":"success","data":{"task_id":"t","status":"SUBMITTED","progress":"0%","submit_time":1775908082,"start_time":0,"finish_time":0,"data":{"status":"queued","content":{},"usage":{}}}})",
           "pending 0%"},
          {R"({"code":"success","data":{"task_id":"t","status":"IN_PROGRESS","progress":"50%","submit_time":1775908082,"start_time":0,"finish_time":0,"data":{"status":"processing","content":{},"usage":{}}}})",
           "running 50%"},
          {R"({"code":"success","data":{"task_id":"t","status":"SUCCESS","progress":"100%","submit_time":1775908082,"start_time":0,"finish_time":0,"data":{"status":"succeeded","content":{"video_url":"https://h/o.mp4"},"usage":{}}}})",
           "done 100% https://h/o.mp4"},
          {R"({"code":"success","data":{"task_id":"t","status":"FAILURE","progress":"100%","submit_time":1775908082,"start_time":0,"finish_time":0,"data":{"status":"failed","content":{},"usage":{}},"fail_reason":"too dark"}})",
           "failed 100% 'too dark'"}}},
        {"OmniRouters /v1/videos, the body behind it",
         {{R"({"id":"task_A","task_id":"other","status":"queued"})", "pending"},
          {R"({"id":"task_A","task_id":"other","status":"running","progress":50})", "running 50%"},
          {R"({"id":"task_A","task_id":"other","status":"succeeded","urls":["https://h/o.mp4"]})",
           "done https://h/o.mp4"},
          {R"({"id":"task_A","task_id":"other","status":"failed","error":{"message":"too dark","code":"E"}})",
           "failed code=E 'too dark'"}}},
        {"OmniRouters, video_url as an array",
         {{R"({"id":"task_A","task_id":"other","status":"queued"})", "pending"},
          {R"({"id":"task_A","task_id":"other","status":"processing","progress":"50%"})",
           "running 50%"},
          {R"({"id":"task_A","task_id":"other","status":"done","data":{"video_url":["https://h/o.mp4"]}})",
           "done https://h/o.mp4"},
          {R"({"id":"task_A","task_id":"other","status":"error","data":{},"message":"too dark"})",
           "failed 'too dark'"}}},
        {"OmniRouters, result as an object",
         {{R"({"id":"task_A","task_id":"other","status":"queued"})", "pending"},
          {R"({"id":"task_A","task_id":"other","status":"running"})", "running"},
          {R"({"id":"task_A","task_id":"other","status":"completed","result":{"urls":["https://h/o.mp4"]}})",
           "done https://h/o.mp4"},
          {R"({"id":"task_A","task_id":"other","status":"failed","message":{"message":"too dark"}})",
           "failed 'too dark'"}}},
        {"Tencent VOD in output",
         {{R"({"id":"task_A","task_id":"other","status":"queued"})", "pending"},
          {R"({"id":"task_A","task_id":"other","status":"processing"})", "running"},
          {R"({"id":"task_A","task_id":"other","status":"completed","output":{"file_infos":[{"file_url":"https://h/o.mp4"}]}})",
           "done https://h/o.mp4"},
          {R"({"id":"task_A","task_id":"other","status":"failed","err":"too dark"})",
           "failed 'too dark'"}}},
        {"new-api task, wrapped",
         {{R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"NOT_START","fail_reason":"","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"0%","properties":{"input":"x"},"data":{}}})",
           "pending 0%"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"IN_PROGRESS","fail_reason":"","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"50%","properties":{"input":"x"},"data":{}}})",
           "running 50%"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"SUCCESS","fail_reason":"","result_url":"https://h/o.mp4","submit_time":1,"start_time":1,"finish_time":0,"progress":"100%","properties":{"input":"x"},"data":{}}})",
           "done 100% https://h/o.mp4"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"FAILURE","fail_reason":"too dark","result_url":"too dark","submit_time":1,"start_time":1,"finish_time":0,"progress":"100%","properties":{"input":"x"},"data":{}}})",
           "failed 100% 'too dark'"}}},
        {"new-api task, the address in fail_reason",
         {{R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"QUEUED","fail_reason":"","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"0%","properties":{"input":"x"},"data":{}}})",
           "pending 0%"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"IN_PROGRESS","fail_reason":"","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"50%","properties":{"input":"x"},"data":{"status":"failed"}}})",
           "running 50%"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"SUCCESS","fail_reason":"https://h/o.mp4","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"100%","properties":{"input":"x"},"data":{}}})",
           "done 100% https://h/o.mp4"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"FAILURE","fail_reason":"too dark","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"100%","properties":{"input":"x"},"data":{}}})",
           "failed 100% 'too dark'"}}},
        {"new-api task, the address in the body behind it",
         {{R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"SUBMITTED","fail_reason":"","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"0%","properties":{"input":"x"},"data":{}}})",
           "pending 0%"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"IN_PROGRESS","fail_reason":"","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"50%","properties":{"input":"x"},"data":{}}})",
           "running 50%"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"SUCCESS","fail_reason":"","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"100%","properties":{"input":"x"},"data":{"status":"succeeded","output":{"url":"https://h/o.mp4"}}}})",
           "done 100% https://h/o.mp4"},
          {R"({"code":"success","message":"","data":{"id":1,"created_at":1,"updated_at":2,"task_id":"task_A","platform":"55","user_id":1,"group":"default","channel_id":0,"quota":1,"action":"generate","status":"FAILURE","fail_reason":"too dark","result_url":"","submit_time":1,"start_time":1,"finish_time":0,"progress":"100%","properties":{"input":"x"},"data":{"status":"failed","error":{"message":"too dark","code":"E"}}}})",
           "failed 100% 'too dark'"}}},
        {"new-api plugin task, flat",
         {{R"({"task_id":"task_A","platform":"1","status":"QUEUED","progress":"0%","fail_reason":"","created_at":1788400582,"finished_at":1788400867})",
           "pending 0%"},
          {R"({"task_id":"task_A","platform":"1","status":"IN_PROGRESS","progress":"50%","fail_reason":"","created_at":1788400582,"finished_at":1788400867})",
           "running 50%"},
          {R"({"task_id":"task_A","platform":"1","status":"SUCCESS","progress":"100%","fail_reason":"","created_at":1788400582,"finished_at":1788400867})",
           "done 100%"},
          {R"({"task_id":"task_A","platform":"1","status":"FAILURE","progress":"100%","fail_reason":"too dark","created_at":1788400582,"finished_at":1788400867})",
           "failed 100% 'too dark'"}}},
        {"new-api OpenAI video",
         {{R"({"id":"t","object":"video","model":"m","status":"unknown","progress":0,"created_at":1,"completed_at":2})",
           "pending 0%"},
          {R"({"id":"t","object":"video","model":"m","status":"in_progress","progress":50,"created_at":1,"completed_at":2})",
           "running 50%"},
          {R"({"id":"t","object":"video","model":"m","status":"completed","progress":100,"created_at":1,"completed_at":2,"metadata":{"url":"https://h/o.mp4"}})",
           "done 100% https://h/o.mp4"},
          {R"({"id":"t","object":"video","model":"m","status":"failed","progress":100,"created_at":1,"completed_at":2,"metadata":{"url":"too dark"},"error":{"message":"too dark","code":"E"}})",
           "failed 100% code=E 'too dark'"}}},
        {"OpenAI /v1/videos",
         {{R"({"id":"t","object":"video","model":"m","status":"queued","progress":0,"created_at":1,"completed_at":2})",
           "pending 0%"},
          {R"({"id":"t","object":"video","model":"m","status":"in_progress","progress":50,"created_at":1,"completed_at":2})",
           "running 50%"},
          {R"({"id":"t","object":"video","model":"m","status":"completed","progress":100,"created_at":1,"completed_at":2})",
           "done 100%"},
          {R"({"id":"t","object":"video","model":"m","status":"failed","progress":100,"created_at":1,"completed_at":2,"error":{"message":"too dark","code":"E"}})",
           "failed 100% code=E 'too dark'"}}},
        {"APIMart, url as an array",
         {{R"({"code":200,"data":{"id":"task_1","status":"pending","progress":0,"estimated_time":60,"created":1763088289}})",
           "pending 0%"},
          {R"({"code":200,"data":{"id":"task_1","status":"processing","progress":50,"estimated_time":60,"created":1763088289}})",
           "running 50%"},
          {R"({"code":200,"data":{"id":"task_1","status":"completed","progress":100,"estimated_time":60,"created":1763088289,"result":{"videos":[{"url":["https://h/o.mp4"],"expires_at":1763174708}],"thumbnail_url":"https://h/t.jpg"}}})",
           "done 100% https://h/o.mp4"},
          {R"({"code":200,"data":{"id":"task_1","status":"failed","progress":0,"estimated_time":60,"created":1763088289,"error":{"code":500,"message":"too dark","type":"x"}}})",
           "failed 0% code=500 'too dark'"}}},
        {"APIMart, url as a string",
         {{R"({"code":200,"data":{"id":"task_1","status":"submitted","progress":0,"estimated_time":60,"created":1763088289}})",
           "pending 0%"},
          {R"({"code":200,"data":{"id":"task_1","status":"processing","progress":50,"estimated_time":60,"created":1763088289,"result":{"videos":[{"url":"https://h/o.mp4"}]}}})",
           "running 50%"},
          {R"({"code":200,"data":{"id":"task_1","status":"completed","progress":100,"estimated_time":60,"created":1763088289,"result":{"videos":[{"url":"https://h/o.mp4","expires_at":1763174708}]}}})",
           "done 100% https://h/o.mp4"},
          {R"({"code":200,"data":{"id":"task_1","status":"cancelled","progress":0,"estimated_time":60,"created":1763088289,"fail_reason":"too dark"}})",
           "failed 0% 'too dark'"}}},
        {"DeepWL",
         {{R"({"id":"grok:1","status":"queued","video_url":null})", "pending"},
          {R"({"id":"grok:1","status":"processing","video_url":null})", "running"},
          {R"({"id":"grok:1","status":"completed","video_url":"https://h/o.mp4"})",
           "done https://h/o.mp4"},
          {R"({"id":"grok:1","status":"cancelled","video_url":null,"error":"too dark"})",
           "failed 'too dark'"}}},
        {"GeekNow",
         {{R"({"id":"a","status":"queued"})", "pending"},
          {R"({"id":"a","status":"processing","video_url":"https://h/early.mp4"})", "running"},
          {R"({"id":"a","status":"completed","output":{"file_infos":[{"file_url":"https://h/o.mp4"}]}})",
           "done https://h/o.mp4"},
          {R"({"id":"a","status":"failed","video_url":"https://h/not.mp4","error":{"message":"too dark","code":"E"}})",
           "failed code=E 'too dark'"}}},
        {"AIHubCC",
         {{R"({"id":"a","status":"queued"})", "pending"},
          {R"({"id":"a","status":"processing"})", "running"},
          {R"({"id":"a","status":"completed","data":[{"url":"https://h/o.mp4"}]})",
           "done https://h/o.mp4"},
          {R"({"id":"a","status":"failed","error":{"code":"PROMPT_BLOCKED","message":"too dark"}})",
           "failed code=PROMPT_BLOCKED 'too dark'"}}},
        {"JimmyAI",
         {{R"({"code":"20000","msg":"success","data":{"task_id":"a","status":"pending","progress":0}})",
           "pending 0%"},
          {R"({"code":"20000","msg":"success","data":{"task_id":"a","status":"processing","progress":50}})",
           "running 50%"},
          {R"({"code":"20000","msg":"success","data":{"task_id":"a","status":"completed","progress":100,"result":{"video_url":"https://h/o.mp4"}}})",
           "done 100% https://h/o.mp4"},
          {R"({"code":"20000","msg":"success","data":{"task_id":"a","status":"failed","progress":0,"error_message":"too dark"}})",
           "failed 0% 'too dark'"}}},
        {"ToAPIs",
         {{R"({"id":"a","object":"generation.task","status":"queued","progress":0})", "pending 0%"},
          {R"({"id":"a","object":"generation.task","status":"in_progress","progress":50})",
           "running 50%"},
          {R"({"id":"a","object":"generation.task","status":"completed","progress":100,"result":{"type":"video","data":[{"url":"https://h/o.mp4"}]}})",
           "done 100% https://h/o.mp4"},
          {R"({"id":"a","object":"generation.task","status":"failed","progress":100,"error":{"code":"E","message":"too dark"}})",
           "failed 100% code=E 'too dark'"}}},
        {"omnivideoapi",
         {{R"({"code":200,"data":{"task_id":"a","status":"IN_PROGRESS"}})", "running"},
          {R"({"code":200,"data":{"task_id":"a","status":"IN_PROGRESS"}})", "running"},
          {R"({"code":200,"data":{"task_id":"a","status":"SUCCESS","response":{"resultUrls":["https://h/o.mp4"]}}})",
           "done https://h/o.mp4"},
          {R"({"code":200,"data":{"task_id":"a","status":"FAILED","error_message":"too dark"}})",
           "failed 'too dark'"}}},
        {"gostarry",
         {{R"({"data":{"status":"not_started"}})", "pending"},
          {R"({"data":{"status":"running"}})", "running"},
          {R"({"data":{"status":"finished","files":[{"file_url":"https://h/o.mp4"}]}})",
           "done https://h/o.mp4"},
          {R"({"data":{"status":"failed","error_message":"too dark"}})", "failed 'too dark'"}}},
        {"ModelSell",
         {{R"({"id":"a","object":"video.generation","status":"queued"})", "pending"},
          {R"({"id":"a","object":"video.generation","status":"running"})", "running"},
          {R"({"id":"a","object":"video.generation","status":"succeeded","url":"https://h/o.mp4","content_url":"/v1/videos/a/content","output":[{"url":"https://h/o.mp4"}]})",
           "done https://h/o.mp4 /v1/videos/a/content"},
          {R"({"id":"a","object":"video.generation","status":"failed","error":"too dark"})",
           "failed 'too dark'"}}},
        {"JuheAPI",
         {{R"({"id":"a","status":"queued"})", "pending"},
          {R"({"id":"a","status":"processing"})", "running"},
          {R"({"id":"a","status":"completed","meta_data":{"url":"https://h/o.mp4"}})",
           "done https://h/o.mp4"},
          {R"({"id":"a","status":"failed","error_msg":"too dark"})", "failed 'too dark'"}}},
        {"PowerTokens",
         {{R"({"id":"t","object":"video","model":"m","status":"queued","progress":0,"created_at":1,"completed_at":2})",
           "pending 0%"},
          {R"({"id":"t","object":"video","model":"m","status":"in_progress","progress":50,"created_at":1,"completed_at":2})",
           "running 50%"},
          {R"({"id":"t","object":"video","model":"m","status":"completed","progress":100,"created_at":1,"completed_at":2,"metadata":{"url":"https://h/v1/videos/t/content"}})",
           "done 100% https://h/v1/videos/t/content"},
          {R"({"id":"t","object":"video","model":"m","status":"failed","progress":100,"created_at":1,"completed_at":2,"error":{"message":"too dark","code":"E"}})",
           "failed 100% code=E 'too dark'"}}},
};
// clang-format on

START_TEST(shapes) {
  const Shape& shape = kShapes[_i / 4];
  const State& state = shape.states[_i % 4];
  const omni::Reply reply = omni::parse_reply(state.body, omni::ReplyKind::poll);
  const auto* task = std::get_if<Task>(&reply);
  expect_text(shape.name, task ? describe(*task) : "no task", state.expected);
}
END_TEST

struct Created {
  const char* name;
  const char* body;
  const char* id;
};
const Created kCreated[] = {
    {"OctopusX",
     R"({"id":"video_a","task_id":"video_a","object":"video","status":"queued","video_url":""})",
     "video_a"},
    {"OmniRouters", R"({"id":"task_A","task_id":"task_A","object":"video","status":"queued"})",
     "task_A"},
    {"OmniRouters, taskId", R"({"taskId":"task_A","status":"queued"})", "task_A"},
    {"OmniRouters, id alone", R"({"id":"task_A"})", "task_A"},
    {"APIMart", R"({"code":200,"data":[{"status":"submitted","task_id":"task_01K"}]})", "task_01K"},
    {"wrapped", R"({"code":"success","message":"","data":{"id":1,"task_id":"task_A"}})", "task_A"},
};

START_TEST(created) {
  const Created& row = kCreated[_i];
  const omni::Reply reply = omni::parse_reply(row.body, omni::ReplyKind::create);
  const auto* task = std::get_if<Task>(&reply);
  expect_text(row.name, task ? task->id : "no task", row.id);
}
END_TEST

START_TEST(artifacts) {
  const omni::Reply reply = omni::parse_reply(
      R"({"task_id":"task_A","artifacts":[{"key":"video","type":"video","mime_type":"video/mp4",)"
      R"("content_url":"/v1/tasks/task_A/artifacts/video/content?access=x"}]})",
      omni::ReplyKind::artifacts);
  const auto* task = std::get_if<Task>(&reply);
  expect_text("artifacts", task && !task->urls.empty() ? task->urls.front() : "no task",
              "/v1/tasks/task_A/artifacts/video/content?access=x");
}
END_TEST

}  // namespace

int main() {
  return run_tests("service-shapes", {{"shapes", shapes, 4 * static_cast<int>(std::size(kShapes))},
                                      {"created", created, static_cast<int>(std::size(kCreated))},
                                      {"artifacts", artifacts, 1}});
}
