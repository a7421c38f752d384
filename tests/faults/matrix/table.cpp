// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The table of faults and what must come of each, by hand, from what is promised: the errors of
// gst/elements/README.md and the row states of examples/ledger/README.md. Nothing here is what the
// code happened to do.
//   - A create is repeated only when it surely was not taken: no connection, not sent to its end,
//     429, 503 with Retry-After or with an error of the service itself. A definite refusal ends the
//     job. All else is `unknown-outcome`, after one POST.
//   - Polls and downloads cost nothing: what may pass is asked again, polls until job-timeout, and
//     results for a minute within it.
//   - A job that fails is an error, or is stood in for; the next job goes on.
#include <array>

#include "faults/matrix/matrix.h"

namespace omni::test {

namespace {

using Replies = std::vector<std::string>;

constexpr char kError[] = R"({"error":{"message":"no","type":"new_api_error","code":""}})";
constexpr char kHtml[] = "<!DOCTYPE html><html><body>Bad gateway</body></html>";
constexpr int kMib = 1024 * 1024;
// How long a row waits where nobody names a pause: 5 s and up to a quarter more.
constexpr int kPause = 6;

ServerReply status(int code, std::string body = kError, Replies headers = {}) {
  return {.status = code, .body = std::move(body), .headers = std::move(headers)};
}
ServerReply json(std::string body) {
  return {.body = std::move(body)};
}
ServerReply html(int code) {
  return {.status = code, .body = kHtml, .type = "text/html"};
}
ServerReply file(std::string body, std::string type = "video/mp4") {
  return {.body = std::move(body), .type = std::move(type)};
}
ServerReply redirect(const std::string& to) {
  return {.status = 302, .body = "", .headers = {"Location: " + to}};
}
ServerReply drip(std::string body, int pause_ms) {
  return {.body = std::move(body), .drip_ms = pause_ms};
}

/// Good JSON of this task, as large as if a short result were in it.
ServerReply oversized(const std::string& word) {
  return json(R"({"id":"{id}","status":")" + word + R"(","more":")" + std::string(4 * kMib, ' ') +
              "\"}");
}
/// Good JSON of this task, if one could read it.
ServerReply nested(const std::string& word) {
  const int depth = 100'000;
  return json(R"({"id":"video","status":")" + word + R"(","more":)" + std::string(depth, '[') +
              std::string(depth, ']') + "}");
}
std::string task(const std::string& word, const std::string& more = "") {
  return R"({"id":"{id}","task_id":"{id}","status":")" + word + "\"" + more + "}";
}

Script on_create(ServerReply reply, int times = kEver) {
  Script script;
  script.reply = std::move(reply);
  script.times = times;
  return script;
}
/// The connection breaks after so many bytes of a body that is larger than every buffer.
Script broken_after(std::size_t bytes, int times) {
  Script script = on_create({.reset = true}, times);
  script.read_most = bytes;
  script.large_body = true;
  return script;
}
Script on_poll(ServerReply reply, int times = kEver) {
  Script script = on_create(std::move(reply), times);
  script.where = Where::poll;
  return script;
}
Script on_link(ServerReply reply, int times = kEver) {
  Script script = on_create(std::move(reply), times);
  script.where = Where::link;
  return script;
}
Script on_first_link(ServerReply reply) {
  Script script = on_create(std::move(reply));
  script.where = Where::first_link;
  return script;
}
Script done_with(std::string link, std::optional<ServerReply> content = std::nullopt) {
  Script script;
  script.where = Where::link;
  script.link = std::move(link);
  script.content = std::move(content);
  return script;
}
Script with_id(std::string id) {
  Script script;
  script.id = std::move(id);
  return script;
}

/// The jobs beside the faulty one have no more time than that, and must be good on a slow machine.
constexpr int kHurryMs = 5000;

/// With a short job-timeout: long enough for one machine to be slow, shorter than any test's
/// patience.
Script hurried(Script script, int job_timeout_ms = kHurryMs) {
  script.job_timeout_ms = job_timeout_ms;
  script.waits = job_timeout_ms / 1000;
  return script;
}
Script impatient(Script script) {
  script.impatient = true;
  script.waits = 3;
  return script;
}
/// 429 is for all jobs of an element: they share one pace.
Script next_waits(Script script) {
  script.next_waits = true;
  return script;
}
Script waits(int seconds, Script script) {
  script.waits = seconds;
  return script;
}
Script other_says(ServerReply reply, Script script) {
  script.other = std::move(reply);
  return script;
}

