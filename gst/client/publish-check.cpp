// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/publish-check.h"

#include <algorithm>

#include "client/s3.h"
#include "client/store.h"
#include "client/url.h"
#include "service/error.h"
#include "service/redact.h"

namespace omni {

namespace {

constexpr char kNothingPaid[] = " Nothing was submitted.";

std::string media_type_of(const std::string& header) {
  std::string type = header.substr(0, header.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(), g_ascii_tolower);
  return type;
}

bool refuses_head(int status) {
  // 403: a URL that is signed for GET only.
  return status == 403 || status == 405 || status == 501;
}

HttpRequest look(const std::string& url, bool by_get) {
  HttpRequest request;
  request.method = by_get ? "GET" : "HEAD";
  request.url = url;
  if (by_get) request.headers.emplace_back("Range", "bytes=0-0");
  return request;
}

Reason reason_of(const StoreReply& reply) {
  if (reply.status == 0 || reply.status >= 500) return Reason::unreachable;
  const bool denied = reply.status == 401 || reply.status == 403;
  return denied ? Reason::unauthorized : Reason::invalid_request;
}

[[noreturn]] void refuse_answer(const StoreReply& reply, const PublishedUpload& offer) {
  std::string text = "The service could not download " + offer.media_type + " by URL: from here, " +
                     describe(reply, offer.url) + ".";
  if (const S3Refusal said = read_s3_refusal(reply.body); offer.get_only && !said.code.empty())
    text += " It says " + quote_for_user(said.code + ": " + said.message) + ".";
  if (reply.status >= 300 && reply.status < 400)
    text += " Services do not follow redirects: use the address that it leads to.";
  text += " " + offer.advice + kNothingPaid;
  throw Failure({reason_of(reply), text, reply.status, {}, {}});
}

void check_type(const PublishedUpload& offer, const StoreReply& reply, const LogSink& log,
                const JobLimits& terms) {
  const TypeVerdict verdict = judge_type(offer.media_type, reply.content_type);
  if (verdict == TypeVerdict::right) return;
  const std::string told =
      reply.content_type.empty() ? "no type" : "\"" + quote_for_user(reply.content_type, 60) + "\"";
  const std::string what =
      redact_url(offer.url) + " says " + told + " where " + offer.media_type + " is expected";
  if (verdict == TypeVerdict::vague) {
    log(LogLevel::warning, terms.label + ": " + what + ": some services refuse that");
    return;
  }
  throw Failure(
      {Reason::bad_input,
       "The service would download something else: " + what + ". " + offer.advice + kNothingPaid,
       reply.status,
       {},
       {}});
}

void check_size(const PublishedUpload& offer, const StoreReply& reply) {
  const auto size = whole_size(reply.content_range, reply.length);
  // A server that ignores the range sends a 200 with the whole length.
  const bool part_only = reply.status == 206 && reply.content_range.empty();
  if (!offer.bytes || !size || part_only || *size == offer.bytes->size()) return;
  throw Failure({Reason::bad_input,
                 "The file that the service would download from " + redact_url(offer.url) +
                     " has " + std::to_string(*size) + " bytes instead of " +
                     std::to_string(offer.bytes->size()) + ". " + offer.advice + kNothingPaid,
                 reply.status,
                 {},
                 {}});
}

}  // namespace

TypeVerdict judge_type(const std::string& wanted, const std::string& told) {
  const std::string type = media_type_of(told);
  if (wanted.empty() || type == wanted) return TypeVerdict::right;
  // Services detect the image format themselves; image/jpg and image/jpeg are both in use.
  if (wanted.starts_with("image/") && type.starts_with("image/")) return TypeVerdict::right;
  const bool vague =
      type.empty() || type == "application/octet-stream" || type == "binary/octet-stream";
  return vague ? TypeVerdict::vague : TypeVerdict::wrong;
}

std::optional<std::uint64_t> whole_size(const std::string& content_range,
                                        std::optional<std::uint64_t> length) {
  if (content_range.empty()) return length;
  const std::size_t slash = content_range.find('/');
  if (slash == std::string::npos || !g_ascii_isdigit(content_range[slash + 1])) return std::nullopt;
  return g_ascii_strtoull(content_range.c_str() + slash + 1, nullptr, 10);
}

void require_fetchable(const std::string& url, const std::string& setting,
                       const std::string& base_url) {
  const bool clean =
      g_utf8_validate(url.data(), static_cast<gssize>(url.size()), nullptr) &&
      std::all_of(url.begin(), url.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '"' && c != '\\';
      });
  if (!clean || origin_of(url).empty())
    throw Failure(Reason::invalid_request,
                  "The service downloads by URL, and " + setting + " gives \"" +
                      quote_for_user(redact_typed_url(url), 100) +
                      "\", which is not a URL: it must be http(s)://HOST/PATH.");
  if (!is_local_address(url) || is_local_address(base_url)) return;
  throw Failure(Reason::invalid_request,
                setting + " gives " + redact_url(url) +
                    ", which only this machine or its own network can reach; the service at " +
                    redact_url(base_url) +
                    " cannot download it. Use an address that is reachable from the internet, such "
                    "as that of a tunnel, a forwarded port, or a store. Nothing was submitted.");
}

Async<void> check_published(Http& http, LogSink log, PublishedUpload offer, JobLimits terms,
                            Cancellation& cancellation) {
  StoreReply reply;
  bool by_get = offer.get_only;
  if (!by_get) {
    reply = co_await ask_store(
        http, log, [&] { return look(offer.url, false); }, terms, cancellation);
    by_get = refuses_head(reply.status);
  }
  if (by_get)
    reply = co_await ask_store(
        http, log, [&] { return look(offer.url, true); }, terms, cancellation);
  if (reply.status != 200 && reply.status != 206) refuse_answer(reply, offer);
  check_type(offer, reply, log, terms);
  check_size(offer, reply);
}

}  // namespace omni
