// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What the elements log. A log handler, and one of the bus, is application code that may call the
// element back: nothing is logged or posted while a lock is held. Events are logged by type: what
// is in them is upstream's.
#include <functional>
#include <mutex>

#include "support/bin-harness.h"
#include "support/bin-run.h"
#include "support/echo-service.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

/// Gives every line of the elements to `use`, on the thread that logs it.
class LogWatch {
 public:
  explicit LogWatch(std::function<void(const std::string&)> use) : use_(std::move(use)) {
    gst_debug_set_active(TRUE);
    gst_debug_remove_log_function(nullptr);  // the one that prints
    gst_debug_add_log_function(take, this, nullptr);
    gst_debug_set_threshold_for_name("omni*", GST_LEVEL_MEMDUMP);
  }
  ~LogWatch() {
    gst_debug_unset_threshold_for_name("omni*");
    gst_debug_remove_log_function(take);
  }
  LogWatch(const LogWatch&) = delete;

 private:
  static void take(GstDebugCategory* category, GstDebugLevel, const gchar*, const gchar*, gint,
                   GObject*, GstDebugMessage* message, gpointer self) {
    if (g_str_has_prefix(gst_debug_category_get_name(category), "omni"))
      static_cast<LogWatch*>(self)->use_(gst_debug_message_get(message));
  }

  const std::function<void(const std::string&)> use_;
};

/// An application that calls its element from wherever it hears of it.
class CallsBack {
 public:
  CallsBack() : log_([this](const std::string&) { call(); }) {}

  /// From now on; `element` has its bus.
  void watch(GstElement* element) {
    const auto bus = BusPtr::adopt(gst_element_get_bus(element));
    const GstBusSyncHandler handler = [](GstBus*, GstMessage*, gpointer self) {
      static_cast<CallsBack*>(self)->call();
      return GST_BUS_PASS;
    };
    gst_bus_set_sync_handler(bus.get(), handler, this, nullptr);
    element_ = element;
  }
  /// Ends all that logs.
  void stop() {
    gst_element_set_state(element_, GST_STATE_NULL);
    element_ = nullptr;
    fail_unless(calls_ > 10, "it was called %u times", calls_.load());
  }

 private:
  void call() {
    GstElement* element = element_;
    if (!element) return;
    ++calls_;
    GstStructure* stats = nullptr;
    g_object_get(element, "stats", &stats, nullptr);
    gst_structure_free(stats);
    gint64 any = 0;
    gst_element_query_position(element, GST_FORMAT_BYTES, &any);
    if (g_signal_lookup("prompt-at", G_OBJECT_TYPE(element)))
      g_signal_emit_by_name(element, "prompt-at", guint64{3600} * GST_SECOND, "later");
  }

  std::atomic<GstElement*> element_{nullptr};
  std::atomic<unsigned> calls_{0};
  LogWatch log_;
};

/// What a source that reads from HTTP sends along.
GstEvent* http_headers() {
  return gst_event_new_custom(
      GST_EVENT_CUSTOM_DOWNSTREAM_STICKY,
      gst_structure_new("http-headers", "uri", G_TYPE_STRING, "http://h/in.mp4?sig=watch-me-1",
                        "request-headers", G_TYPE_STRING, "Authorization: watch-me-2", nullptr));
}

}  // namespace

GST_START_TEST(omniv2v_may_be_called_back) {
  const WithKey key;
  FakeService service(kResult);
  CallsBack application;
  ElementRun run(service.server.url(), "prompt=x");
  application.watch(run.element());
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  flush(run);
  application.stop();
}
GST_END_TEST

// Segments that wait for room and for the anchor, a fade, a tail within the overlap, a flush.
GST_START_TEST(omniv2vbin_may_be_called_back) {
  const WithKey key;
  EchoService service;
  CallsBack application;
  BinHarness run(service.server.url(),
                 "prompt=x segment-duration=4000000000 overlap=1000000000 max-in-flight=1 "
                 "anchor=first");
  application.watch(run.element());
  run.play_to_end(0, 475);
  run.flush();
  run.play_to_end(500, 100);
  fail_unless_equals_int(run.stat("completed"), service.creates());
  application.stop();
}
GST_END_TEST

GST_START_TEST(omnivideosrc_may_be_called_back) {
  const WithKey key;
  FakeService service(kResult);
  CallsBack application;
  ElementRun run(service.server.url(), "prompt=x", "omnivideosrc");
  application.watch(run.element());
  fail_unless(run.pull_stream() == kResult);
  application.stop();
}
GST_END_TEST

GST_START_TEST(events_are_logged_by_type) {
  const WithKey key;
  std::mutex lock;
  std::string log;
  const LogWatch watch([&](const std::string& line) {
    const std::lock_guard held(lock);
    log += line + "\n";
  });
  if (__i__ == 0) {
    FakeService service(kResult);
    ElementRun run(service.server.url(), "prompt=x");
    gst_harness_push_event(run.harness(), http_headers());
    run.push_stream(kClip);
    fail_unless(run.pull_stream() == kResult);
  } else {
    EchoService service;
    BinHarness run(service.server.url(), "prompt=x segment-duration=4000000000");
    gst_harness_push_event(run.harness(), http_headers());
    run.push_frames(0, 50);
    gst_harness_push_event(run.harness(), http_headers());
    run.push_frames(50, 50);
    run.push_eos();
    run.expect_frames(0, 100);
    run.wait_event(GST_EVENT_EOS);
  }
  const std::lock_guard held(lock);
  fail_unless(log.find("custom-downstream-sticky") != std::string::npos);
  fail_unless(log.find("watch-me") == std::string::npos);
}
GST_END_TEST

static Suite* log_suite() {
  Suite* suite = suite_create("log");
  TCase* tcase = tcase_create("general");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, omniv2v_may_be_called_back);
  tcase_add_test(tcase, omniv2vbin_may_be_called_back);
  tcase_add_test(tcase, omnivideosrc_may_be_called_back);
  tcase_add_loop_test(tcase, events_are_logged_by_type, 0, 2);
  return suite;
}

GST_CHECK_MAIN(log)
