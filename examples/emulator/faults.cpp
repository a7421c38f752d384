// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "faults.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace emu {
namespace {

struct NamedAction {
  const char* name;
  Action action;
  bool create, poll, file;  // the kinds it can be used for; file = result and content
};

constexpr NamedAction kActions[] = {
    {"drop", Action::drop, true, true, true},
    {"drop-early", Action::drop_early, true, false, false},
    {"drop-after", Action::drop_after, true, false, false},
    {"hang", Action::hang, true, true, true},
    {"html", Action::html, true, true, true},
    {"empty", Action::empty, true, true, true},
    {"garbage", Action::garbage, true, true, true},
    {"truncate", Action::truncate, true, true, true},
    {"slow", Action::slow, true, true, true},
    {"fail", Action::fail, true, false, false},
    {"moderated", Action::moderated, true, false, false},
    {"wrong-type", Action::wrong_type, false, false, true},
    {"redirect", Action::redirect, true, true, true},
};

[[noreturn]] void reject(std::string_view item, const std::string& why) {
  throw std::invalid_argument("fault \"" + std::string(item) + "\": " + why);
}

std::string_view trim(std::string_view text) {
  const char* blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Kind kind_named(std::string_view name, std::string_view item) {
  if (name == "create") return Kind::create;
  if (name == "poll") return Kind::poll;
  if (name == "result") return Kind::result;
  if (name == "content") return Kind::content;
  reject(item, "the kind is one of create, poll, result, content");
}

void read_action(Fault& fault, Kind kind, std::string_view name, std::string_view value,
                 std::string_view item) {
  fault.text = value;
  double seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc() && end == value.data() + value.size()) fault.value = seconds;
  if (const auto status = number(name)) {
    if (*status < 200 || *status > 599) reject(item, "a status is 200 to 599");
    fault.action = Action::status;
    fault.status = *status;
    return;
  }
  if (name == "retry-after") {
    fault.action = Action::status;
    fault.status = 429;
    return;
  }
  for (const NamedAction& known : kActions) {
    if (name != known.name) continue;
    const bool fits = kind == Kind::create ? known.create
                      : kind == Kind::poll ? known.poll
                                           : known.file;
    if (!fits) reject(item, "this action makes no sense for this kind of request");
    fault.action = known.action;
    return;
  }
  std::string names = "an action is a status, retry-after=N";
  for (const NamedAction& known : kActions) names.append(", ").append(known.name);
  reject(item, names);
}

}  // namespace

void Faults::add(std::string_view item) {
  const auto colon = item.find(':');
  if (colon == std::string_view::npos) reject(item, "expected kind:action[=value][*count][@nth]");
  Rule rule{.kind = kind_named(trim(item.substr(0, colon)), item), .fault = {}};
  std::string_view rest = trim(item.substr(colon + 1));
  rule.fault.name = rest.substr(0, rest.find_first_of("*@"));

  for (const Rule& earlier : rules_) {
    if (earlier.kind != rule.kind) continue;
    rule.first = earlier.last == kForever ? kForever : std::max(rule.first, earlier.last + 1);
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const auto nth = number(rest.substr(at + 1));
    if (!nth || *nth == 0) reject(item, "after @ comes a number from 1");
    rule.first = *nth;
    rest = rest.substr(0, at);
  }
  unsigned count = 1;
  if (const auto star = rest.rfind('*'); star != std::string_view::npos) {
    const std::string_view digits = rest.substr(star + 1);
    const auto many = digits.empty() ? std::optional<unsigned>(kForever) : number(digits);
    if (!many || *many == 0) reject(item, "after * comes a number from 1, or nothing for all");
    count = *many;
    rest = rest.substr(0, star);
  }
  rule.last = count > kForever - rule.first ? kForever : rule.first + count - 1;

  const auto equals = rest.find('=');
  const std::string_view value =
      equals == std::string_view::npos ? std::string_view() : rest.substr(equals + 1);
  read_action(rule.fault, rule.kind, rest.substr(0, equals), value, item);
  rules_.push_back(rule);
}

Faults Faults::parse(std::string_view script) {
  std::string text(script);
  if (!text.empty() && text.front() == '@') {
    std::ifstream file(text.substr(1));
    if (!file) throw std::invalid_argument("cannot read the fault script " + text.substr(1));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  Faults faults;
  std::size_t line_start = 0;
  while (line_start < text.size()) {
    const auto line_end = std::min(text.find('\n', line_start), text.size());
    std::string_view line = std::string_view(text).substr(line_start, line_end - line_start);
    line = line.substr(0, line.find('#'));
    line_start = line_end + 1;
    while (!line.empty()) {
      const auto comma = std::min(line.find(','), line.size());
      const std::string_view item = trim(line.substr(0, comma));
      if (!item.empty()) faults.add(item);
      line.remove_prefix(std::min(comma + 1, line.size()));
    }
  }
  return faults;
}

Fault Faults::take(Kind kind) {
  const unsigned nth = ++seen_[static_cast<std::size_t>(kind)];
  for (const Rule& rule : rules_) {
    if (rule.kind == kind && nth >= rule.first && nth <= rule.last) return rule.fault;
  }
  return {};
}

bool Faults::uses(Action action) const {
  return std::any_of(rules_.begin(), rules_.end(),
                     [action](const Rule& rule) { return rule.fault.action == action; });
}

}  // namespace emu
