// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The guard before json-glib, and the short ways into a parsed text.
#include "service/json.h"

#include <array>
#include <cmath>

#include "check-main.h"

namespace {

using omni::JsonInput;

std::string read(std::string_view text, JsonInput input = JsonInput::reply) {
  std::string why;
  const omni::JsonNodePtr node = omni::parse_json(text, &why, input);
  return node ? omni::to_text(node.get()) : "refused: " + why;
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

struct Case {
  const char* name;
  std::string text;
  const char* reply;  // what a service's text becomes
  const char* user;   // what the user's becomes; nullptr: the same
};

const std::array kCases = {
    Case{"plain", R"({"a":[1,2.5,"x",true,null]})", R"({"a":[1,2.5,"x",true,null]})", nullptr},
    Case{"byte order mark", "\xEF\xBB\xBF{\"a\":1}", R"({"a":1})", nullptr},
    Case{"duplicate keys: the last wins", R"({"a":1,"a":2})", R"({"a":2})", nullptr},
    Case{"NaN", R"({"a":NaN})", R"({"a":null})",
         "refused: it has a number that is not valid in JSON (NaN or Infinity)"},
    Case{"Infinity", R"([-Infinity,Infinity])", R"([null,null])",
         "refused: it has a number that is not valid in JSON (NaN or Infinity)"},
    Case{"invalid UTF-8", "{\"a\":\"x\xFFy\"}", "{\"a\":\"x\xEF\xBF\xBDy\"}",
         "refused: it is not valid UTF-8"},
    Case{"NaN inside a string stays", R"({"a":"NaN"})", R"({"a":"NaN"})", nullptr},
    Case{"surrogate pair", R"(["\ud83d\ude00"])", "[\"\xF0\x9F\x98\x80\"]", nullptr},
    Case{"lone high surrogate", R"(["\ud83d!"])", "[\"\xEF\xBF\xBD!\"]",
         "refused: it has a \\u escape that is not a character"},
    Case{"lone low surrogate", R"(["\ude00"])", "[\"\xEF\xBF\xBD\"]",
         "refused: it has a \\u escape that is not a character"},
    Case{"two high surrogates", R"(["\ud83d\ud83d"])", "[\"\xEF\xBF\xBD\xEF\xBF\xBD\"]",
         "refused: it has a \\u escape that is not a character"},
    Case{"zero escape", R"(["a\u0000b"])",
         "[\"a\xEF\xBF\xBD"
         "b\"]",
         "refused: it has a \\u escape that is not a character"},
    Case{"broken unicode escape", R"(["\u12"])", "refused: it has a broken \\u escape", nullptr},
    Case{"octal escape", R"(["\377"])", R"(["377"])",
         "refused: it has a backslash escape that is not valid in JSON"},
    Case{"backslash before a wide character", "[\"\\\xC3\xA9\"]", "[\"\xC3\xA9\"]",
         "refused: it has a backslash escape that is not valid in JSON"},
    Case{"empty", "", "refused: it is empty", nullptr},
    Case{"blank", " \r\n\t ", "refused: it is empty", nullptr},
    Case{"byte order mark only", "\xEF\xBB\xBF", "refused: it is empty", nullptr},
    Case{"cut in a string", R"({"a":"b)", "refused: it ends inside a string", nullptr},
    Case{"cut after a backslash", "{\"a\":\"b\\", "refused: it ends inside a string", nullptr},
    Case{"cut in an object", R"({"a":{"b":1})",
         "refused: it ends before its last bracket is closed", nullptr},
    Case{"closed too often", "]", "refused: it closes a bracket that was never opened", nullptr},
    Case{"two values", "{} {}", "refused: it continues after its end", nullptr},
    Case{"64 levels", nested(64), nullptr, nullptr},
    Case{"65 levels", nested(65), "refused: it is nested too deeply", nullptr},
    Case{"100,000 levels", nested(100000), "refused: it is nested too deeply", nullptr},
    Case{"brackets in a string are no levels", "[\"" + std::string(100, '[') + "\"]", nullptr,
         nullptr},
    Case{"an escaped quote does not end a string", R"(["\"[[[["])", R"(["\"[[[["])", nullptr},
    Case{"a comment cannot hide levels", "/* \" */" + nested(100000), "refused: it is not JSON",
         nullptr},
    Case{"a quote of another kind cannot hide levels", "['\"'," + nested(100000),
         "refused: it is not JSON", nullptr},
    Case{"too many members", "", nullptr, nullptr},
    Case{"too large", "", nullptr, nullptr},
};

START_TEST(guard) {
  const Case& row = kCases[_i];
  std::string text = row.text;
  std::string expected = row.reply ? row.reply : row.text;
  if (row.name == std::string("too many members")) {
    text = "[";
    for (std::size_t i = 0; i <= omni::kMaxJsonMembers; ++i) text += "{\"a\":1},";
    text += "1]";
    expected = "refused: it has too many members";
  }
  if (row.name == std::string("too large")) {
    text = "\"" + std::string(omni::kMaxJsonBytes, 'x') + "\"";
    expect_text(row.name, read(text), "refused: it is larger than 96 MiB");
    expect_text(row.name, read(text, JsonInput::user), "refused: it is larger than 64 MiB");
    return;
  }
  expect_text(row.name, read(text), expected);
  expect_text(row.name, read(text, JsonInput::user), row.user ? row.user : expected);
}
END_TEST

START_TEST(json_glib_complains) {
  expect_contains("trailing comma", read("{\"a\":}"), "refused: it is not valid JSON (at 1:6)");
}
END_TEST

struct PathCase {
  const char* path;
  const char* text;  // nullptr: nothing there
};
constexpr std::array kPaths = {
    PathCase{"a", "1"},
    PathCase{"b.c[1].d", "deep"},
    PathCase{"b.c[0]", nullptr},  // null
    PathCase{"b.c[2]", nullptr},
    PathCase{"b.c[99999999999999999999]", nullptr},
    PathCase{"b.c[x].d", nullptr},
    PathCase{"b.c[", nullptr},
    PathCase{"a.b", nullptr},
    PathCase{"a[0]", nullptr},
    PathCase{"half", "0.5"},
    PathCase{"big", "9007199254740993"},
    PathCase{"blank", ""},
    PathCase{"spaced", "x y"},
    PathCase{"flag", nullptr},
    PathCase{"b", nullptr},
};

START_TEST(paths) {
  const omni::JsonNodePtr root =
      omni::parse_json(R"({"a":1,"b":{"c":[null,{"d":"deep"}]},"half":0.5,"big":9007199254740993,)"
                       R"("blank":"  ","spaced":" x y\n","flag":true})",
                       nullptr);
  const PathCase& row = kPaths[_i];
  const auto text = omni::as_text(omni::at_path(root.get(), row.path));
  expect_text(row.path, text.value_or("nothing"), row.text ? row.text : "nothing");
}
END_TEST

START_TEST(numbers) {
  const omni::JsonNodePtr root = omni::parse_json(R"([7,"8.5",1e999,"8s","",true,"inf"])", nullptr);
  const auto number = [&](int i) {
    return omni::as_number(omni::at_path(root.get(), "[" + std::to_string(i) + "]")).value_or(-1);
  };
  ck_assert_double_eq(number(0), 7);
  ck_assert_double_eq(number(1), 8.5);
  for (int i = 2; i < 7; ++i) ck_assert_double_eq(number(i), -1);
}
END_TEST

START_TEST(merge) {
  const omni::JsonNodePtr base =
      omni::parse_json(R"({"a":1,"b":{"c":1,"d":[1,2]},"e":{"f":1}})", nullptr);
  const omni::JsonNodePtr over =
      omni::parse_json(R"({"a":{"x":1},"b":{"c":null,"n":{"m":1}},"e":[3],"z":0})", nullptr);
  omni::merge_json(json_node_get_object(base.get()), json_node_get_object(over.get()));
  expect_text("merge", omni::to_text(base.get()),
              R"({"a":{"x":1},"b":{"c":null,"d":[1,2],"n":{"m":1}},"e":[3],"z":0})");
}
END_TEST

START_TEST(many_duplicates_are_quick) {
  std::string text = "{";
  for (std::size_t i = 0; i < omni::kMaxJsonMembers / 2; ++i) {
    text += "\"k" + std::to_string(i) + "\":1,";
  }
  for (std::size_t i = 1; i < omni::kMaxJsonMembers / 2; ++i) text += "\"k9999\":2,";
  text += "\"k9999\":3}";
  const gint64 start = g_get_monotonic_time();
  ck_assert(omni::parse_json(text, nullptr) != nullptr);
  ck_assert_int_lt(g_get_monotonic_time() - start, 10 * G_USEC_PER_SEC);
}
END_TEST

}  // namespace

int main() {
  return run_tests("service-json", {{"guard", guard, kCases.size()},
                                    {"json-glib complains", json_glib_complains, 1},
                                    {"paths", paths, kPaths.size()},
                                    {"numbers", numbers, 1},
                                    {"merge", merge, 1},
                                    {"many duplicates are quick", many_duplicates_are_quick, 1}});
}
