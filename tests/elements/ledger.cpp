// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The elements and what they have paid for: over runs, when the ledger cannot be kept, with a
// budget, and in a dry run. What stands in the ledger itself is tested in faults/ledger-*.cpp.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "support/echo-service.h"
#include "support/fresh-folder.h"
#include "support/ledger-rows.h"
#include "support/v2v-fixture.h"

using namespace omni;
using namespace omni::test;

namespace {

const char* const kFactories[] = {"omniv2v", "omnivideosrc"};

/// One run of an element, up to EOS or an error.
class LedgerRun : public ElementRun {
 public:
  LedgerRun(const std::string& url, const std::string& state, const std::string& properties = "",
            const char* factory = "omniv2v")
      : ElementRun(url, "prompt=x state-dir=" + state + " " + properties, factory) {
    if (std::string(factory) == "omniv2v") push_stream(kClip);
  }
};

/// The fields of the last omni/job.
StructurePtr last_job(ElementRun& run) {
  StructurePtr last;
  for (const auto& message : run.messages()) {
    const GstStructure* structure = gst_message_get_structure(message.get());
    if (structure && gst_structure_has_name(structure, "omni/job"))
      last.reset(gst_structure_copy(structure));
  }
  fail_unless(bool(last));
  return last;
}

/// Somebody stops everything while EOS is being pushed.
class Stopper {
 public:
  explicit Stopper(GstElement* all) : all_(all) {}
  /// Called by the thread that pushes, the first time. Back when the elements know, which does not
  /// wait for the push.
  void stop() {
    if (told_.exchange(true)) return;
    thread_ = std::thread([this] { gst_element_set_state(all_, GST_STATE_NULL); });
    while (GST_STATE_TARGET(all_) != GST_STATE_NULL) std::this_thread::yield();
    begun_.set_value();
  }
  /// The test's own thread waits until all are stopped.
  void wait() {
    fail_unless(begun_.get_future().wait_for(std::chrono::seconds(300)) ==
                std::future_status::ready);
    thread_.join();
  }

 private:
  GstElement* const all_;
  std::atomic<bool> told_ = false;
  std::promise<void> begun_;
  std::thread thread_;
};

/// Plays a pipeline until an error, at which it is stopped by the thread that posts it.
void play_until_error(const std::string& line) {
  GError* error = nullptr;
  const auto pipeline = ElementPtr::adopt(gst_parse_launch(line.c_str(), &error));
  fail_unless(error == nullptr, "%s: %s", line.c_str(), error ? error->message : "");
  Stopper stopper(pipeline.get());
  const GstBusSyncHandler stop_at_error = [](GstBus*, GstMessage* message, gpointer data) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) static_cast<Stopper*>(data)->stop();
    return GST_BUS_PASS;
  };
  const auto bus = BusPtr::adopt(gst_element_get_bus(pipeline.get()));
  gst_bus_set_sync_handler(bus.get(), stop_at_error, &stopper, nullptr);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  stopper.wait();
}

/// A sink that has said EOS, and is stopped before it is back.
struct StoppedSink {
  GstElement* element;
  Stopper stopper{element};
};

gboolean stop_at_eos(GstPad* pad, GstObject*, GstEvent* event) {
  const bool eos = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
  gst_event_unref(event);
  if (!eos) return TRUE;
  auto* sink = static_cast<StoppedSink*>(pad->eventdata);
  sink->stopper.stop();
  gst_pad_set_active(pad, FALSE);
  return TRUE;
}

/// A line of each element up to a full disk, which shows at EOS: until then the sink holds
/// everything. It is the element that pushes EOS to it, or a queue between them.
std::string line_to_full_disk(int which, bool queue, const std::string& url,
                              const FreshFolder& state) {
  const std::string common =
      " prompt=x poll-interval=20000000 state-dir=" + state.path() + " base-url=" + url + " ";
  const std::string sink = std::string(queue ? " ! queue max-size-bytes=0" : "") +
                           " ! filesink buffer-size=100000000 location=/dev/full";
  if (which == 1) return "omnivideosrc" + common + sink;
  if (which == 2)
    return "videotestsrc num-buffers=40 ! video/x-raw,width=640,height=360,framerate=10/1 "
           "! omniv2vbin" +
           common + sink;
  const std::string clip = state.path() + "/clip.mp4";
  std::ofstream(clip) << kClip;
  return "filesrc location=" + clip + " ! video/quicktime ! omniv2v" + common + sink;
}

}  // namespace

