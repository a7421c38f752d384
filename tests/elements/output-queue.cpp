// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The output queue without an element: order, the window, flushes, the end of the flow, and the src
// pad's task. Threads meet here, so what is waited for is always another thread's step, never time.
#include "elements/common/output-queue.h"

#include <atomic>
#include <functional>
#include <future>

#include "../media/media-main.h"

using namespace omni;

namespace {

/// Work that is due when somebody says so.
struct Work {
  explicit Work(int number = 0) : number(number) {}
  const int number;
  std::atomic<bool> finished{false};
};
using Queue = OutputQueue<Work>;

Queue::Item item_of(const std::shared_ptr<Work>& work) {
  return {work, nullptr, nullptr};
}
Queue::Item eos() {
  return {nullptr, EventPtr::adopt(gst_event_new_eos()), nullptr};
}
bool is_due(const Queue::Item& item) {
  return !item.work || item.work->finished;
}

/// A src pad of no element with a queue behind it. `turn` is the task's.
struct Rig {
  explicit Rig(std::function<void(Rig&)> turn = [](Rig& rig) { rig.queue.pause_task(); })
      : pad(PadPtr::adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("src", GST_PAD_SRC))))),
        queue(pad.get(), [this, turn = std::move(turn)] { turn(*this); }) {}
  ~Rig() {
    queue.stop();
    queue.deactivate();
  }
  void open() {
    gst_pad_set_active(pad.get(), TRUE);
    ck_assert(queue.activate());
  }

  const PadPtr pad;
  Queue queue;
};

/// Counts what another thread has done. Until that is inside of a wait, a step of ours would prove
/// nothing.
class Counter {
 public:
  void operator++() {
    ++count_;
    count_.notify_all();
  }
  void wait_for(unsigned count) const {
    for (unsigned seen = count_; seen < count; seen = count_) count_.wait(seen);
  }
  operator unsigned() const { return count_; }

 private:
  std::atomic<unsigned> count_{0};
};

START_TEST(order) {
  Rig rig;
  rig.open();
  const auto first = std::make_shared<Work>(1), second = std::make_shared<Work>(2);
  rig.queue.push(item_of(first));
  rig.queue.push(EventPtr::adopt(gst_event_new_gap(0, 1)));
  rig.queue.push(item_of(second));
  rig.queue.push(Error{Reason::bad_input, "an error in its place", 0, {}, {}});
  second->finished = true;  // but the first one is not
  ck_assert(rig.queue.front().item.work == first);
  first->finished = true;
  ck_assert(rig.queue.wait_for_front(is_due).work == first);
  ck_assert(rig.queue.wait_for_front(is_due).event);
  ck_assert(rig.queue.wait_for_front(is_due).work == second);
  ck_assert(rig.queue.wait_for_front(is_due).error->reason == Reason::bad_input);
  ck_assert(!rig.queue.front().item);
  ck_assert(!rig.queue.pop_front());
}
END_TEST

START_TEST(front_comes_when_it_is_finished) {
  Rig rig;
  rig.open();
  const auto work = std::make_shared<Work>();
  rig.queue.push(item_of(work));
  Counter asked;
  auto front = std::async(std::launch::async, [&] {
    return rig.queue.wait_for_front([&](const Queue::Item& item) {
      ++asked;
      return is_due(item);
    });
  });
  asked.wait_for(1);
  rig.queue.changed();  // something else
  asked.wait_for(2);
  work->finished = true;
  rig.queue.changed();
  ck_assert(front.get().work == work);
}
END_TEST

START_TEST(flush_wakes_who_waits) {
  Rig rig;
  rig.open();
  rig.queue.push(item_of(std::make_shared<Work>()));
  Counter asked;
  auto front = std::async(std::launch::async, [&] {
    return rig.queue.wait_for_front([&](const Queue::Item&) {
      ++asked;
      return false;
    });
  });
  auto room = std::async(std::launch::async, [&] {
    return rig.queue.wait_for_room(8, [&](const QueueLock&) {
      ++asked;
      return false;
    });
  });
  asked.wait_for(2);
  rig.queue.begin_flush();
  ck_assert(!front.get());
  ck_assert(!room.get());
  ck_assert(rig.queue.is_flushing());
  ck_assert_msg(!rig.queue.front().item && !rig.queue.pop_front(), "nothing comes while flushing");
  const auto dropped = rig.queue.take_all();
  ck_assert_uint_eq(dropped.size(), 1);
  rig.queue.reset({EventPtr::adopt(gst_event_new_stream_start("kept"))});
  ck_assert_msg(rig.queue.is_flushing(), "FLUSH_STOP has not been sent");
  rig.queue.end_flush();
  ck_assert(GST_EVENT_TYPE(rig.queue.pop_front().event.get()) == GST_EVENT_STREAM_START);
}
END_TEST

