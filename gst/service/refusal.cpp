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
constexpr Verdict kBusy = {Reason::rate_limited,
                           "has as many jobs of this account as it runs at once",
                           "Lower `max-in-flight`, or try again when one of them is done."};
constexpr Verdict kProxy = {
    Reason::unreachable, "was not reached: the proxy wants a user name",
    "Set `proxy` to http://USER:PASSWORD@HOST:PORT, or the variable that it "
    "is taken from."};
constexpr Verdict kFirewall = {
    Reason::unreachable, "was not reached: a firewall or a gateway before it refused",
    "Try again later; check the network, `proxy`, and whether the service may be used from here."};
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
    // new-api
    CodeVerdict{"insufficient_user_quota", &kPayment},
    CodeVerdict{"pre_consume_token_quota_failed", &kPayment},
    CodeVerdict{"model_not_found", &kNoModel},
    CodeVerdict{"task_not_exist", &kNoTask},
    CodeVerdict{"access_denied", &kNotAllowed},
    CodeVerdict{"sensitive_words_detected", &kModerated},
    CodeVerdict{"invalid_response", &kBroken},
    // OpenAI and APIMart
    CodeVerdict{"insufficient_quota", &kPayment},
    CodeVerdict{"billing_hard_limit_reached", &kPayment},
    CodeVerdict{"billing_not_active", &kPayment},
    CodeVerdict{"payment_required", &kPayment},
    CodeVerdict{"authentication_error", &kBadKey},
    CodeVerdict{"invalid_api_key", &kBadKey},
    CodeVerdict{"permission_error", &kNotAllowed},
    CodeVerdict{"rate_limit_error", &kSlowDown},
    CodeVerdict{"rate_limit_exceeded", &kSlowDown},
    CodeVerdict{"moderation_blocked", &kModerated},
    // AIHubCC and other gateways
    CodeVerdict{"insufficient_balance", &kPayment},
    CodeVerdict{"insufficient_credits", &kPayment},
    CodeVerdict{"not_enough_credits", &kPayment},
    CodeVerdict{"prompt_blocked", &kModerated},
    CodeVerdict{"timeout", &kTooSlow},
    // Kling, its table of business codes; with HTTP 400, 403 or 429
    CodeVerdict{"1100", &kNotAllowed},
    CodeVerdict{"1101", &kPayment},
    CodeVerdict{"1102", &kPayment},
    CodeVerdict{"1103", &kNotAllowed},
    CodeVerdict{"1200", &kInvalid},
    CodeVerdict{"1201", &kInvalid},
    CodeVerdict{"1203", &kNoModel},
    CodeVerdict{"1300", &kModerated},
    CodeVerdict{"1301", &kModerated},
    CodeVerdict{"1302", &kSlowDown},
    CodeVerdict{"1303", &kBusy},
    CodeVerdict{"1304", &kNotAllowed},
    // Vidu, `reason` and `err_code`
    CodeVerdict{"creditinsufficient", &kPayment},
    CodeVerdict{"quotaexceeded", &kBusy},
    CodeVerdict{"toomanyrequests", &kSlowDown},
    CodeVerdict{"systemthrottling", &kSlowDown},
    CodeVerdict{"creationpolicyviolation", &kModerated},
    CodeVerdict{"taskpromptpolicyviolation", &kModerated},
    CodeVerdict{"auditsubmitillegal", &kModerated},
    CodeVerdict{"unauthorized", &kBadKey},
    CodeVerdict{"forbidden", &kNotAllowed},
    CodeVerdict{"tasknotfound", &kNoTask},
    // MiniMax, `base_resp.status_code`; with HTTP 200. Not 1002, its rate limit, which its words
    // tell: for Kling that is an invalid key.
    CodeVerdict{"1004", &kBadKey},
    CodeVerdict{"1008", &kPayment},
    CodeVerdict{"1026", &kModerated},
    CodeVerdict{"1027", &kModerated},
    CodeVerdict{"2013", &kInvalid},
    CodeVerdict{"2049", &kBadKey},
    // Alibaba Cloud Model Studio (Wan)
    CodeVerdict{"arrearage", &kPayment},
    CodeVerdict{"datainspectionfailed", &kModerated},
    CodeVerdict{"throttling", &kSlowDown},
    CodeVerdict{"throttling.ratequota", &kSlowDown},
    CodeVerdict{"throttling.allocationquota", &kBusy},
    // Volcengine Ark (Seedance)
    CodeVerdict{"accountoverdueerror", &kPayment},
    CodeVerdict{"inputtextsensitivecontentdetected", &kModerated},
    CodeVerdict{"inputimagesensitivecontentdetected", &kModerated},
    CodeVerdict{"inputvideosensitivecontentdetected", &kModerated},
    CodeVerdict{"outputvideosensitivecontentdetected", &kModerated},
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
    "content_filtered",
    "safety",
    "nsfw",
    "prohibited_content",
    "prohibited content",
    "sensitive content",
    "sensitivecontent",
    "risk control",     // Kling: "Failure to pass the risk control system"
    "policyviolation",  // Vidu
    "policy_violat",
    "content security",  // Kling
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
/// Some services put them beside 429, and would be asked again and again.
constexpr std::array kQuotaWords = {
    "account balance not enough",     // Kling
    "resource package is exhausted",  // Kling
    "resource pack is exhausted",
    "in arrears",
    "account is overdue",
    "insufficient_quota",
    "insufficient_balance",
    "insufficient user quota",
    "credits exhausted",
    "out of credits",
    "资源包已用完",
    "insufficient balance",
    "insufficient quota",
    "insufficient credit",
    "insufficient fund",
    "insufficient_user_quota",
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
/// Beside 429 this may be a quota a minute.
constexpr std::array kPerhapsQuotaWords = {"exceeded your current quota"};
/// As many at once as the account may have, told with another status than 429.
constexpr std::array kBusyWords = {
    "parallel task over",  // Kling 1303: "parallel task over resource pack limit"
    "concurrent",         "concurrency", "too many tasks", "too many running", "too many requests",
    "rate limit",         "rate_limit",  "并发",           "请求过于频繁",     "任务数已达上限",
};
constexpr std::array kModelWords = {
    "model_not_found", "model not found",      "unknown model",
    "no such model",   "model does not exist", "模型不存在",
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
    case 407:
      return &kProxy;
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
  return status == 401 || status == 402 || status == 407 || status == 413;
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
    if (has_word(text, kPerhapsQuotaWords)) return &kPayment;
  }
  if (!is_plain(status) && has_word(text, kQuotaWords)) return &kPayment;
  if (by_code != &kInvalid && has_word(text, kModelWords)) return &kNoModel;
  const bool told_as_wrong = status == 200 || status == 400 || status == 403;
  if (told_as_wrong && has_word(text, kBusyWords)) return &kBusy;
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

/// In a task that failed, words about quota or rates are about the service's own suppliers: the
/// user has paid.
const Verdict* judge_job(const std::string& word, const std::string& code,
                         const std::string& text) {
  const Verdict* by_code = verdict_of_code(code);
  if (by_code == &kTooSlow || word == "timed_out" || word == "timeout") return &kJobTooSlow;
  if (word == "blocked" || has_word(word, kModerationWords)) return &kModerated;
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

bool names_model(const Refusal& refusal) {
  const Verdict* by_code = verdict_of_code(lower(refusal.code));
  return by_code == &kNoModel || has_word(lower(refusal.text), kModelWords);
}

Error error_from_stranger(std::string_view provider, int http_status) {
  const bool refused = http_status == 401 || http_status == 403 || http_status == 451;
  if (!refused) return error_from_refusal(provider, http_status, {});
  return {kFirewall.reason, message(provider, kFirewall, http_status, {}, {}), http_status, {}, {}};
}

Error error_from_failed_task(std::string_view provider, const Task& task) {
  const Verdict& verdict =
      *judge_job(lower(task.word), lower(task.error_code), lower(task.error_text));
  return {verdict.reason, message(provider, verdict, 0, task.error_text, task.error_code), 0,
          task.id, task.error_code};
}

}  // namespace omni