GST_START_TEST(taken_up_by_the_next_run) {
  const WithKey key;
  const FreshFolder state;
  const char* factory = kFactories[__i__];
  std::atomic<bool> refuse = true;
  FakeService service(kResult, refuse_polls(refuse));
  {
    LedgerRun run(service.server.url(), state.path(), "", factory);
    expect_equal(run.wait_reason(), "unauthorized");
    fail_unless_equals_int(run.stat("jobs-paid"), 1);
  }
  refuse = false;
  StructurePtr job;
  {
    LedgerRun run(service.server.url(), state.path(), "", factory);
    fail_unless(run.pull_stream() == kResult);
    fail_unless_equals_int(service.creates(), 1);
    fail_unless_equals_int(run.stat("reused"), 1);
    fail_unless_equals_int(run.stat("jobs-paid"), 0);
    job = last_job(run);
  }
  gboolean reused = FALSE;
  fail_unless(gst_structure_get_boolean(job.get(), "reused", &reused) && reused);
  // Written down behind the stream, and in any case when it was stopped.
  const auto rows = rows_in(state.path());
  fail_unless_equals_int(static_cast<int>(rows.size()), 1);
  expect_equal(rows[0].state, "delivered");
  expect_equal(rows[0].id, gst_structure_get_string(job.get(), "ledger-id"));
}
GST_END_TEST

// Downstream has not taken all of it: it is owed still, and is here without asking anybody.
GST_START_TEST(not_delivered_when_downstream_fails) {
  const WithKey key;
  const FreshFolder state;
  FakeService service(kResult);
  {
    ElementRun run(service.server.url(), "prompt=x state-dir=" + state.path());
    answer_buffers<GST_FLOW_ERROR>(run);
    run.push_stream(kClip);
    fail_unless(bool(run.wait_message(GST_MESSAGE_ERROR)));
  }
  expect_equal(rows_in(state.path()).at(0).state, "fetched");
  const auto requests = service.server.seen().size();
  {
    LedgerRun run(service.server.url(), state.path());
    fail_unless(run.pull_stream() == kResult);
    fail_unless(service.server.seen().size() == requests);
  }
  expect_equal(rows_in(state.path()).at(0).state, "delivered");
}
GST_END_TEST

// Called off by a flush while the service has the create in its hands: what it answers is waited
// for by the same clip that comes again, and taken up.
GST_START_TEST(flush_while_a_create_is_answered) {
  const WithKey key;
  const FreshFolder state;
  std::promise<void> gate;
  FakeService service(kResult,
                      [answer = gate.get_future().share()](
                          const SeenRequest& request) -> std::optional<ServerReply> {
                        if (is_create(request)) answer.wait();
                        return std::nullopt;
                      });
  ElementRun run(service.server.url(), "prompt=x input-mode=buffer state-dir=" + state.path());
  run.push(kClip, 0, GST_SECOND);
  fail_unless(service.server.wait_for(1, "POST"));
  flush(run);
  run.push(kClip, 0, GST_SECOND);
  gate.set_value();
  fail_unless(run.pull_buffer() == kResult);
  fail_unless_equals_int(service.creates(), 1);
  fail_unless_equals_int(run.stat("reused"), 1);
}
GST_END_TEST

// A demuxer says EOS to the last piece: it has all that it wants, and the job is delivered.
GST_START_TEST(delivered_when_downstream_says_eos) {
  const WithKey key;
  const FreshFolder state;
  FakeService service(kResult);
  const char* factory = kFactories[__i__];
  {
    ElementRun run(service.server.url(), "prompt=x state-dir=" + state.path(), factory);
    answer_buffers<GST_FLOW_EOS>(run);
    if (__i__ == 0) run.push_stream(kClip);
    run.wait_event(GST_EVENT_EOS);
  }
  expect_equal(rows_in(state.path()).at(0).state, "delivered");
}
GST_END_TEST

// Nothing is delivered, however soon somebody stops everything at the sink's error.
GST_START_TEST(not_delivered_to_a_full_disk) {
  const WithKey key;
  const FreshFolder state;
  EchoService echo;
  FakeService fake(kResult);
  const int which = __i__ % 3;
  const bool queue = __i__ >= 3;
  play_until_error(
      line_to_full_disk(which, queue, which == 2 ? echo.server.url() : fake.server.url(), state));
  const auto rows = rows_in(state.path());
  fail_unless_equals_int(static_cast<int>(rows.size()), 1);
  expect_equal(rows[0].state, "fetched");
}
GST_END_TEST

// A sink has everything when it says EOS. Whoever stops it for that is no reason to doubt it.
GST_START_TEST(delivered_when_stopped_at_eos) {
  const WithKey key;
  const FreshFolder state;
  FakeService service(kResult);
  {
    ElementRun run(service.server.url(), "prompt=x state-dir=" + state.path(), kFactories[__i__]);
    StoppedSink sink{run.element()};
    gst_pad_set_event_function_full(run.harness()->sinkpad, stop_at_eos, &sink, nullptr);
    if (__i__ == 0) run.push_stream(kClip);
    sink.stopper.wait();
  }
  expect_equal(rows_in(state.path()).at(0).state, "delivered");
}
GST_END_TEST

