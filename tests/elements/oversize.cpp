// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// omniv2v and a reference that the service would not take as it is: refused, made to fit, or sent
// by URL. The clips are real ones, because they are decoded; how they are made to fit is tested in
// tests/media.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "media/mp4/probe.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

constexpr std::size_t kLimit = 15 * 1024 * 1024;

/// What this launch line writes.
std::string made_by(const std::string& line) {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("omni-oversize-" + std::to_string(getpid()) + ".mp4");
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch((line + " ! filesink location=" + path).c_str(), &error);
  fail_unless(error == nullptr);
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, 300 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless(message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS, "no clip was made");
  gst_message_unref(message);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  return bytes;
}

/// Noise does not compress: about 18 MB for 6 seconds.
const std::string& large_clip() {
  static const std::string bytes = made_by(
      "videotestsrc num-buffers=60 pattern=snow ! video/x-raw,width=640,height=360,framerate=10/1 "
      "! "
      "x264enc bitrate=50000 speed-preset=ultrafast ! mp4mux");
  fail_unless(bytes.size() > kLimit, "the clip has only %zu bytes", bytes.size());
  return bytes;
}

std::string fragmented_clip() {
  return made_by(
      "videotestsrc num-buffers=50 ! video/x-raw,width=320,height=180,framerate=10/1 ! x264enc "
      "speed-preset=ultrafast ! mp4mux fragment-duration=1000");
}

/// The reference that a create brought along.
std::string reference_in(const std::string& body) {
  const std::string before = "data:video/mp4;base64,";
  const std::size_t from = body.find(before) + before.size();
  fail_unless(from >= before.size() && body.find(before) != std::string::npos);
  gsize size = 0;
  guchar* data = g_base64_decode(body.substr(from, body.find('"', from) - from).c_str(), &size);
  std::string bytes(reinterpret_cast<char*>(data), size);
  g_free(data);
  return bytes;
}

std::string last_create(const FakeService& service) {
  std::string body;
  for (const SeenRequest& request : service.server.seen()) {
    if (is_create(request)) body = request.body;
  }
  return body;
}

mp4::Info info_of(const std::string& file) {
  ByteRope bytes;
  bytes.append(BytesPtr::adopt(g_bytes_new(file.data(), file.size())));
  const auto probed = mp4::probe(bytes);
  fail_unless(std::holds_alternative<mp4::Info>(probed));
  return std::get<mp4::Info>(probed);
}

bool is_fitting(GstMessage* message) {
  const GstStructure* structure = gst_message_get_structure(message);
  return structure && gst_structure_has_name(structure, "omni/job") &&
         g_str_equal(gst_structure_get_string(structure, "state"), "fitting");
}

}  // namespace

GST_START_TEST(too_large_is_refused) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night");
  run.push_stream(large_clip(), 65536);
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_ERROR, &text), "too-large");
  fail_unless(text.find("oversize=transcode or oversize=publish") != std::string::npos);
  fail_unless(service.server.seen().empty());
}
GST_END_TEST

GST_START_TEST(too_large_is_transcoded) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night oversize=transcode");
  run.push_stream(large_clip(), 65536);
  fail_unless(run.pull_stream() == kResult);
  const auto states = run.job_states();
  expect_equal(states.front(), "fitting");
  fail_unless_equals_int(service.creates(), 1);
  const std::string reference = reference_in(last_create(service));
  fail_unless(reference.size() <= kLimit);
  const mp4::Info was = info_of(large_clip()), is = info_of(reference);
  expect_equal(is.video()->codec, "avc1");
  fail_unless_equals_uint64(is.duration_ns, was.duration_ns);
}
GST_END_TEST

GST_START_TEST(too_large_is_published) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(),
                 "prompt=night oversize=publish serve-address=127.0.0.1 "
                 "public-url=http://127.0.0.1:{port}");
  run.push_stream(large_clip(), 65536);
  fail_unless(run.pull_stream() == kResult);
  const std::string body = last_create(service);
  fail_unless(body.find("\"video\":\"http://127.0.0.1:") != std::string::npos, "%s", body.c_str());
  // A small one still goes inline.
  ElementRun small(service.server.url(),
                   "prompt=night oversize=publish serve-address=127.0.0.1 "
                   "public-url=http://127.0.0.1:{port}");
  small.push_stream(kClip);
  fail_unless(small.pull_stream() == kResult);
  fail_unless(reference_in(last_create(service)) == kClip);
}
GST_END_TEST