Expect works(int posts = 1) {
  return {.whole = posts, .posts = posts};
}
Expect works_after_broken_post() {
  return {.whole = 1, .posts = 2};
}
Expect fails(const char* reason, int http = 0, int posts = 1) {
  return {.reason = reason, .http = http, .whole = posts, .posts = posts};
}
/// Nothing that could be paid arrived.
Expect never_sent(const char* reason, int posts) {
  return {.reason = reason, .whole = 0, .posts = posts};
}
Expect unknown(int http = 0) {
  return fails("unknown-outcome", http);
}

Section connection() {
  Script closed, tls;
  closed.base = Base::closed_port;
  tls.base = Base::unknown_certificate;
  return {
      "The connection",
      {
          {"connection refused", closed, never_sent("unreachable", 0)},
          {"TLS, a certificate that nobody knows", tls, never_sent("unreachable", 0)},
          {"reset before the request body, once", broken_after(0, 1), works_after_broken_post()},
          {"reset before the request body", broken_after(0, kEver), never_sent("unreachable", 2)},
          {"reset in the request body, once", broken_after(100'000, 1), works_after_broken_post()},
          {"reset in the request body", broken_after(100'000, kEver), never_sent("unreachable", 2)},
          {"reset after the request body", on_create({.reset = true}), unknown()},
          {"reset in the reply",
           on_create({.body = task("queued"), .cut_after = 10, .reset = true}), unknown()},
          {"closed in the reply", on_create({.body = task("queued"), .cut_after = 10}), unknown()},
          {"no answer", hurried(on_create({.hang = true})), unknown()},
      }};
}

Section create_refused() {
  const std::string quota = R"({"code":"insufficient_user_quota","message":"no","data":null})";
  const std::string blocked = R"({"error":{"message":"no","code":"sensitive_words_detected"}})";
  return {"A create that is refused",
          {
              {"400", on_create(status(400)), fails("invalid-request", 400)},
              {"400, blocked by rules on content", on_create(status(400, blocked)),
               fails("moderated", 400)},
              {"401", on_create(status(401)), fails("unauthorized", 401)},
              {"402", on_create(status(402)), fails("payment-required", 402)},
              {"403", on_create(status(403)), fails("unauthorized", 403)},
              {"403, a page of a firewall", on_create(html(403)), fails("unreachable", 403)},
              {"429, quota used up", on_create(status(429, quota)), fails("payment-required", 429)},
              {"403, quota used up", on_create(status(403, quota)), fails("payment-required", 403)},
              {"404", on_create(status(404)), fails("invalid-request", 404)},
              {"413", on_create(status(413)), fails("too-large", 413)},
              {"422", on_create(status(422)), fails("invalid-request", 422)},
              {"200, with code 402 in it", on_create(json(R"({"code":402,"message":"no"})")),
               fails("payment-required", 402)},
              {"307 to elsewhere",
               on_create({.status = 307, .headers = {"Location: {other}/v1/videos"}}),
               fails("invalid-request", 307)},
          }};
}

Section create_not_now() {
  const Replies second = {"Retry-After: 1"}, date = {"Retry-After: {soon}"};
  return {
      "A create that was surely not taken, so that it may be sent again",
      {
          {"429, once", waits(kPause, on_create(status(429, ""), 1)), works(2)},
          {"429", waits(kPause, on_create(status(429, ""))), fails("rate-limited", 429, 2)},
          {"429, Retry-After: 1, once", waits(1, on_create(status(429, "", second), 1)), works(2)},
          {"429, Retry-After: 1", waits(1, on_create(status(429, "", second))),
           fails("rate-limited", 429, 2)},
          {"429, Retry-After: a date, once", waits(2, on_create(status(429, "", date), 1)),
           works(2)},
          {"429, Retry-After: a date", waits(2, on_create(status(429, "", date))),
           fails("rate-limited", 429, 2)},
          {"503, an error of the service, once", waits(kPause, on_create(status(503), 1)),
           works(2)},
          {"503, an error of the service", waits(kPause, on_create(status(503))),
           fails("service-error", 503, 2)},
          {"503, Retry-After: 1, once", waits(1, on_create(status(503, kHtml, second), 1)),
           works(2)},
          {"503, Retry-After: 1", waits(1, on_create(status(503, kHtml, second))),
           fails("service-error", 503, 2)},
      }};
}

Section create_in_doubt() {
  return {"A create that may have been taken, so that it is not sent again",
          {
              {"408", on_create(status(408)), unknown(408)},
              {"500", on_create(status(500)), unknown(500)},
              {"502", on_create(html(502)), unknown(502)},
              {"503, neither Retry-After nor JSON", on_create(html(503)), unknown(503)},
              {"504", on_create(html(504)), unknown(504)},
              {"524", on_create(html(524)), unknown(524)},
              {"empty", on_create(json("")), unknown(200)},
              {"HTML", on_create(html(200)), unknown(200)},
              {"JSON that is cut off", on_create(json(task("queued").substr(0, 30))), unknown(200)},
              {"JSON of 4 MiB", on_create(oversized("queued")), works()},
              {"JSON 100,000 levels deep", on_create(nested("queued")), unknown(200)},
              {"a byte now and then", waits(1, on_create(drip(task("queued"), 5))), works()},
              {"a byte now and then, beyond job-timeout",
               hurried(on_create(drip(task("queued"), 400))), unknown()},
              {"no id", on_create(json(R"({"status":"queued"})")), unknown(200)},
              {"an id that is an object", on_create(json(R"({"id":{},"status":"queued"})")),
               unknown(200)},
              {"an id with a line break", on_create(json(R"({"id":"video\r\n1"})")), unknown(200)},
              {"an id of 600 characters",
               on_create(json(R"({"id":")" + std::string(600, 'i') + "\"}")), unknown(200)},
          }};
}

Section ids() {
  return {"Ids are data",
          {
              {"`sora-2:task_1`", with_id("sora-2:task_1"), works()},
              {"`../../admin`", with_id("../../admin"), works()},
              {"`a b?c#d&e=f`", with_id("a b?c#d&e=f"), works()},
              {"`100%25`", with_id("100%25"), works()},
              {"`grok:é+/=`", with_id("grok:é+/="), works()},
              {"`\"quoted\\`", with_id("\"quoted\\"), works()},
          }};
}

/// What ends a job that the service has accepted; a refusal only when it is repeated. The task is
/// named, for the user has paid.
Section poll_refused() {
  const auto failed = [](const char* text) {
    return on_poll(json(task("failed", std::string(R"(,"progress":100,"error":{"message":")") +
                                           text + R"(","code":""})")));
  };
  return {"A poll that ends the job",
          {
              {"400", waits(kPause, on_poll(status(400))), fails("invalid-request", 400)},
              {"401", waits(kPause, on_poll(status(401))), fails("unauthorized", 401)},
              {"402", waits(kPause, on_poll(status(402))), fails("payment-required", 402)},
              {"403", waits(kPause, on_poll(status(403))), fails("unauthorized", 403)},
              {"413", waits(kPause, on_poll(status(413))), fails("too-large", 413)},
              {"422", waits(kPause, on_poll(status(422))), fails("invalid-request", 422)},
              {"the task failed", failed("upstream broke"), fails("service-error")},
              {"the task failed: blocked by rules on content", failed("content policy violation"),
               fails("moderated")},
              {"the task failed, with a link",
               on_poll(json(task("failed", R"(,"video_url":"{service}/files/{job}-1.mp4")"))),
               fails("service-error")},
              {"the task was cancelled", on_poll(json(task("cancelled"))), fails("service-error")},
          }};
}

struct Passing {
  const char* what;
  ServerReply reply;
  int pause = kPause;          // before it is asked again
  int for_ever_ms = kHurryMs;  // job-timeout when it does not pass
};

/// What may pass: asked again, until job-timeout. Each of them once, and for ever.
Section poll_not_now() {
  const std::string lost = R"({"code":"task_not_exist","message":"task_not_exist","data":null})";
  const std::vector<Passing> all = {
      {"403, a page of a firewall", html(403)},
      {"400, task_not_exist", status(400, lost)},
      {"404", status(404)},
      {"408", status(408)},
      // These hold up the polls of the next job as well, 5 s, 1 s and 2 s: it must have time for
      // that.
      {"429", status(429, ""), kPause, 4500},
      {"429, Retry-After: 1", status(429, "", {"Retry-After: 1"}), 1, 4000},
      {"429, Retry-After: a date", status(429, "", {"Retry-After: {soon}"}), 2, 6000},
      {"500", status(500)},
      {"502", html(502)},
      {"503, neither Retry-After nor JSON", html(503)},
      {"503, an error of the service", status(503)},
      {"503, Retry-After: 1", status(503, kHtml, {"Retry-After: 1"}), 1},
      {"504", html(504)},
      {"524", html(524)},
      {"reset", {.reset = true}, 0},
      {"empty", json("")},
      {"HTML", html(200)},
      {"JSON that is cut off", json(task("completed").substr(0, 30))},
      {"closed in the reply", {.body = task("in_progress"), .cut_after = 10}, 0},
      {"JSON 100,000 levels deep", nested("completed")},
      {"an unknown status word", json(task("rendering_frames")), 0},
      {"running", json(task("in_progress")), 0},
  };
  Section section{"A poll that says nothing yet", {}};
  for (const Passing& one : all) {
    section.rows.push_back(
        {std::string(one.what) + ", once", waits(one.pause, on_poll(one.reply, 1)), works()});
    section.rows.push_back({std::string(one.what) + ", for ever",
                            hurried(on_poll(one.reply), one.for_ever_ms), fails("timed-out")});
  }
  section.rows.push_back({"JSON of 4 MiB", on_poll(oversized("in_progress"), 1), works()});
  section.rows.push_back({"no answer, once", impatient(on_poll({.hang = true}, 1)), works()});
  section.rows.push_back(
      {"no answer, for ever", hurried(on_poll({.hang = true})), fails("timed-out")});
  section.rows.push_back(
      {"a byte now and then", waits(1, on_poll(drip(task("in_progress"), 5), 1)), works()});
  section.rows.push_back({"a byte now and then, beyond job-timeout",
                          hurried(on_poll(drip(task("in_progress"), 400))), fails("timed-out")});
  return section;
}

/// Where the content proxy has nothing either, the job fails when there is no time left to look
/// again.
Section links(const Clips& clips) {
  const ServerReply result = file(clips.result);
  const ServerReply gone = status(410, "");
  const std::string loop = "{service}/files/{job}-9.mp4";
  return {"Where the result is",
          {
              {"no link", hurried(done_with("")), fails("bad-result", 404)},
              {"no link, but a content proxy", done_with("", result), works()},
              {"`/files/...`", done_with("/files/{job}-1.mp4"), works()},
              {"`files/...`", hurried(done_with("files/{job}-1.mp4")), fails("bad-result", 404)},
              {"`file://`", hurried(done_with("file:///etc/passwd")), fails("bad-result", 404)},
              {"`file://`, but a content proxy", done_with("file:///etc/passwd", result), works()},
              {"`gopher://`", hurried(done_with("{gopher}/o.mp4")), fails("bad-result", 404)},
              {"`gopher://`, but a content proxy", done_with("{gopher}/o.mp4", result), works()},
              {"at another origin", done_with("{other}/o.mp4"), works()},
              {"where nobody listens", hurried(done_with("{closed}/o.mp4")), fails("unreachable")},
              {"where nobody listens, but a content proxy", done_with("{closed}/o.mp4", result),
               works()},
              // With sanitizers, a handshake beside those of other cells takes seconds.
              {"TLS, a certificate that nobody knows", hurried(done_with("{tls}/o.mp4"), 20'000),
               fails("unreachable")},
              {"redirects", on_first_link(redirect("/files/{job}-9.mp4")), works()},
              {"redirects to another origin", on_first_link(redirect("{other}/o.mp4")), works()},
              {"the content proxy redirects to another origin",
               done_with("", redirect("{other}/o.mp4")), works()},
              {"redirects to `file://`", hurried(on_link(redirect("file:///etc/passwd"))),
               fails("bad-result")},
              {"redirects in a circle", hurried(on_link(redirect(loop))), fails("bad-result")},
              {"another origin redirects in a circle",
               hurried(other_says(redirect("{other}/o.mp4"), done_with("{other}/o.mp4"))),
               fails("bad-result")},
              {"expired (403), the fresh link is good", waits(1, on_first_link(status(403, ""))),
               works()},
              {"expired (403), as are all fresh ones", hurried(on_link(status(403, ""))),
               fails("bad-result", 403)},
              {"expired (410), the fresh link is good", waits(1, on_first_link(gone)), works()},
              {"expired (410), as are all fresh ones", hurried(on_link(gone)),
               fails("bad-result", 410)},
              {"500, once", waits(1, on_link(status(500), 1)), works()},
              {"500", hurried(on_link(status(500))), fails("bad-result", 500)},
          }};
}

Section results(const Clips& clips) {
  const std::size_t half = clips.result.size() / 2;
  const auto cut = [&](bool length) {
    return ServerReply{.body = clips.result,
                       .type = "video/mp4",
                       .headers = {"ETag: \"e1\""},
                       .no_length = !length,
                       .cut_after = half};
  };
  // Ten times 1024 of these are 10 GiB, were they read.
  const std::string zeros(kMib, '\0');
  std::string boxes = clips.result.substr(0, clips.result.find("ftyp") - 4);
  boxes = std::string(
              "\0\0\0\x10"
              "ftypisom\0\0\0\0",
              16) +
          zeros.substr(16);
  const auto chunked = [](const std::string& piece) {
    return ServerReply{.body = "100000\r\n" + piece + "\r\n",
                       .type = "video/mp4",
                       .headers = {"Transfer-Encoding: chunked"},
                       .no_length = true,
                       .repeat = 10240};
  };
  const Row noise{"an MP4 whose pictures are noise", done_with("/files/{job}-1.mp4"), works(),
                  fails("bad-result"), &Clips::noise};
  return {
      "The result",
      {
          {"empty", hurried(on_link(file(""))), fails("bad-result")},
          {"HTML", hurried(on_link(html(200))), fails("bad-result")},
          {"JSON", hurried(on_link(file(R"({"message":"gone"})"))), fails("bad-result")},
          {"garbage", hurried(on_link(file(std::string(5000, 'z')))), fails("bad-result")},
          {"a JPEG image", hurried(on_link(file(clips.jpeg))), fails("bad-result")},
          {"a WebM file", hurried(on_link(file(clips.webm))), fails("bad-result")},
          {"an MP4 without a picture", hurried(on_link(file(clips.sound))), fails("bad-result")},
          {"half an MP4", hurried(on_link(file(clips.result.substr(0, half)))),
           fails("bad-result")},
          noise,
          {"the connection is cut, once", on_link(cut(true), 1), works()},
          {"the connection is cut", hurried(on_link(cut(true))), fails("unreachable")},
          {"the connection is cut, no length, once", on_link(cut(false), 1), works()},
          {"the connection is cut, no length", hurried(on_link(cut(false))), fails("bad-result")},
          {"no answer, once", impatient(on_link({.hang = true}, 1)), works()},
          {"no answer", hurried(impatient(on_link({.hang = true})), 8000), fails("unreachable")},
          {"a byte now and then, beyond job-timeout", hurried(on_link(drip(clips.result, 400))),
           fails("timed-out")},
          {"10 GB, as its length says",
           on_link({.body = boxes, .type = "video/mp4", .repeat = 10240}), fails("bad-result")},
          {"10 GB in chunks", hurried(on_link(chunked(zeros))), fails("bad-result")},
      }};
}

Section clocks() {
  const auto busy = [](const char* until) {
    return on_create(status(429, "", {std::string("Retry-After: ") + until}), 1);
  };
  Script jumps;
  jumps.wall_clock_jumps = true;
  Script busy_poll = on_poll(status(429, "", {"Retry-After: {ahead}"}));
  return {"Clocks",
          {
              {"the wall clock jumps a day ahead and two days back", jumps, works()},
              {"429, the service's clock is a day behind: its Retry-After is over",
               busy("{behind}"), works(2)},
              {"429, the service's clock is a day ahead", next_waits(hurried(busy("{ahead}"))),
               fails("timed-out")},
              {"429 to a poll, the service's clock is a day ahead", next_waits(hurried(busy_poll)),
               fails("timed-out")},
          }};
}

}  // namespace

std::vector<Section> fault_table(const Clips& clips) {
  return {connection(),   create_refused(), create_not_now(), create_in_doubt(), ids(),
          poll_refused(), poll_not_now(),   links(clips),     results(clips),    clocks()};
}

}  // namespace omni::test
