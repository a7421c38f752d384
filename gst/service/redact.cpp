// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "service/redact.h"

#include <algorithm>
#include <array>

#include "service/glib-ptr.h"

namespace omni {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kLongestText = 64 * 1024;  // longer texts are cut
constexpr std::size_t kKeyLength = 40;           // request and task ids are shorter than keys
constexpr std::size_t kShortestWord = 6;         // shorter words are common in ordinary sentences

thread_local std::vector<std::string> hidden_words;

bool is_key_char(char c) {
  return g_ascii_isalnum(c) || c == '-' || c == '_';
}

/// Where a URL inside a text ends.
bool ends_url(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>';
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = g_ascii_tolower(c);
  return result;
}

bool is_secret_name(std::string_view run) {
  static constexpr std::array kNames = {
      "key",          "apikey",    "api_key", "api-key",        "x-api-key",     "token",
      "access_token", "access",    "secret",  "password",       "authorization", "credential",
      "sig",          "signature", "session", "x-amz-signature"};
  const std::string name = lower(run);
  return std::any_of(kNames.begin(), kNames.end(), [&](const char* one) { return name == one; });
}

bool looks_like_key(std::string_view run) {
  if (run.size() >= kKeyLength) return true;
  const std::string start = lower(run.substr(0, 3));
  if (start == "sk-" || start == "sk_") return run.size() >= 8;
  return run.starts_with("eyJ") && run.size() >= 16;
}

class Redactor {
 public:
  explicit Redactor(std::string_view text)
      : given_(without_hidden_words(text.substr(0, kLongestText))), text_(given_) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (ends_url(c)) in_url_ = false;
    if (is_key_char(c)) {
      word();
    } else if ((c == '?' || c == '#') && starts_query()) {
      copy(1);
      hide_while([](char one) { return !ends_url(one); });
    } else if (text_.substr(at_).starts_with("://")) {
      copy(3);
      in_url_ = true;
      user_info();
    } else {
      copy(1);
    }
  }

  void word() {
    const std::string_view run = run_from(at_);
    if (looks_like_key(run)) {
      at_ += run.size();
      out_ += kHidden;
      return;
    }
    copy(run.size());
    if (g_ascii_strncasecmp(run.data(), "bearer", 6) == 0 && run.size() == 6) {
      copy_separators(" :=\"'\t");
      hide_while([](char one) { return !ends_url(one); });
    } else if (is_secret_name(run)) {
      secret_value();
    }
  }

  /// "token=abc" is a secret; "token: abc" may be a sentence, so there only long values are hidden.
  void secret_value() {
    const std::size_t before = at_;
    copy_separators("=: \"'\\");
    const std::string_view between = text_.substr(before, at_ - before);
    const bool assigned = between.find('=') != std::string_view::npos;
    const bool named = between.find(':') != std::string_view::npos && run_from(at_).size() >= 16;
    if (assigned || named) hide_while([](char one) { return !ends_url(one) && one != '&'; });
  }

  /// Outside a URL ("/content?access=...") a query needs a name and a value.
  bool starts_query() const {
    if (in_url_) return true;
    const std::string_view name = run_from(at_ + 1);
    return !name.empty() && text_.substr(at_ + 1 + name.size()).starts_with('=');
  }

  void user_info() {
    std::size_t end = at_;
    while (end < text_.size() && !ends_url(text_[end]) && text_[end] != '/') ++end;
    const std::size_t sign = text_.substr(at_, end - at_).rfind('@');
    if (sign == std::string_view::npos) return;
    out_ += kHidden;
    at_ += sign;
  }

  std::string_view run_from(std::size_t at) const {
    std::size_t end = at;
    while (end < text_.size() && is_key_char(text_[end])) ++end;
    return at < text_.size() ? text_.substr(at, end - at) : std::string_view();
  }

  void copy(std::size_t count) {
    out_ += text_.substr(at_, count);
    at_ += count;
  }

  void copy_separators(std::string_view which) {
    while (at_ < text_.size() && which.find(text_[at_]) != std::string_view::npos) copy(1);
  }

  template <class Condition>
  void hide_while(Condition condition) {
    const std::size_t before = at_;
    while (at_ < text_.size() && condition(text_[at_])) ++at_;
    if (at_ > before) out_ += kHidden;
  }

  const std::string given_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool in_url_ = false;
  std::string out_;
};

std::string collapse(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte != 0x7f) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

/// The position after the words "request id" in any spelling.
std::size_t after_request_id(const std::string& lowered) {
  static constexpr std::array kSpellings = {"request id", "request_id", "request-id",
                                            "requestid",  "请求 id",    "请求id"};
  for (const std::string_view spelling : kSpellings) {
    const std::size_t found = lowered.find(spelling);
    if (found != std::string::npos) return found + spelling.size();
  }
  return std::string::npos;
}

}  // namespace

void hide_words(std::vector<std::string> words) {
  std::erase_if(words, [](const std::string& word) { return word.size() < kShortestWord; });
  // Longest first: one may contain another.
  std::sort(words.begin(), words.end(),
            [](const auto& one, const auto& other) { return one.size() > other.size(); });
  hidden_words = std::move(words);
}

std::string without_hidden_words(std::string_view text) {
  std::string shown(text);
  for (const std::string& word : hidden_words) {
    std::size_t at = 0;
    while ((at = shown.find(word, at)) != std::string::npos) {
      shown.replace(at, word.size(), kHidden);
      at += kHidden.size();
    }
  }
  return shown;
}

std::string redact_secrets(std::string_view text) {
  return Redactor(text).run();
}

std::string quote_for_user(std::string_view text, std::size_t max_characters) {
  const std::string redacted = collapse(redact_secrets(text));
  const CharPtr valid(g_utf8_make_valid(redacted.data(), static_cast<gssize>(redacted.size())));
  const std::string result = valid.get();
  const char* cut = result.c_str();
  for (std::size_t count = 0; *cut != '\0'; ++count) {
    if (count == max_characters) return result.substr(0, cut - result.c_str()) + "…";
    cut = g_utf8_next_char(cut);
  }
  return result;
}

std::string find_request_id(std::string_view text) {
  const std::string shown = without_hidden_words(text.substr(0, kLongestText));
  const std::size_t after = after_request_id(lower(shown));
  if (after == std::string::npos) return {};
  std::string_view rest = std::string_view(shown).substr(after);
  if (rest.empty() || is_key_char(rest.front())) return {};  // "request identification"
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" :=\"'\\\xEF\xBC\x9A")));
  std::size_t length = 0;
  while (length < rest.size() && is_key_char(rest[length])) ++length;
  const std::string_view id = rest.substr(0, length);
  return id.size() < 6 || looks_like_key(id) ? std::string() : std::string(id);
}

std::string redact_typed_url(std::string_view url) {
  std::string shown(url.substr(0, url.find('?')));
  if (shown.size() < url.size()) shown += "?(redacted)";
  const std::size_t at = shown.rfind('@');
  if (at == std::string::npos) return shown;
  const std::size_t scheme = shown.find("://");
  const std::size_t start = scheme == std::string::npos || scheme > at ? 0 : scheme + 3;
  return shown.substr(0, start) + "(redacted)" + shown.substr(at);
}

}  // namespace omni
