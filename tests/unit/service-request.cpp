// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What goes out: fitting a request to the service's limits, and the create body with its hole.
#include <array>

#include "check-main.h"
#include "service/dialect.h"
#include "service/json.h"
#include "service/request.h"

namespace {

using omni::CreateBody;
using omni::Failure;
using omni::Reason;
using omni::ReferenceInfo;
using omni::Request;
using omni::ResolvedRequest;

constexpr std::uint64_t kSecond = 1'000'000'000;

Request some_request() {
  Request request;
  request.prompt = "rainy neon night";
  return request;
}

ReferenceInfo some_reference() {
  return {1000, 8 * kSecond, 1280, 720};
}

/// The reason word and message of a refused fit; "fine" when it passes.
std::string try_fit(const Request& request, const ReferenceInfo& reference = some_reference()) {
  try {
    omni::octopusx().resolve(request, reference);
    return "fine";
  } catch (const Failure& failure) {
    return std::string(omni::reason_word(failure.error().reason)) + ": " + failure.what();
  }
}

CreateBody body_of(const Request& request) {
  return omni::inline_body(omni::octopusx(), omni::octopusx().resolve(request, some_reference()));
}

/// The body as the service reads it, with REF where the reference goes.
std::string sent(const Request& request) {
  const CreateBody body = body_of(request);
  return body.head + (body.has_hole ? "REF" : "") + body.tail;
}

omni::JsonNodePtr parsed(const Request& request) {
  std::string why;
  omni::JsonNodePtr node = omni::parse_json(sent(request), &why, omni::JsonInput::user);
  ck_assert_msg(node != nullptr, "%s", why.c_str());
  return node;
}

std::string text_at(const omni::JsonNodePtr& body, const char* path) {
  return omni::as_text(omni::at_path(body.get(), path)).value_or("(none)");
}

START_TEST(facts) {
  const omni::Dialect* dialect = omni::find_dialect("octopusx");
  ck_assert_ptr_eq(dialect, &omni::octopusx());
  ck_assert_ptr_null(omni::find_dialect("nobody"));
  expect_text("base", dialect->service().default_base_url, "https://octopusx.ai");
  expect_text("key", dialect->service().key_variable, "OCTOPUSX_API_KEY");
  expect_text("create", dialect->service().routes[0].create, "/v1/videos");
  expect_text("poll", omni::Dialect::with_id(dialect->service().routes[0].poll, "video_1"),
              "/v1/videos/video_1");
  expect_text("content", omni::Dialect::with_id(dialect->service().routes[0].content, "video_1"),
              "/v1/videos/video_1/content");
  ck_assert_uint_eq(dialect->model_facts("omni-fast-v2v").max_inline_bytes, 15 * 1024 * 1024);
}
END_TEST

struct LengthCase {
  double reference;
  unsigned asked;
  unsigned seconds;  // 0: bad-input
};
constexpr std::array kLengths = {
    LengthCase{0, 0, 4},     LengthCase{0.5, 0, 4},  LengthCase{4.4, 0, 4}, LengthCase{4.5, 0, 5},
    LengthCase{8.04, 0, 8},  LengthCase{7.96, 0, 8}, LengthCase{30, 0, 30}, LengthCase{30.5, 0, 30},
    LengthCase{30.51, 0, 0}, LengthCase{3600, 0, 0}, LengthCase{8, 4, 4},   LengthCase{8, 30, 30},
};

START_TEST(lengths) {
  const LengthCase& row = kLengths[_i];
  Request request = some_request();
  request.seconds = row.asked;
  ReferenceInfo reference = some_reference();
  reference.duration_ns = static_cast<std::uint64_t>(row.reference * 1e9);
  if (row.seconds == 0) {
    expect_contains("length", try_fit(request, reference), "bad-input: The reference is ");
    return;
  }
  const ResolvedRequest resolved = omni::octopusx().resolve(request, reference);
  ck_assert_uint_eq(resolved.seconds, row.seconds);
  ck_assert_uint_eq(resolved.request.seconds, row.seconds);
}
END_TEST

struct SizeCase {
  unsigned width;
  unsigned height;
  const char* aspect_ratio;
  const char* resolution;
};
constexpr std::array kSizes = {
    SizeCase{1280, 720, "16:9", "720p"},   SizeCase{1920, 1080, "16:9", "1080p"},
    SizeCase{1080, 1920, "9:16", "1080p"}, SizeCase{3840, 2160, "16:9", "4k"},
    SizeCase{2560, 1440, "16:9", "2k"},    SizeCase{720, 576, "16:9", "720p"},
    SizeCase{576, 720, "9:16", "720p"},    SizeCase{1001, 1000, "16:9", "1080p"},
    SizeCase{1000, 1001, "9:16", "1080p"}, SizeCase{320, 240, "16:9", "720p"},
    SizeCase{8192, 4320, "16:9", "4k"},    SizeCase{1600, 900, "16:9", "720p"},
    SizeCase{1600, 901, "16:9", "1080p"},  SizeCase{0, 0, "", ""},
};

START_TEST(sizes) {
  const SizeCase& row = kSizes[_i];
  const std::string name = std::to_string(row.width) + "x" + std::to_string(row.height);
  const ResolvedRequest resolved = omni::octopusx().resolve(
      some_request(), ReferenceInfo{1000, 8 * kSecond, row.width, row.height});
  expect_text(name, resolved.request.aspect_ratio, row.aspect_ratio);
  expect_text(name, resolved.request.resolution, row.resolution);
}
END_TEST

struct RefusedCase {
  const char* name;
  void (*change)(Request& request, ReferenceInfo& reference);
  const char* expected;  // how the outcome begins
};
constexpr std::array kRefused = {
    RefusedCase{"nothing wrong", [](Request&, ReferenceInfo&) {}, "fine"},
    RefusedCase{"no prompt", [](Request& r, ReferenceInfo&) { r.prompt = ""; },
                "invalid-request: There is no prompt"},
    RefusedCase{"blank prompt", [](Request& r, ReferenceInfo&) { r.prompt = " \n\t\u3000\u00A0"; },
                "invalid-request: There is no prompt"},
    RefusedCase{"prompt in parameters",
                [](Request& r, ReferenceInfo&) {
                  r.prompt = "";
                  r.parameters = R"({"prompt":"x"})";
                },
                "fine"},
    RefusedCase{"prompt of 20,000 characters",
                [](Request& r, ReferenceInfo&) { r.prompt = std::string(20000, 'x'); }, "fine"},
    RefusedCase{"prompt not UTF-8", [](Request& r, ReferenceInfo&) { r.prompt = "caf\xE9"; },
                "invalid-request: `prompt` is not valid UTF-8"},
    RefusedCase{"prompt with a zero",
                [](Request& r, ReferenceInfo&) { r.prompt = std::string("a\0b", 3); },
                "invalid-request: `prompt` is not valid UTF-8"},
    RefusedCase{"image not UTF-8", [](Request& r, ReferenceInfo&) { r.images = {"\xFF"}; },
                "invalid-request: `images` is not valid UTF-8"},
    RefusedCase{"3 seconds", [](Request& r, ReferenceInfo&) { r.seconds = 3; },
                "invalid-request: `seconds` is 3"},
    RefusedCase{"31 seconds", [](Request& r, ReferenceInfo&) { r.seconds = 31; },
                "invalid-request: `seconds` is 31"},
    RefusedCase{"5 images", [](Request& r, ReferenceInfo&) { r.images.resize(5, "https://h/i"); },
                "fine"},
    RefusedCase{"6 images", [](Request& r, ReferenceInfo&) { r.images.resize(6, "https://h/i"); },
                "invalid-request: `images` has 6"},
    RefusedCase{"last without first", [](Request& r, ReferenceInfo&) { r.last_image = "x"; },
                "invalid-request: `last-image` is set without `first-image`"},
    RefusedCase{"exactly 15 MiB", [](Request&, ReferenceInfo& i) { i.bytes = 15 * 1024 * 1024; },
                "fine"},
    RefusedCase{"one byte more", [](Request&, ReferenceInfo& i) { i.bytes = 15 * 1024 * 1024 + 1; },
                "too-large: The reference has 15728641 bytes"},
    RefusedCase{"too large, but replaced",
                [](Request& r, ReferenceInfo& i) {
                  i.bytes = 1 << 30;
                  r.parameters = R"({"video":"https://h/v.mp4"})";
                },
                "fine"},
    RefusedCase{"parameters not JSON", [](Request& r, ReferenceInfo&) { r.parameters = "{a"; },
                "invalid-request: `parameters` cannot be read"},
    RefusedCase{"parameters an array", [](Request& r, ReferenceInfo&) { r.parameters = "[1]"; },
                "invalid-request: `parameters` is not a JSON object"},
    RefusedCase{"parameters null", [](Request& r, ReferenceInfo&) { r.parameters = "null"; },
                "invalid-request: `parameters` is not a JSON object"},
    RefusedCase{"parameters with NaN",
                [](Request& r, ReferenceInfo&) { r.parameters = R"({"a":NaN})"; },
                "invalid-request: `parameters` cannot be read: it has a number"},
    RefusedCase{"parameters blank", [](Request& r, ReferenceInfo&) { r.parameters = " \n"; },
                "fine"},
    RefusedCase{"parameters with uncountable seconds",
                [](Request& r, ReferenceInfo&) { r.parameters = R"({"seconds":"long"})"; },
                "invalid-request: `parameters` sets `seconds`"},
    RefusedCase{"parameters with negative seconds",
                [](Request& r, ReferenceInfo&) { r.parameters = R"({"seconds":-8})"; },
                "invalid-request: `parameters` sets `seconds`"},
};

START_TEST(refused) {
  const RefusedCase& row = kRefused[_i];
  Request request = some_request();
  ReferenceInfo reference = some_reference();
  row.change(request, reference);
  const std::string outcome = try_fit(request, reference);
  expect_text(row.name, outcome.substr(0, std::string(row.expected).size()), row.expected);
}
END_TEST

START_TEST(smallest_body) {
  expect_text("body", sent(some_request()),
              R"({"model":"omni-fast-v2v","prompt":"rainy neon night",)"
              R"("video":"data:video/mp4;base64,REF","seconds":"8",)"
              R"("aspect_ratio":"16:9","resolution":"720p"})");
}
END_TEST

START_TEST(fullest_body) {
  Request request = some_request();
  request.model = "Omni-Fast-V2V-next";
  request.seconds = 12;
  request.aspect_ratio = "4:3";
  request.resolution = "8K";
  request.images = {"https://h/1.png", "data:image/png;base64,AA"};
  request.first_image = "https://h/f.png";
  request.last_image = "https://h/l.png";
  expect_text("body", sent(request),
              R"({"model":"Omni-Fast-V2V-next","prompt":"rainy neon night",)"
              R"("video":"data:video/mp4;base64,REF","seconds":"12",)"
              R"("aspect_ratio":"4:3","resolution":"8K","first_image_url":"https://h/f.png",)"
              R"("last_image_url":"https://h/l.png",)"
              R"("images":["https://h/1.png","data:image/png;base64,AA"]})");
}
END_TEST

START_TEST(unset_words_stay_out) {
  Request request = some_request();
  request.aspect_ratio = request.resolution = "";
  const std::string body = sent(request);
  expect_lacks("ratio", body, "aspect_ratio");
  expect_lacks("resolution", body, "resolution");
  expect_lacks("images", body, "image");
}
END_TEST

START_TEST(any_prompt_survives) {
  std::string longest;
  for (int i = 0; i < 20000; ++i) longest += "🌧";
  for (const std::string& prompt :
       {std::string("say \"hi\" \\ / \n\t\x01\x7f"), std::string("霓虹雨夜 🌃"), longest,
        std::string("\",\"video\":\"https://evil/v.mp4"),
        std::string("data:video/mp4;base64,placeholder-0123456789abcdef")}) {
    Request request = some_request();
    request.prompt = prompt;
    const omni::JsonNodePtr body = parsed(request);
    const char* got = json_node_get_string(omni::at_path(body.get(), "prompt"));
    expect_text("prompt", got, prompt);
    expect_text("video", text_at(body, "video"), "data:video/mp4;base64,REF");
  }
}
END_TEST

/// A text that copies the marker of one body cannot hit that of the next.
START_TEST(hole_cannot_be_faked) {
  Request request = some_request();
  const ResolvedRequest resolved = omni::octopusx().resolve(request, some_reference());
  const CreateBody one = omni::inline_body(omni::octopusx(), resolved);
  const CreateBody other = omni::inline_body(omni::octopusx(), resolved);
  ck_assert(one.has_hole && other.has_hole);
  expect_text("head", one.head, other.head);
  expect_text("tail", one.tail, other.tail);
  ck_assert(one.head.ends_with("\"video\":\"data:video/mp4;base64,"));
  ck_assert(one.tail.starts_with("\""));
  expect_lacks("no placeholder left", one.head + one.tail, "placeholder-");
}
END_TEST

struct ParameterCase {
  const char* name;
  const char* parameters;
  bool has_hole;
  const char* video;
  const char* video_url;
  const char* input_video;
  unsigned seconds;
};
constexpr const char* kOurs = "data:video/mp4;base64,REF";
constexpr const char* kNone = "(none)";
constexpr std::array kParameters = {
    ParameterCase{"none", "", true, kOurs, kNone, kNone, 8},
    ParameterCase{"unrelated", R"({"seed":7})", true, kOurs, kNone, kNone, 8},
    ParameterCase{"video", R"({"video":"https://h/v"})", false, "https://h/v", kNone, kNone, 8},
    ParameterCase{"video_url", R"({"video_url":"https://h/v"})", false, kNone, "https://h/v", kNone,
                  8},
    ParameterCase{"input_video", R"({"input_video":"https://h/v"})", false, kNone, kNone,
                  "https://h/v", 8},
    ParameterCase{"two of them", R"({"input_video":"https://h/2","video_url":"https://h/1"})",
                  false, kNone, "https://h/1", kNone, 8},
    ParameterCase{"all of them", R"({"input_video":"c","video_url":"b","video":"a"})", false, "a",
                  kNone, kNone, 8},
    ParameterCase{"video null", R"({"video":null})", false, kNone, kNone, kNone, 8},
    ParameterCase{"video null, video_url set", R"({"video":null,"video_url":"u"})", false, kNone,
                  "u", kNone, 8},
    ParameterCase{"video_url null", R"({"video_url":null})", true, kOurs, kNone, kNone, 8},
    ParameterCase{"seconds as a string", R"({"seconds":"12"})", true, kOurs, kNone, kNone, 12},
    ParameterCase{"seconds as a number", R"({"seconds":12})", true, kOurs, kNone, kNone, 12},
    ParameterCase{"seconds are rounded up", R"({"seconds":12.2})", true, kOurs, kNone, kNone, 13},
    ParameterCase{"seconds null", R"({"seconds":null})", true, kOurs, kNone, kNone, 8},
};

START_TEST(parameters) {
  const ParameterCase& row = kParameters[_i];
  Request request = some_request();
  request.parameters = row.parameters;
  const ResolvedRequest resolved = omni::octopusx().resolve(request, some_reference());
  ck_assert_uint_eq(resolved.seconds, row.seconds);
  ck_assert_int_eq(omni::inline_body(omni::octopusx(), resolved).has_hole, row.has_hole);
  const omni::JsonNodePtr body = parsed(request);
  expect_text(row.name, text_at(body, "video"), row.video);
  expect_text(row.name, text_at(body, "video_url"), row.video_url);
  expect_text(row.name, text_at(body, "input_video"), row.input_video);
}
END_TEST

START_TEST(parameters_win_and_nest) {
  Request request = some_request();
  request.parameters =
      R"({"model":"x","seconds":9,"video_url":null,"aspect_ratio":null,)"
      R"("metadata":{"content":[{"type":"video_url","video_url":{"url":"https://h"}}],"a":{"b":1}}})";
  expect_text("body", sent(request),
              R"({"model":"x","prompt":"rainy neon night","video":"data:video/mp4;base64,REF",)"
              R"("seconds":9,"aspect_ratio":null,"resolution":"720p",)"
              R"("metadata":{"content":[{"type":"video_url","video_url":{"url":"https://h"}}],)"
              R"("a":{"b":1}}})");
}
END_TEST

struct IdCase {
  const char* id;
  const char* escaped;  // nullptr: refused
};
constexpr std::array kIds = {
    IdCase{"video_abc123", "video_abc123"},
    IdCase{"sora-2:task_a", "sora-2%3Atask_a"},
    IdCase{"a/b+c=d e?f#g%h", "a%2Fb%2Bc%3Dd%20e%3Ff%23g%25h"},
    IdCase{"任务", "%E4%BB%BB%E5%8A%A1"},
    IdCase{"../x", "..%2Fx"},
    IdCase{"..", nullptr},
    IdCase{".", nullptr},
    IdCase{"", nullptr},
    IdCase{"a\nb", nullptr},
    IdCase{"a\x7f", nullptr},
};

START_TEST(ids) {
  const IdCase& row = kIds[_i];
  std::string outcome;
  try {
    outcome = omni::escape_id(row.id);
  } catch (const Failure& failure) {
    ck_assert(failure.error().reason == Reason::bad_result);
    outcome = "refused";
  }
  expect_text(row.id, outcome, row.escaped ? row.escaped : "refused");
}
END_TEST

}  // namespace

int main() {
  return run_tests("service-request", {{"facts", facts, 1},
                                       {"lengths", lengths, kLengths.size()},
                                       {"sizes", sizes, kSizes.size()},
                                       {"refused", refused, kRefused.size()},
                                       {"smallest body", smallest_body, 1},
                                       {"fullest body", fullest_body, 1},
                                       {"unset words stay out", unset_words_stay_out, 1},
                                       {"any prompt survives", any_prompt_survives, 1},
                                       {"hole cannot be faked", hole_cannot_be_faked, 1},
                                       {"parameters", parameters, kParameters.size()},
                                       {"parameters nest", parameters_win_and_nest, 1},
                                       {"ids", ids, kIds.size()}});
}