START_TEST(nothing_starts_after_stop) {
  Counter turns;
  Rig rig([&](Rig& self) {
    ++turns;
    self.queue.pause_task();
  });
  rig.open();
  turns.wait_for(1);
  rig.queue.stop();
  ck_assert(rig.queue.is_stopped() && rig.queue.is_flushing());
  ck_assert_msg(!rig.queue.wait_before_error(), "an error is of no interest any more");
  rig.queue.end_flush();  // of a flush that was under way
  ck_assert_msg(rig.queue.is_flushing(), "a stopped run stays so");
  rig.queue.deactivate();
  const unsigned before = turns;
  rig.queue.start_task();
  ck_assert_int_eq(gst_pad_get_task_state(rig.pad.get()), GST_TASK_STOPPED);
  ck_assert_uint_eq(turns, before);
}
END_TEST

START_TEST(window) {
  Rig rig;
  rig.open();
  const auto any = [](const QueueLock&) { return true; };
  const auto first = std::make_shared<Work>(1), second = std::make_shared<Work>(2);
  ck_assert(rig.queue.wait_for_room(2, any));
  rig.queue.push(item_of(first));
  rig.queue.push(eos());  // no work: takes no room
  ck_assert(rig.queue.wait_for_room(2, any));
  rig.queue.push(item_of(second));
  ck_assert_uint_eq(rig.queue.open(rig.queue.lock()), 2);
  Counter asked;
  auto room = std::async(std::launch::async, [&] {
    ++asked;
    return rig.queue.wait_for_room(2, any);
  });
  asked.wait_for(1);
  rig.queue.pop_front();  // it is being pushed, and still open
  ck_assert_uint_eq(rig.queue.open(rig.queue.lock()), 2);
  ck_assert(room.wait_for(std::chrono::seconds(0)) != std::future_status::ready);
  rig.queue.close_one(rig.queue.lock());
  ck_assert(room.get());
  ck_assert_uint_eq(rig.queue.open(rig.queue.lock()), 1);
}
END_TEST

START_TEST(end_of_the_flow) {
  Rig rig;
  rig.open();
  const auto any = [](const QueueLock&) { return true; };
  rig.queue.push(item_of(std::make_shared<Work>()));
  auto room = std::async(std::launch::async, [&] { return rig.queue.wait_for_room(1, any); });
  rig.queue.end(rig.queue.lock(), GST_FLOW_EOS);
  ck_assert_msg(!room.get(), "what comes in goes nowhere");
  ck_assert_int_eq(rig.queue.flow(), GST_FLOW_EOS);
  rig.queue.go_on(rig.queue.lock());
  ck_assert_int_eq(rig.queue.flow(), GST_FLOW_OK);
  rig.queue.end(rig.queue.lock(), GST_FLOW_ERROR);
  rig.queue.go_on(rig.queue.lock());
  ck_assert_msg(rig.queue.flow() == GST_FLOW_ERROR, "an error stays");
  rig.queue.take_all();
  rig.queue.reset({});
  ck_assert_int_eq(rig.queue.flow(), GST_FLOW_OK);
  ck_assert_uint_eq(rig.queue.open(rig.queue.lock()), 0);
}
END_TEST

/// What came in before the pad was active waits for it.
START_TEST(task_empties_the_queue) {
  std::vector<int> out;
  std::promise<void> done;
  Rig rig([&](Rig& self) {
    auto item = self.queue.wait_for_front(is_due);
    if (!item) return self.queue.pause_task();
    if (item.work) {
      out.push_back(item.work->number);
      return self.queue.close_one(self.queue.lock());
    }
    self.queue.pause_task();
    done.set_value();
  });
  ck_assert(rig.queue.is_flushing());
  std::vector<std::shared_ptr<Work>> works;
  for (int i = 0; i < 8; ++i) {
    works.push_back(std::make_shared<Work>(i));
    rig.queue.push(item_of(works.back()));
  }
  rig.queue.push(eos());
  rig.open();
  for (auto work = works.rbegin(); work != works.rend(); ++work) {
    (*work)->finished = true;
    rig.queue.changed();
  }
  done.get_future().wait();
  ck_assert_uint_eq(out.size(), works.size());
  for (int i = 0; i < 8; ++i) ck_assert_int_eq(out[static_cast<std::size_t>(i)], i);
  ck_assert_uint_eq(rig.queue.open(rig.queue.lock()), 0);
}
END_TEST

}  // namespace

int main(int argc, char** argv) {
  return run_media_tests(argc, argv, "output-queue",
                         {{"order", order, 1},
                          {"front comes when finished", front_comes_when_it_is_finished, 20},
                          {"flush wakes who waits", flush_wakes_who_waits, 20},
                          {"nothing starts after stop", nothing_starts_after_stop, 5},
                          {"window", window, 20},
                          {"end of the flow", end_of_the_flow, 5},
                          {"task empties the queue", task_empties_the_queue, 20}});
}
