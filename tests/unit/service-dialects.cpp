// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What each service gets: the create body of every dialect, and what is refused before it is sent.
// Shared rules (prompt, UTF-8, parameters) are in service-request.cpp.
#include <array>

#include "check-main.h"
#include "service/dialect.h"
#include "service/json.h"

namespace {

using omni::Dialect;
using omni::Failure;
using omni::ReferenceInfo;
using omni::Request;
using omni::ResolvedRequest;
using omni::Switch;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMiB = 1024 * 1024;

using Change = void (*)(Request&, ReferenceInfo&);
constexpr Change kAsIs = [](Request&, ReferenceInfo&) {};

/// The body with REF for the reference, or the reason and message of the refusal. Equal texts are
/// equal requests: members come in the order in which the dialect writes them.
std::string outcome(const Dialect& dialect, const char* model, bool with_reference, Change change,
                    unsigned* billed = nullptr) {
  Request request;
  request.model = model;
  request.prompt = "neon";
  ReferenceInfo reference{1000, 8 * kSecond, 1280, 720};
  change(request, reference);
  try {
    const ResolvedRequest resolved = with_reference ? dialect.resolve(request, reference)
                                                    : dialect.resolve(request, std::nullopt);
    if (billed) *billed = resolved.seconds;
    return dialect.create_body(resolved, with_reference ? "REF" : "");
  } catch (const Failure& failure) {
    return std::string(omni::reason_word(failure.error().reason)) + ": " + failure.what();
  }
}

struct BodyCase {
  const char* provider;
  const char* model;
  bool with_reference;
  Change change;
  unsigned billed;
  const char* body;
};
const BodyCase kBodies[] = {
    {"octopusx", "", false, kAsIs, 8, R"({"model":"omni-fast","prompt":"neon"})"},
    {"octopusx", "", false,
     [](Request& r, ReferenceInfo&) {
       r.seconds = 5;
       r.aspect_ratio = "9:16";
       r.first_image = "https://h/f.png";
     },
     5,
     R"({"model":"omni-fast","prompt":"neon","seconds":"5","aspect_ratio":"9:16",)"
     R"("first_image_url":"https://h/f.png"})"},

    // What is paid for is counted rather too high than too low.
    {"octopusx", "", false,
     [](Request& r, ReferenceInfo&) {
       r.seconds = 4;
       r.parameters = R"({"seconds":null})";
     },
     8, R"({"model":"omni-fast","prompt":"neon","seconds":null})"},
    {"octopusx", "", false,
     [](Request& r, ReferenceInfo&) {
       r.seconds = 4;
       r.parameters = R"({"duration":20})";
     },
     20, R"({"model":"omni-fast","prompt":"neon","seconds":"4","duration":20})"},
    {"omnirouters", "doubao-seedance-2-0-260128", false,
     [](Request& r, ReferenceInfo&) { r.parameters = R"({"metadata":{"duration":12}})"; }, 12,
     R"({"model":"doubao-seedance-2-0-260128","prompt":"neon","metadata":{"duration":12}})"},

    {"omnirouters", "", true, kAsIs, 8,
     R"({"model":"Kling-o1","prompt":"<<<video_1>>> neon","seconds":"8","resolution":"720p",)"
     R"("aspect_ratio":"16:9","videos":["REF"],"video_reference_type":"base"})"},
    {"omnirouters", "Kling-3.0-omni", true,
     [](Request& r, ReferenceInfo& i) {
       r.prompt = "move as in <<<video_1>>>";
       r.video_reference_type = "base";
       r.keep_original_sound = Switch::off;
       r.generate_audio = Switch::on;
       r.images = {"https://h/1.png"};
       i = {1000, 5 * kSecond, 1080, 1920};
     },
     5,
     R"({"model":"Kling-3.0-omni","prompt":"move as in <<<video_1>>>","seconds":"5",)"
     R"("resolution":"1080p","aspect_ratio":"9:16","images":["https://h/1.png"],)"
     R"("videos":["REF"],"video_reference_type":"base","keep_original_sound":"Disabled",)"
     R"("audio_generation":"Enabled"})"},
    {"omnirouters", "Kling-3.0", true, [](Request&, ReferenceInfo& i) { i.duration_ns = kSecond; },
     3,
     R"({"model":"Kling-3.0","prompt":"<<<video_1>>> neon","seconds":"3","resolution":"720p",)"
     R"("aspect_ratio":"16:9","videos":["REF"],"video_reference_type":"feature"})"},
    {"omnirouters", "Vidu-q2-pro", true, kAsIs, 8,
     R"({"model":"Vidu-q2-pro","prompt":"neon","seconds":"8","resolution":"720p",)"
     R"("aspect_ratio":"16:9","videos":["REF"]})"},
    {"omnirouters", "Veo-3.1", true, [](Request&, ReferenceInfo& i) { i.duration_ns = kSecond; }, 8,
     R"({"model":"Veo-3.1","prompt":"neon","seconds":"8","resolution":"720p",)"
     R"("aspect_ratio":"16:9","videos":["REF"],"video_reference_type":"asset"})"},
    {"omnirouters", "doubao-seedance-2-0-260128", true,
     [](Request& r, ReferenceInfo&) {
       r.images = {"https://h/1.png"};
       r.generate_audio = Switch::on;
     },
     8,
     R"({"model":"doubao-seedance-2-0-260128","prompt":"neon","seconds":"8","metadata":{)"
     R"("resolution":"720p","content":[)"
     R"({"type":"image_url","image_url":{"url":"https://h/1.png"},"role":"reference_image"},)"
     R"({"type":"video_url","video_url":{"url":"REF"},"role":"reference_video"}],)"
     R"("generate_audio":true,"ratio":"16:9"}})"},
    {"omnirouters", "doubao-seedance-2-0-fast-260128", false,
     [](Request& r, ReferenceInfo&) {
       r.first_image = "https://h/f.png";
       r.last_image = "https://h/l.png";
     },
     5,
     R"({"model":"doubao-seedance-2-0-fast-260128","prompt":"neon","metadata":{"content":[)"
     R"({"type":"image_url","image_url":{"url":"https://h/f.png"},"role":"first_frame"},)"
     R"({"type":"image_url","image_url":{"url":"https://h/l.png"},"role":"last_frame"}]}})"},
    {"omnirouters", "doubao-seedance-2-0-260128", false, kAsIs, 5,
     R"({"model":"doubao-seedance-2-0-260128","prompt":"neon"})"},
    {"omnirouters", "Hunyuan-3d-scene-2.0", false, kAsIs, 0,
     R"({"model":"Hunyuan-3d-scene-2.0","prompt":"neon"})"},
    {"omnirouters", "Kling-4", true, kAsIs, 8,
     R"({"model":"Kling-4","prompt":"neon","seconds":"8","resolution":"720p",)"
     R"("aspect_ratio":"16:9","videos":["REF"]})"},
    {"omnirouters", "Kling-o1", true,
     [](Request& r, ReferenceInfo&) { r.parameters = R"({"videos":["https://h/v.mp4"]})"; }, 8,
     R"({"model":"Kling-o1","prompt":"<<<video_1>>> neon","seconds":"8","resolution":"720p",)"
     R"("aspect_ratio":"16:9","videos":["https://h/v.mp4"],"video_reference_type":"base"})"},

    {"apimart", "", true, kAsIs, 8,
     R"({"model":"Omni-Flash-Ext","prompt":"neon","resolution":"720p","aspect_ratio":"16:9",)"
     R"("video_urls":["REF"]})"},
    {"apimart", "", true, [](Request& r, ReferenceInfo&) { r.parameters = R"({"duration":6})"; }, 6,
     R"({"model":"Omni-Flash-Ext","prompt":"neon","duration":6,"resolution":"720p",)"
     R"("aspect_ratio":"16:9","video_urls":["REF"]})"},
    {"apimart", "", true, [](Request& r, ReferenceInfo&) { r.parameters = R"({"size":"9:16"})"; },
     8,
     R"({"model":"Omni-Flash-Ext","prompt":"neon","resolution":"720p","video_urls":["REF"],)"
     R"("size":"9:16"})"},
    {"apimart", "", false, kAsIs, 6, R"({"model":"Omni-Flash-Ext","prompt":"neon"})"},
    {"apimart", "", false,
     [](Request& r, ReferenceInfo&) {
       r.seconds = 10;
       r.resolution = "4K";
       r.images = {"a", "b", "c"};
     },
     10,
     R"({"model":"Omni-Flash-Ext","prompt":"neon","duration":10,"resolution":"4K",)"
     R"("image_urls":["a","b","c"]})"},
    {"apimart", "", false, [](Request& r, ReferenceInfo&) { r.first_image = "a"; }, 6,
     R"({"model":"Omni-Flash-Ext","prompt":"neon","image_urls":["a"]})"},
    {"apimart", "gemini-omni-flash-preview", true,
     [](Request&, ReferenceInfo& i) { i.duration_ns = 20 * kSecond; }, 10,
     R"({"model":"gemini-omni-flash-preview","prompt":"neon","video_urls":["REF"]})"},
    {"apimart", "wan2.7-videoedit", true, [](Request&, ReferenceInfo& i) { i.width = 1920; }, 8,
     R"({"model":"wan2.7-videoedit","prompt":"neon","resolution":"720P","aspect_ratio":"16:9",)"
     R"("video_urls":["REF"]})"},
};

START_TEST(bodies) {
  const BodyCase& row = kBodies[_i];
  unsigned billed = 0;
  const std::string name = std::string(row.provider) + " " + row.model;
  expect_text(name,
              outcome(*omni::find_dialect(row.provider), row.model, row.with_reference, row.change,
                      &billed),
              row.body);
  ck_assert_msg(billed == row.billed, "%s: billed %u", name.c_str(), billed);
}
END_TEST

struct RefusalCase {
  const char* provider;
  const char* model;
  bool with_reference;
  Change change;
  const char* begins;
  const char* advises;
};
const RefusalCase kRefusals[] = {
    {"octopusx", "omni-fast", true, kAsIs, "invalid-request: The model \"omni-fast\" of OctopusX",
     "\"omni-fast-v2v\""},
    {"octopusx", "", true, [](Request& r, ReferenceInfo&) { r.generate_audio = Switch::off; },
     "invalid-request: `generate-audio` is set", "Leave it unset"},
    {"octopusx", "", true, [](Request& r, ReferenceInfo&) { r.video_reference_type = "base"; },
     "invalid-request: `video-reference-type` is set", "Leave it unset"},

    {"omnirouters", "Vidu-q2", true, kAsIs, "invalid-request: The model \"Vidu-q2\"",
     "Set `model` to one that does"},
    {"omnirouters", "Hunyuan-3d-scene-2.0", true, kAsIs, "invalid-request: The model", "Kling-o1"},
    {"omnirouters", "Kling-o1", true,
     [](Request&, ReferenceInfo& i) { i.duration_ns = 16 * kSecond; },
     "bad-input: The reference is 16.0 seconds long, and OmniRouters takes at most 15", "Cut it"},
    {"omnirouters", "Kling-o1", true, [](Request& r, ReferenceInfo&) { r.seconds = 2; },
     "invalid-request: `seconds` is 2, and Kling-o1 at OmniRouters generates 3 to 15", "or 0"},
    {"omnirouters", "Veo-3.1", true, [](Request& r, ReferenceInfo&) { r.seconds = 5; },
     "invalid-request: `seconds` is 5, and Veo-3.1 at OmniRouters generates 8 seconds", "or 0"},
    {"omnirouters", "Vidu-q2-pro", true, [](Request& r, ReferenceInfo&) { r.seconds = 11; },
     "invalid-request: `seconds` is 11, and Vidu-q2-pro at OmniRouters generates 1 to 10", "or 0"},
    {"omnirouters", "Vidu-q3-mix", false, [](Request& r, ReferenceInfo&) { r.seconds = 17; },
     "invalid-request: `seconds` is 17, and Vidu-q3-mix at OmniRouters generates 1 to 16", "or 0"},
    {"omnirouters", "doubao-seedance-2-0-260128", true,
     [](Request& r, ReferenceInfo&) { r.keep_original_sound = Switch::on; },
     "invalid-request: `keep-original-sound` is set", "Leave it unset"},
    {"omnirouters", "Kling-o1", true,
     [](Request& r, ReferenceInfo&) { r.images.resize(5, "https://h/i"); },
     "invalid-request: Kling takes at most 4 images", "Remove some"},
    {"omnirouters", "", true,
     [](Request& r, ReferenceInfo&) { r.images = {"data:image/png;base64,AA"}; },
     "invalid-request: `images` is a data: URI", "http(s) URL"},
    {"omnirouters", "", false, kAsIs, "invalid-request: OmniRouters requires `seconds`",
     "seconds=5"},
    {"omnirouters", "", false, [](Request& r, ReferenceInfo&) { r.seconds = 5; },
     "invalid-request: OmniRouters requires `resolution`", "resolution=720p"},

    // Members that this model does not read replace nothing.
    {"omnirouters", "doubao-seedance-2-0-260128", true,
     [](Request& r, ReferenceInfo& i) {
       r.parameters = R"({"videos":[]})";
       i.duration_ns = 20 * kSecond;
     },
     "bad-input: The reference is 20.0 seconds long", "Cut it"},
    {"omnirouters", "Kling-o1", true,
     [](Request& r, ReferenceInfo& i) {
       r.parameters = R"({"metadata":{"content":[]}})";
       i.duration_ns = 20 * kSecond;
     },
     "bad-input: The reference is 20.0 seconds long", "Cut it"},

    {"apimart", "", true, [](Request& r, ReferenceInfo&) { r.seconds = 6; },
     "invalid-request: `seconds` is set, and APIMart takes no length together with a reference",
     "Leave it unset"},
    {"apimart", "", false, [](Request& r, ReferenceInfo&) { r.seconds = 5; },
     "invalid-request: `seconds` is 5, and Omni-Flash-Ext at APIMart generates 4, 6, 8 or 10",
     "or 0"},
    {"apimart", "", false, [](Request& r, ReferenceInfo&) { r.resolution = "2k"; },
     "invalid-request: `resolution` is \"2k\"", "720p, 1080p or 4k"},
    {"apimart", "", false,
     [](Request& r, ReferenceInfo&) {
       r.images = {"a", "b"};
     },
     "invalid-request: There are 2 images", "Send 1 or 3"},
    {"apimart", "", true, [](Request& r, ReferenceInfo&) { r.images.resize(4, "a"); },
     "invalid-request: There are 4 images", "Send 1 or 3"},
    {"apimart", "", false, [](Request& r, ReferenceInfo&) { r.last_image = "a"; },
     "invalid-request: `last-image` is set", "Leave it unset"},
    {"apimart", "", true,
     [](Request& r, ReferenceInfo&) { r.parameters = R"({"video_urls":["a","b"]})"; },
     "invalid-request: `parameters` names more than one reference video", "takes one"},
    {"apimart", "", true, [](Request&, ReferenceInfo& i) { i.duration_ns = 10.6 * kSecond; },
     "bad-input: The reference is 10.6 seconds long", "Cut it"},
    {"apimart", "", false, [](Request& r, ReferenceInfo&) { r.prompt = ""; },
     "invalid-request: There is no prompt", "Set `prompt`"},
    {"apimart", "gemini-omni-flash-preview", true,
     [](Request&, ReferenceInfo& i) { i.duration_ns = 25 * kSecond; },
     "bad-input: The reference is 25.0 seconds long, and APIMart takes at most 24", "Cut it"},
    {"apimart", "gemini-omni-flash-preview", true,
     [](Request&, ReferenceInfo& i) { i.duration_ns = kSecond / 2; },
     "bad-input: The reference is 0.5 seconds long, and APIMart takes at least 1.0", "longer"},
    {"apimart", "gemini-omni-flash-preview", true,
     [](Request&, ReferenceInfo& i) { i.bytes = 15 * kMiB + 1; },
     "too-large: The reference has 15728641 bytes", "oversize=transcode or oversize=publish"},
    {"apimart", "wan2.7-videoedit", true,
     [](Request&, ReferenceInfo& i) {
       i.by_url = true;
       i.bytes = 100'000'001;
     },
     "too-large: The reference has 100000001 bytes", "oversize=transcode"},
    {"apimart", "wan2.7-videoedit", true, [](Request&, ReferenceInfo& i) { i.width = 4098; },
     "too-large: The frame size of the reference is 4098x720", "oversize=transcode"},
};

START_TEST(refusals) {
  const RefusalCase& row = kRefusals[_i];
  const std::string got =
      outcome(*omni::find_dialect(row.provider), row.model, row.with_reference, row.change);
  const std::string name = std::string(row.provider) + " " + row.begins;
  expect_text(name, got.substr(0, std::string(row.begins).size()), row.begins);
  expect_contains(name, got, row.advises);
}
END_TEST

START_TEST(by_url_is_larger) {
  const std::string body = outcome(*omni::find_dialect("apimart"), "gemini-omni-flash-preview",
                                   true, [](Request&, ReferenceInfo& i) {
                                     i.by_url = true;
                                     i.bytes = 80 * kMiB;
                                   });
  expect_contains("body", body, "\"video_urls\":[\"REF\"]");
}
END_TEST

START_TEST(routes) {
  const auto one = omni::omnirouters().service().routes;
  ck_assert_uint_eq(one.size(), 2);
  expect_text("create", one[0].create, "/v1/videos");
  expect_text("poll", Dialect::with_id(one[0].poll, "task_a:b"), "/v1/videos/task_a%3Ab");
  expect_text("create", one[1].create, "/v1/video/generations");
  expect_text("poll", Dialect::with_id(one[1].poll, "t"), "/v1/video/generations/t");
  expect_text("content", Dialect::with_id(one[1].content, "t"), "/v1/videos/t/content");
  expect_text("artifacts", Dialect::with_id(one[1].artifacts, "t"), "/v1/tasks/t/artifacts");
  const auto other = omni::apimart().service().routes;
  ck_assert_uint_eq(other.size(), 1);
  expect_text("create", other[0].create, "/v1/videos/generations");
  expect_text("poll", Dialect::with_id(other[0].poll, "task_1"), "/v1/tasks/task_1?language=en");
  expect_text("content", Dialect::with_id(other[0].content, "t"), "");
  expect_text("artifacts", Dialect::with_id(other[0].artifacts, "t"), "");
}
END_TEST

}  // namespace

int main() {
  return run_tests("service-dialects",
                   {{"bodies", bodies, static_cast<int>(std::size(kBodies))},
                    {"refusals", refusals, static_cast<int>(std::size(kRefusals))},
                    {"by URL", by_url_is_larger, 1},
                    {"routes", routes, 1}});
}