// Nobody knows what has become of it behind the element: EOS of another pipeline on the same bus
// does not tell.
GST_START_TEST(not_delivered_when_stopped_before_the_end) {
  const WithKey key;
  const FreshFolder state;
  FakeService service(kResult);
  const auto other = ElementPtr::adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  {
    ElementRun run(service.server.url(), "prompt=x state-dir=" + state.path(), kFactories[__i__]);
    run.comes_to_eos = false;
    if (__i__ == 0) run.push_stream(kClip);
    fail_unless(run.pull_stream() == kResult);
    gst_element_post_message(run.element(), gst_message_new_eos(GST_OBJECT(other.get())));
  }
  expect_equal(rows_in(state.path()).at(0).state, "fetched");
}
GST_END_TEST

// A flush throws away what a queue behind the element had of it: it comes again at no cost.
GST_START_TEST(flushed_behind_the_element) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(), "prompt=x");
  run.comes_to_eos = false;
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  flush(run);
  run.push_stream(kClip);
  fail_unless(run.pull_stream() == kResult);
  fail_unless_equals_int(service.creates(), 1);
  fail_unless_equals_int(run.stat("reused"), 1);
}
GST_END_TEST

// The same again costs nothing.
GST_START_TEST(second_run_costs_nothing) {
  const WithKey key;
  const FreshFolder state;
  FakeService service(kResult);
  for (int i = 0; i < 2; ++i) {
    LedgerRun run(service.server.url(), state.path(), "reuse=all", kFactories[__i__]);
    fail_unless(run.pull_stream() == kResult);
  }
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// It cannot be kept: a warning and a working element, or nothing is bought.
GST_START_TEST(unusable_state_folder) {
  const WithKey key;
  const FreshFolder folder;
  const std::string state = folder.path() + "/file";
  std::ofstream(state) << "not a folder";
  FakeService service(kResult);
  {
    LedgerRun run(service.server.url(), state);
    std::string text;
    expect_equal(run.wait_reason(GST_MESSAGE_WARNING, &text), "budget");
    fail_unless(text.find("state-dir") != std::string::npos, "%s", text.c_str());
    fail_unless(run.pull_stream() == kResult);
  }
  {
    LedgerRun run(service.server.url(), state, "ledger=off");
    fail_unless(run.pull_stream() == kResult);
    for (const auto& message : run.messages())
      fail_if(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING);
  }
  fail_unless_equals_int(service.creates(), 2);
  LedgerRun run(service.server.url(), state, "ledger=required");
  std::string text;
  expect_equal(run.wait_reason(GST_MESSAGE_ERROR, &text), "budget");
  fail_unless(text.find("ledger=on") != std::string::npos, "%s", text.c_str());
  fail_unless_equals_int(service.creates(), 2);
}
GST_END_TEST

GST_START_TEST(off_leaves_nothing_behind) {
  const WithKey key;
  const FreshFolder state;
  FakeService service(kResult);
  LedgerRun run(service.server.url(), state.path(), "ledger=off");
  fail_unless(run.pull_stream() == kResult);
  fail_unless(std::filesystem::is_empty(state.path()));
}
GST_END_TEST

GST_START_TEST(budget_over_runs) {
  const WithKey key;
  const FreshFolder state;
  FakeService service(kResult);
  const std::string budget = "max-jobs=1 budget-period=3600000000000 ";
  {
    LedgerRun run(service.server.url(), state.path(), budget);
    fail_unless(run.pull_stream() == kResult);
  }
  {
    LedgerRun run(service.server.url(), state.path(), budget + "reuse=none");
    expect_equal(run.wait_reason(), "budget");
  }
  {
    LedgerRun run(service.server.url(), state.path(), budget + "reuse=all");
    fail_unless(run.pull_stream() == kResult);
  }
  LedgerRun run(service.server.url(), state.path(), budget + "ledger=off");
  expect_equal(run.wait_reason(), "invalid-request");
  fail_unless_equals_int(service.creates(), 1);
}
GST_END_TEST

// A job has the project that was set when it was bought, and keeps it when a run with another
// project takes up its result.
GST_START_TEST(jobs_of_projects) {
  const WithKey key;
  const FreshFolder state;
  FakeService service(kResult);
  for (const char* project : {"film", "series"}) {
    LedgerRun run(service.server.url(), state.path(), std::string("reuse=all project=") + project,
                  kFactories[__i__]);
    fail_unless(run.pull_stream() == kResult);
  }
  {
    LedgerRun run(service.server.url(), state.path(), "reuse=none", kFactories[__i__]);
    fail_unless(run.pull_stream() == kResult);
  }
  const auto rows = rows_in(state.path());
  fail_unless_equals_int(static_cast<int>(rows.size()), 2);
  expect_equal(rows[0].project, "film");
  expect_equal(rows[1].project, "");
}
GST_END_TEST

// Counted as it would be, and summed up at the end.
GST_START_TEST(dry_run_has_a_sum) {
  const WithKey key;
  FakeService service(kResult);
  ElementRun run(service.server.url(),
                 "prompt=x dry-run=true input-mode=buffer max-jobs=3 on-failure=skip");
  for (int i = 0; i < 4; ++i) run.push(kClip, i * GST_SECOND, GST_SECOND);
  run.push_eos();
  run.wait_event(GST_EVENT_EOS);
  guint jobs = 0, seconds = 0, planned = 0, refused = 0;
  guint64 bytes = 0;
  for (const auto& message : run.messages()) {
    const GstStructure* structure = gst_message_get_structure(message.get());
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ELEMENT) continue;
    if (gst_structure_has_name(structure, "omni/plan")) {
      fail_unless(gst_structure_get(structure, "jobs", G_TYPE_UINT, &jobs, "seconds", G_TYPE_UINT,
                                    &seconds, "bytes", G_TYPE_UINT64, &bytes, nullptr));
    } else {
      planned += g_str_equal(gst_structure_get_string(structure, "state"), "planned");
      refused += g_str_equal(gst_structure_get_string(structure, "state"), "failed");
    }
  }
  fail_unless_equals_int(planned, 3);
  fail_unless_equals_int(refused, 1);
  fail_unless_equals_int(jobs, 3);
  fail_unless_equals_int(seconds, 24);
  fail_unless(bytes == 3 * kClip.size());
  fail_unless_equals_int(service.creates(), 0);
}
GST_END_TEST

