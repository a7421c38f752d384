// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "faults/matrix/service.h"

#include <glib.h>
#include <libsoup/soup.h>

#include <algorithm>

#include "service/glib-ptr.h"
#include "support/fake-service.h"

namespace omni::test {

namespace {

constexpr char kPollPath[] = "/v1/videos/";
constexpr int kDay = 24 * 60 * 60;

bool is_content(const SeenRequest& request) {
  return request.target.starts_with(kPollPath) && request.target.ends_with("/content");
}

std::string key_of(const SeenRequest& request) {
  const auto found = request.headers.find("idempotency-key");
  return found == request.headers.end() ? "" : found->second;
}

/// The one segment of path that an id is; empty when it is not one.
std::string id_in(std::string target) {
  target.erase(0, sizeof kPollPath - 1);
  if (target.ends_with("/content")) target.erase(target.size() - 8);
  if (target.find_first_of("/?#") != std::string::npos) return "";
  const CharPtr id(g_uri_unescape_string(target.c_str(), nullptr));
  return id ? id.get() : "";
}

/// As JSON and HTTP write it; the ids of the table need no more than this.
std::string json_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string http_date(int from_now) {
  const std::unique_ptr<GDateTime, FreeWith<&g_date_time_unref>> now(g_date_time_new_now_utc());
  const std::unique_ptr<GDateTime, FreeWith<&g_date_time_unref>> then(
      g_date_time_add_seconds(now.get(), from_now));
  return CharPtr(soup_date_time_to_string(then.get(), SOUP_DATE_HTTP)).get();
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

}  // namespace

MatrixService::MatrixService(const Row& row, int faulty_job, const Clips& clips,
                             std::string tls_url)
    : script_(row.script),
      faulty_job_(faulty_job),
      delivered_(clips.*row.delivers),
      result_(clips.result),
      tls_url_(std::move(tls_url)),
      other([this](const SeenRequest& request) { return elsewhere(request); }),
      server([this](const SeenRequest& request) { return answer(request); },
             [this](const SeenRequest& request) { return early(request); }) {
}

std::string MatrixService::base_url() const {
  switch (script_.base) {
    case Base::service:
      break;
    case Base::closed_port:
      return closed_.url();
    case Base::unknown_certificate:
      return tls_url_;
  }
  return server.url();
}

std::string MatrixService::id_of(int job) const {
  if (job == faulty_job_ && !script_.id.empty()) return script_.id;
  return "video_" + std::to_string(job);
}

int MatrixService::job_of_key(const std::string& key) {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  const auto job = static_cast<int>(found - keys_.begin()) + 1;
  if (found == keys_.end()) keys_.push_back(key);
  return job;
}

/// 0: of no job that there is.
int MatrixService::job_of(const SeenRequest& request) {
  if (is_create(request)) return job_of_key(key_of(request));
  if (is_file(request)) return request.target[7] - '0';
  const std::string id = id_in(request.target);
  for (int job = 1; job <= static_cast<int>(keys_.size()); ++job)
    if (id == id_of(job)) return job;
  return 0;
}

bool MatrixService::meets_fault(const SeenRequest& request, int job) {
  if (job != faulty_job_ || !script_.reply || met_ >= script_.times) return false;
  switch (script_.where) {
    case Where::create:
      return is_create(request);
    case Where::poll:
      return is_poll(request) && polls_[job] > 0;
    case Where::link:
      return is_file(request);
    case Where::first_link:
      return request.target.starts_with(filled("/files/{job}-1.mp4"));
  }
  return false;
}

EarlyDecision MatrixService::early(const SeenRequest& request) {
  const std::lock_guard lock(lock_);
  if (!is_create(request) || job_of_key(key_of(request)) != faulty_job_) return {};
  const bool reads_all = script_.read_most == SIZE_MAX || ++heads_ > script_.times;
  if (reads_all) return {};
  return {.read_most = script_.read_most, .send_continue = script_.read_most > 0};
}

ServerReply MatrixService::answer(const SeenRequest& request) {
  const std::lock_guard lock(lock_);
  const int job = job_of(request);
  if (job == 0) return {.status = 404, .body = "{}"};
  const bool meets = meets_fault(request, job);
  if (script_.wall_clock_jumps)
    set_wall_clock_offset(is_create(request) ? 0 : is_poll(request) ? kDay : -kDay);
  if (!meets) return usual(request, job);
  ++met_;
  return filled(*script_.reply);
}

ServerReply MatrixService::usual(const SeenRequest& request, int job) {
  if (is_create(request)) return {.body = task_json(json_text(id_of(job)), "queued", 0)};
  if (is_content(request)) {
    ServerReply gone{.status = 404, .body = R"({"error":{"message":"Task not found"}})"};
    return filled(script_.content.value_or(gone));
  }
  return is_poll(request) ? poll(job) : ranged(request, job == faulty_job_ ? delivered_ : result_);
}

/// Each link is another one, as with services that sign them anew.
ServerReply MatrixService::poll(int job) {
  const std::string id = json_text(id_of(job));
  if (++polls_[job] == 1) return {.body = task_json(id, "in_progress", 30)};
  std::string link = server.url() + "/files/" + std::to_string(job) + "-" +
                     std::to_string(++links_[job]) + ".mp4?sig=" + kSignature;
  if (job == faulty_job_ && script_.link) link = filled(*script_.link);
  return {.body = task_json(id, "completed", 100, link)};
}

ServerReply MatrixService::elsewhere(const SeenRequest& request) {
  if (script_.other) return filled(*script_.other);
  return ranged(request, result_);
}

std::string MatrixService::filled(std::string text) const {
  // Of a large body only the beginning is looked at.
  constexpr std::size_t kBeginning = 64;
  if (text.size() > 4096) return filled(text.substr(0, kBeginning)) + text.substr(kBeginning);
  if (text.find('{') == std::string::npos) return text;
  replace_all(text, "{service}", server.url());
  replace_all(text, "{other}", other.url());
  replace_all(text, "{gopher}", "gopher" + other.url().substr(4));
  replace_all(text, "{closed}", closed_.url());
  replace_all(text, "{tls}", tls_url_);
  replace_all(text, "{job}", std::to_string(faulty_job_));
  replace_all(text, "{id}", json_text(id_of(faulty_job_)));
  replace_all(text, "{soon}", http_date(2));
  replace_all(text, "{ahead}", http_date(kDay));
  replace_all(text, "{behind}", http_date(-kDay));
  return text;
}

ServerReply MatrixService::filled(ServerReply reply) const {
  reply.body = filled(std::move(reply.body));
  for (std::string& header : reply.headers) header = filled(std::move(header));
  return reply;
}

int MatrixService::posts(bool whole_only) const {
  const std::vector<SeenRequest> seen = server.seen();
  const std::lock_guard lock(lock_);
  const auto job = static_cast<std::size_t>(faulty_job_);
  if (keys_.size() < job) return 0;
  return static_cast<int>(std::count_if(seen.begin(), seen.end(), [&](const SeenRequest& one) {
    return is_create(one) && (one.complete || !whole_only) && key_of(one) == keys_[job - 1];
  }));
}

std::vector<std::string> MatrixService::problems() const {
  std::vector<std::string> problems;
  const auto shows_key = [](const std::string& text) {
    return text.find(kKey) != std::string::npos;
  };
  for (const SeenRequest& request : other.seen()) {
    bool shown = shows_key(request.target);
    for (const auto& [name, value] : request.headers) shown |= shows_key(value);
    if (shown) problems.push_back("another origin was shown the key");
  }
  for (const SeenRequest& request : server.seen()) {
    const bool signed_link = is_file(request) && request.headers.contains("authorization");
    if (signed_link) problems.push_back("a link of a result was shown the key");
  }
  const bool gopher = script_.link && script_.link->starts_with("{gopher}");
  if (gopher && other.connections() > 0) problems.push_back("gopher was spoken");
  return problems;
}

}  // namespace omni::test
