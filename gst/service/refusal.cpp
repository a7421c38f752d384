// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "service/refusal.h"

#include <array>
#include <charconv>
#include <span>

#include "service/glib-ptr.h"
#include "service/redact.h"

namespace omni {
namespace {

/// The two sentences of a message: "<provider> <what>. <advice>"
struct Verdict {
  Reason reason;
  const char* what;
  const char* advice;
};

constexpr Verdict kBadKey = {
    Reason::unauthorized, "does not accept the API key",
    "Check `api-key`, `api-key-file` or the environment variable, and that the key is one of this "
    "service."};
constexpr Verdict kNotAllowed = {
    Reason::unauthorized, "does not allow this key to do that",
    "Check in your account that the key may use this model, and from this address."};
constexpr Verdict kPayment = {Reason::payment_required,
                              "requires payment: the balance or quota is used up",
                              "Top up the account, or raise the quota of this key, and run again."};
constexpr Verdict kSlowDown = {Reason::rate_limited, "received more requests than it allows",
                               "Lower `max-in-flight`, or try again later."};
constexpr Verdict kInvalid = {Reason::invalid_request, "refused the request",
                              "Correct the property that it names, or `parameters`."};
constexpr Verdict kNoModel = {
    Reason::invalid_request, "does not offer this model to this key",
    "Check `model`: services rename models, and names are case-sensitive."};
constexpr Verdict kNoAddress = {Reason::invalid_request, "does not know this address",
                                "Check `base-url`, `provider` and `model`."};
constexpr Verdict kNoTask = {
    Reason::service_error, "does not know the task",
    "Check that `base-url` and the key are those that it was submitted with; tasks also expire."};
constexpr Verdict kModerated = {
    Reason::moderated, "blocked the job by its content rules",
    "Change the prompt or the reference: the same request will be blocked again."};
constexpr Verdict kTooLarge = {Reason::too_large, "refused the request as too large",
                               "Use a shorter clip or a lower bitrate."};
constexpr Verdict kTooSlow = {Reason::timed_out, "ran out of time", "Try again later."};
constexpr Verdict kBroken = {
    Reason::service_error, "failed",
    "Try again later; if it persists, tell the service's support what it said."};
constexpr Verdict kStrange = {Reason::service_error, "did not accept the request",
                              "Check `base-url` and `provider`."};
constexpr Verdict kJobFailed = {Reason::service_error, "could not finish the job",
                                "Try again, or change the prompt or the reference."};
constexpr Verdict kJobTooSlow = {Reason::timed_out, "gave up the job because it took too long",
                                 "Try again later, with a shorter clip or a lower `resolution`."};

struct CodeVerdict {
  const char* code;  // in lower case
  const Verdict* verdict;
};
constexpr std::array kCodes = {
    CodeVerdict{"insufficient_user_quota", &kPayment},
    CodeVerdict{"insufficient_quota", &kPayment},
    CodeVerdict{"insufficient_balance", &kPayment},
    CodeVerdict{"pre_consume_token_quota_failed", &kPayment},
    CodeVerdict{"payment_required", &kPayment},
    CodeVerdict{"model_not_found", &kNoModel},
    CodeVerdict{"task_not_exist", &kNoTask},
    CodeVerdict{"authentication_error", &kBadKey},
    CodeVerdict{"invalid_api_key", &kBadKey},
    CodeVerdict{"access_denied", &kNotAllowed},
    CodeVerdict{"permission_error", &kNotAllowed},
    CodeVerdict{"rate_limit_error", &kSlowDown},
    CodeVerdict{"rate_limit_exceeded", &kSlowDown},
    CodeVerdict{"sensitive_words_detected", &kModerated},
    CodeVerdict{"prompt_blocked", &kModerated},
    CodeVerdict{"timeout", &kTooSlow},
    CodeVerdict{"invalid_response", &kBroken},
};

/// Words that mean a decision about content; "policy" alone may be about rates.
constexpr std::array kModerationWords = {
    "content policy",
    "content_policy",
    "content-policy",
    "content filter",
    "content_filter",
    "moderation",
    "moderated",
    "safety",
    "nsfw",
    "prohibited_content",
    "prohibited content",
    "sensitive content",
    "sensitive word",
    "sensitive info",
    "sensitive_word",
    "sensitive mat",
    "usage polic",
    "usage guideline",
    "community guide",
    "inappropriate",
    "prompt_blocked",
    "prompt was blocked",
    "violates our",
    "policy violation",
    "policy_violation",
    "copyright",
    "violates google",
    "违反",
    "审核",
    "违规",
    "敏感",
    "内容安全",
    "不合规",
    "色情",
    "暴力",
    "违禁",
    "侵权",
    "内容政策",
    "使用政策",
};
constexpr std::array kQuotaWords = {
    "insufficient balance",
    "insufficient quota",
    "insufficient credit",
    "insufficient fund",
    "insufficient_user_quota",
    "exceeded your current quota",
    "quota is not enough",
    "not enough credit",
    "not enough balance",
    "balance is not enough",
    "额度不足",
    "余额不足",
    "配额不足",
    "预扣费",
    "欠费",
    "额度已用尽",
    "积分不足",
};
constexpr std::array kTimeWords = {"timed out",         "timeout", "time out",
                                   "deadline exceeded", "超时",    "took too long"};
constexpr std::array kLostTaskWords = {"task not found", "task_not_exist", "task does not exist",
                                       "任务不存在"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = g_ascii_tolower(c);
  return result;
}

bool has_word(const std::string& text, std::span<const char* const> words) {
  for (const char* word : words) {
    if (text.find(word) != std::string::npos) return true;
  }
  return false;
}

const Verdict* verdict_of_code(const std::string& code) {
  for (const CodeVerdict& known : kCodes) {
    if (code == known.code) return known.verdict;
  }
  for (const char* start : {"invalid_", "unsupported_", "missing_"}) {
    if (code.starts_with(start)) return &kInvalid;
  }
  return nullptr;
}

const Verdict* verdict_of_status(int status, bool has_answer) {
  switch (status) {
    case 401:
      return &kBadKey;
    case 402:
      return &kPayment;
    case 403:
      return &kNotAllowed;
    case 404:
    case 405:
    case 410:
      return has_answer ? &kInvalid : &kNoAddress;
    case 408:
    case 504:
    case 522:
    case 524:
      return &kTooSlow;
    case 413:
      return &kTooLarge;
    case 429:
      return &kSlowDown;
    case 451:
      return &kModerated;
    default:
      break;
  }
  if (status >= 400 && status < 500) return &kInvalid;
  return status >= 500 ? &kBroken : nullptr;
}

/// The HTTP status, or the `code` of an envelope sent with status 200.
int effective_status(int http_status, const std::string& code) {
  if (http_status >= 400) return http_status;
  int value = 0;
  const auto result = std::from_chars(code.data(), code.data() + code.size(), value);
  const bool whole = result.ec == std::errc() && result.ptr == code.data() + code.size();
  return whole && value >= 400 && value < 600 ? value : http_status;
}

/// Statuses that are unambiguous by themselves; the others may mean anything.
bool is_plain(int status) {
  return status == 401 || status == 402 || status == 413;
}

/// "invalid_request" and similar codes add nothing to a more specific status.
bool says_more(int status) {
  return is_plain(status) || status == 403 || status == 408 || status == 429 || status == 451;
}

/// The status has the lowest precedence: gateways answer 403 for an exhausted balance, 503 for a
/// model that they do not have, and 500 for what their upstream service refused.
const Verdict* judge(int status, const std::string& code, const std::string& text) {
  const Verdict* by_code = verdict_of_code(code);
  if (by_code && by_code != &kInvalid && !is_plain(status)) return by_code;
  if (status != 429 && !is_plain(status)) {
    if (has_word(code, kModerationWords) || has_word(text, kModerationWords)) return &kModerated;
    if (has_word(text, kQuotaWords)) return &kPayment;
  }
  if (has_word(text, kLostTaskWords)) return &kNoTask;
  if (status == 404 && text.find("invalid url") != std::string::npos) return &kNoAddress;
  if (by_code && !says_more(status)) return by_code;
  const bool server_side = status < 400 || status >= 500;
  if (server_side && has_word(text, kTimeWords)) return &kTooSlow;
  if (const Verdict* verdict = verdict_of_status(status, !text.empty())) return verdict;
  return &kStrange;
}

std::string with_stop(std::string text) {
  for (const char* stop : {".", "!", "?", "…", "。"}) {
    if (text.ends_with(stop)) return text;
  }
  return text + ".";
}

/// The service's own words, and the ids by which its support finds the case.
std::string quotation(std::string_view text, std::string_view code) {
  const std::string said = quote_for_user(text);
  const std::string shown_code = quote_for_user(code, 64);
  std::string result;
  if (!said.empty()) result = " It says: \"" + with_stop(said) + "\"";
  std::string notes;
  if (!shown_code.empty()) notes = "code " + shown_code;
  const std::string request_id = find_request_id(text);
  if (!request_id.empty() && said.find(request_id) == std::string::npos) {
    notes += (notes.empty() ? "request id " : ", request id ") + request_id;
  }
  if (!notes.empty()) result += " (" + notes + ")";
  return result;
}

std::string message(std::string_view provider, const Verdict& verdict, int http_status,
                    std::string_view text, std::string_view code) {
  std::string result(provider);
  result += " ";
  result += verdict.what;
  if (http_status != 0) result += " (HTTP " + std::to_string(http_status) + ")";
  return result + ". " + verdict.advice + quotation(text, code);
}

/// In a failed task, words about quota or rates refer to the service's own suppliers: the user has
/// paid.
const Verdict* judge_job(const std::string& code, const std::string& text) {
  const Verdict* by_code = verdict_of_code(code);
  if (by_code == &kTooSlow) return &kJobTooSlow;
  if (by_code == &kModerated || by_code == &kInvalid || by_code == &kPayment) return by_code;
  if (has_word(code, kModerationWords) || has_word(text, kModerationWords)) return &kModerated;
  if (has_word(text, kTimeWords)) return &kJobTooSlow;
  switch (effective_status(0, code)) {
    case 400:
    case 422:
      return &kInvalid;
    case 402:
      return &kPayment;
    case 408:
    case 504:
      return &kJobTooSlow;
    default:
      return &kJobFailed;
  }
}

}  // namespace

Error error_from_refusal(std::string_view provider, int http_status, const Refusal& refusal) {
  const std::string code = lower(refusal.code);
  const int status = effective_status(http_status, code);
  const Verdict& verdict = *judge(status, code, lower(refusal.text));
  return {verdict.reason,
          message(provider, verdict, http_status, refusal.text, refusal.code),
          http_status,
          {},
          refusal.code};
}

Error error_from_failed_task(std::string_view provider, const Task& task) {
  const Verdict& verdict = *judge_job(lower(task.error_code), lower(task.error_text));
  return {verdict.reason, message(provider, verdict, 0, task.error_text, task.error_code), 0,
          task.id, task.error_code};
}

}  // namespace omni