// Six lines at level 4 tell what became of a job.
GST_START_TEST(story_of_a_job) {
  const WithKey key;
  FakeService service(kResult);
  struct Lines {
    std::mutex lock;
    std::vector<std::string> texts;
  } lines;
  const GstLogFunction listen = [](GstDebugCategory* category, GstDebugLevel level, const gchar*,
                                   const gchar*, gint, GObject*, GstDebugMessage* message,
                                   gpointer data) {
    if (level > GST_LEVEL_INFO || !g_str_equal(gst_debug_category_get_name(category), "omni"))
      return;
    auto* to = static_cast<Lines*>(data);
    const std::lock_guard lock(to->lock);
    to->texts.push_back(gst_debug_message_get(message));
  };
  gst_debug_set_active(TRUE);
  gst_debug_set_threshold_for_name("omni", GST_LEVEL_INFO);
  gst_debug_add_log_function(listen, &lines, nullptr);
  {
    ElementRun run(service.server.url(), "prompt=x");
    run.push_stream(kClip);
    run.pull_stream();
  }
  gst_debug_remove_log_function_by_data(&lines);
  const char* const story[] = {"submitting to", "accepted as task video_1",
                               "running",       "done after",
                               "result: ",      "delivered"};
  fail_unless_equals_int(static_cast<int>(lines.texts.size()), 6);
  for (std::size_t i = 0; i < lines.texts.size(); ++i)
    fail_unless(lines.texts[i].find(story[i]) != std::string::npos, "line %zu: %s", i,
                lines.texts[i].c_str());
}
GST_END_TEST

static Suite* ledger_suite() {
  Suite* suite = suite_create("ledger");
  TCase* tests = tcase_create("elements");
  tcase_set_timeout(tests, 60);
  suite_add_tcase(suite, tests);
  tcase_add_loop_test(tests, taken_up_by_the_next_run, 0, 2);
  tcase_add_test(tests, not_delivered_when_downstream_fails);
  tcase_add_test(tests, flush_while_a_create_is_answered);
  tcase_add_loop_test(tests, delivered_when_downstream_says_eos, 0, 2);
  tcase_add_loop_test(tests, not_delivered_to_a_full_disk, 0, 6);
  tcase_add_loop_test(tests, delivered_when_stopped_at_eos, 0, 2);
  tcase_add_loop_test(tests, not_delivered_when_stopped_before_the_end, 0, 2);
  tcase_add_test(tests, flushed_behind_the_element);
  tcase_add_loop_test(tests, second_run_costs_nothing, 0, 2);
  tcase_add_test(tests, unusable_state_folder);
  tcase_add_test(tests, off_leaves_nothing_behind);
  tcase_add_test(tests, budget_over_runs);
  tcase_add_loop_test(tests, jobs_of_projects, 0, 2);
  tcase_add_test(tests, dry_run_has_a_sum);
  tcase_add_test(tests, story_of_a_job);
  return suite;
}

GST_CHECK_MAIN(ledger)
