// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/download.h"

#include "client/url.h"
#include "service/json.h"
#include "service/redact.h"
#include "service/reply.h"

namespace omni {

namespace {

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::size_t kErrorBody = 16 * 1024;

/// The first byte position in a "Content-Range: bytes 100-199/200".
std::optional<std::uint64_t> range_start(const std::string& content_range) {
  if (!g_str_has_prefix(content_range.c_str(), "bytes ")) return std::nullopt;
  const char* digits = content_range.c_str() + 6;
  if (!g_ascii_isdigit(*digits)) return std::nullopt;
  return g_ascii_strtoull(digits, nullptr, 10);
}

bool begins_as_mp4(const std::string& head) {
  return head.size() >= 8 && head.compare(4, 4, "ftyp") == 0;
}

std::string describe_start(const std::string& head) {
  if (head.empty()) return "nothing";
  if (head.find("<html") != std::string::npos || head.find("<!DOCTYPE") != std::string::npos)
    return "an HTML page";
  if (head.front() == '{' || head.front() == '[') return "JSON";
  return "something that is not an MP4";
}

/// All but the bytes themselves, which would be a long text.
bool may_be_json(const std::string& head) {
  return !head.empty() && (head.front() == '{' || head.front() == '[');
}

/// What an answer in JSON says about why there is no result; empty when it says nothing.
std::string said_in(const std::string& text) {
  return quote_for_user(read_refusal(text).value_or(Refusal{}).text);
}

/// Some /content routes answer JSON with a link or with the bytes themselves.
std::string link_in_json(const std::string& text) {
  const Reply reply = parse_reply(text, ReplyKind::artifacts);
  const auto* list = std::get_if<Task>(&reply);
  return list && !list->urls.empty() ? list->urls.front() : "";
}

Download failed(Download::Outcome outcome, Reason reason, std::string text, int status = 0) {
  Download result;
  result.outcome = outcome;
  result.error = {reason, std::move(text), status, {}, {}};
  return result;
}

}  // namespace

Downloader::Downloader(Http& http, Cancellation& cancellation, std::string folder, int max_attempts,
                       ResultCheck check, LogSink log)
    : http_(http),
      cancellation_(cancellation),
      sink_(std::move(folder)),
      max_attempts_(max_attempts),
      check_(std::move(check)),
      log_(std::move(log)) {
}

Async<Download> Downloader::fetch(std::string url, bool bearer) {
  sink_.reset();
  etag_.clear();
  farthest_ = 0;
  for (Attempt attempt;; ++attempt.number) {
    attempt.fault.reset();
    attempt.http_status = 0;
    Download result = co_await fetch_once(url, bearer, attempt);
    if (result.outcome == Download::Outcome::complete) co_return result;
    if (attempt.http_status == 401 && !bearer && http_.is_own_origin(url)) {
      bearer = true;
      continue;
    }
    if (decide_download(attempt, max_attempts_) != Action::retry) co_return result;
    if (on_retry) on_retry();
    log_(LogLevel::info, "download of " + redact_url(url) + " stopped at " +
                             std::to_string(sink_.size()) + " bytes: " + result.error.message +
                             "; trying again");
    co_await sleep(cancellation_, backoff(attempt, std::nullopt, g_random_double(), first_pause));
  }
}

Async<Download> Downloader::fetch_once(const std::string& url, bool bearer, Attempt& attempt) {
  if (!resumable_) sink_.reset();
  HttpRequest request;
  request.url = url;
  request.bearer = bearer;
  request.range_from = sink_.size();
  request.if_range = etag_;
  Download broken;
  try {
    const auto response = co_await http_.send(request, cancellation_);
    attempt.http_status = response->status();
    if (response->status() == 200 || response->status() == 206)
      co_return co_await receive(*response, attempt);
    co_return co_await refuse(*response, attempt);
  } catch (const TransportError& error) {
    attempt.fault = error.fault;
    broken =
        failed(Download::Outcome::not_yet, Reason::unreachable,
               "The result could not be fetched from " + redact_url(url) + ": " + error.text + ".");
  }
  co_return broken;
}

/// Prepares the sink for this reply. False if the reply does not continue what is there.
bool Downloader::prepare(HttpResponse& response) {
  resumable_ = !response.decoded();
  if (response.status() == 200) {
    sink_.reset();
    etag_ = response.header("ETag");
    if (g_str_has_prefix(etag_.c_str(), "W/")) etag_.clear();
    return true;
  }
  const bool fits = range_start(response.header("Content-Range")) == sink_.size();
  if (fits && resumable_) return true;
  sink_.reset();
  return false;
}

Async<Download> Downloader::receive(HttpResponse& response, Attempt& attempt) {
  if (!prepare(response)) {
    attempt.fault = TransportFault::broken;
    co_return failed(Download::Outcome::not_yet, Reason::bad_result,
                     "The server answered with another range than was asked for.");
  }
  if (response.length() && sink_.size() + *response.length() > ResultSink::kMost)
    co_return failed(Download::Outcome::too_large, Reason::bad_result, ResultSink::kTooLarge);
  while (true) {
    BytesPtr piece = co_await response.read(kPiece);
    if (g_bytes_get_size(piece.get()) == 0) break;
    if (!sink_.append(std::move(piece)))
      co_return failed(Download::Outcome::too_large, Reason::bad_result, ResultSink::kTooLarge);
    // Neither an MP4 nor JSON that names one: the rest can't make it better.
    const std::string head = sink_.head(8);
    if (check_ && head.size() == 8 && !begins_as_mp4(head) &&
        (sink_.size() > kMaxJsonBytes || !may_be_json(head)))
      break;
    // Further than ever before: a long file over a bad line is no reason to give up.
    if (sink_.size() < farthest_ + 4 * kPiece) continue;
    farthest_ = sink_.size();
    attempt.number = 1;
  }
  if (!sink_.disk_problem().empty())
    log_(LogLevel::warning, "state-dir cannot be written to (" + sink_.disk_problem() +
                                "): the result is kept in memory");
  Download result = judge();
  // Without a length, a broken transfer looks like the end. The boxes of the MP4 show the
  // difference.
  const bool cut = result.outcome != Download::Outcome::complete && !response.length();
  if (cut && begins_as_mp4(sink_.head(8))) attempt.fault = TransportFault::broken;
  co_return result;
}

Download Downloader::judge() const {
  const std::string head = sink_.head(512);
  Download result;
  if (begins_as_mp4(head)) {
    result.bytes = sink_.finish();
    const auto problem = check_ ? check_(*result.bytes) : std::nullopt;
    if (problem) return failed(Download::Outcome::not_yet, Reason::bad_result, *problem);
    result.outcome = Download::Outcome::complete;
    return result;
  }
  result = failed(Download::Outcome::not_yet, Reason::bad_result,
                  "The service sent " + describe_start(head) + " instead of an MP4");
  if (may_be_json(head) && sink_.size() <= kMaxJsonBytes) {
    const std::string text = sink_.head(sink_.size());
    result.other_url = link_in_json(text);
    const std::string said = result.other_url.empty() ? said_in(text) : "";
    if (!said.empty()) result.error.message += ": \"" + said + "\"";
  }
  result.error.message += ".";
  if (check_ || head.empty() || !result.other_url.empty()) return result;
  result = {};
  result.bytes = sink_.finish();
  result.outcome = Download::Outcome::complete;
  return result;
}

Async<Download> Downloader::refuse(HttpResponse& response, Attempt& attempt) {
  const int status = response.status();
  const auto asked = response.asked_pause();
  const std::string body = co_await response.read_text(kErrorBody);
  if (status == 416) {
    // The file changed or was already complete: start over.
    sink_.reset();
    attempt.fault = TransportFault::broken;
    co_return failed(Download::Outcome::not_yet, Reason::bad_result, "HTTP 416", status);
  }
  const std::string said = said_in(body);
  Download result =
      failed(Download::Outcome::not_yet, Reason::bad_result,
             "The result's link " + redact_url(response.url()) + " answered HTTP " +
                 std::to_string(status) + (said.empty() ? "" : ": \"" + said + "\"") + ".",
             status);
  if (asked) result.asked_pause = std::min(*asked, kLongestPause);
  co_return result;
}

}  // namespace omni