GST_START_TEST(other_container) {
  const WithKey key;
  const std::string fragmented = fragmented_clip();
  fail_unless(info_of(fragmented).fragmented);
  FakeService service(kResult);
  {
    ElementRun run(service.server.url(), "prompt=night");
    run.push_stream(fragmented);
    std::string text;
    expect_equal(run.wait_reason(GST_MESSAGE_ERROR, &text), "bad-input");
    fail_unless(text.find("fragmented") != std::string::npos, "%s", text.c_str());
    fail_unless(service.server.seen().empty());
  }
  ElementRun run(service.server.url(), "prompt=night oversize=transcode");
  run.push_stream(fragmented);
  fail_unless(run.pull_stream() == kResult);
  fail_if(info_of(reference_in(last_create(service))).fragmented);
}
GST_END_TEST

// What `parameters` puts in its place is what counts, so the input is left alone.
GST_START_TEST(replaced_reference_is_left_alone) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(),
                 "prompt=night oversize=transcode "
                 "parameters=\"{\\\"video\\\": \\\"https://h/v.mp4\\\"}\"");
  run.push_stream(large_clip(), 65536);
  fail_unless(run.pull_stream() == kResult);
  for (const std::string& state : run.job_states()) fail_if(state == "fitting");
}
GST_END_TEST

// A clip that cannot be made to fit is a failed job like any other: the original goes on.
GST_START_TEST(original_goes_on) {
  const WithKey key;
  FakeService service(kResult);
  std::string broken = fragmented_clip();
  for (std::size_t at = broken.find("mdat") + 4; at < broken.size(); at += 7) broken[at] ^= 0x55;
  ElementRun run(service.server.url(), "prompt=night oversize=transcode on-failure=source");
  run.push_stream(broken);
  fail_unless(run.pull_stream() == broken);
  expect_equal(run.wait_reason(GST_MESSAGE_WARNING), "bad-input");
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

static char* decline(GstElement*, GstBuffer* buffer, gpointer asked) {
  *static_cast<gsize*>(asked) = gst_buffer_get_size(buffer);
  return nullptr;
}

// An application that publishes is asked with a clip that was made to fit both ways: when it
// declines, nothing is made to fit again.
GST_START_TEST(declined_by_the_application) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night oversize=transcode");
  gsize asked = 0;
  g_signal_connect(run.element(), "publish-reference", G_CALLBACK(decline), &asked);
  run.push_stream(fragmented_clip());
  fail_unless(run.pull_stream() == kResult);
  const auto messages = run.messages();
  fail_unless_equals_int(
      std::count_if(messages.begin(), messages.end(),
                    [](const auto& message) { return is_fitting(message.get()); }),
      1);
  const std::string reference = reference_in(last_create(service));
  fail_if(info_of(reference).fragmented);
  fail_unless_equals_uint64(asked, reference.size());
}
GST_END_TEST

// The element is stopped, or flushed, while the clip is being encoded.
GST_START_TEST(called_off_while_fitting) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=night oversize=transcode");
  std::thread pusher([&] { run.push_stream(large_clip(), 65536); });
  while (true) {
    const auto message = run.wait_message(GST_MESSAGE_ELEMENT);
    fail_unless(bool(message), "it never began");
    if (is_fitting(message.get())) break;
  }
  if (__i__ == 0) {
    gst_element_set_state(run.element(), GST_STATE_NULL);
    pusher.join();
  } else {
    gst_harness_push_event(run.harness(), gst_event_new_flush_start());
    pusher.join();
    gst_harness_push_event(run.harness(), gst_event_new_flush_stop(TRUE));
    begin_segment(run, GST_FORMAT_BYTES);
    run.push_stream(kClip);
    fail_unless(run.pull_stream() == kResult);
  }
  fail_unless_equals_int(service.creates(), __i__);
}
GST_END_TEST

static Suite* oversize_suite() {
  Suite* suite = suite_create("oversize");
  TCase* tests = tcase_create("general");
  suite_add_tcase(suite, tests);
  tcase_set_timeout(tests, 240);
  tcase_add_test(tests, too_large_is_refused);
  tcase_add_test(tests, too_large_is_transcoded);
  tcase_add_test(tests, too_large_is_published);
  tcase_add_test(tests, other_container);
  tcase_add_test(tests, replaced_reference_is_left_alone);
  tcase_add_test(tests, original_goes_on);
  tcase_add_test(tests, declined_by_the_application);
  tcase_add_loop_test(tests, called_off_while_fitting, 0, 2);
  return suite;
}

GST_CHECK_MAIN(oversize)
