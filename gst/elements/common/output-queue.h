// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The output side of one run: items that leave through the src pad in input order, the flow state,
// and the pad's task. It holds the one lock of the run: everything else that its threads share is
// accessed with this lock held (Guarded), and every wait is a wait for changed().
//
//   stopped ------------ stop(), permanent ----------------------------------------------.
//   flushing  <-- begin_flush() -- open --- end(flow) --> ended: no more input is taken  |
//      `----- end_flush() ---------^ `------ reset() ----------'
//
// Lock order: this lock first, then that of a pending result, a job runner or a client. It is never
// held while pushing, posting, querying, encoding or calling the client.
#pragma once

#include <gst/gst.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "media/gst-ptr.h"
#include "service/error.h"

namespace omni {

/// Returned upstream once an error was posted. GST_FLOW_ERROR would make a source add its own
/// "Internal data stream error", and the user should see one error, the one with the cause.
inline constexpr GstFlowReturn kFlowAfterError = GST_FLOW_EOS;

/// Segments in flight for each job that may run. Finished ones wait for older ones; with one per
/// job, they would keep others from starting.
inline constexpr unsigned kWindowPerJob = 3;

/// Proof that the lock of a queue is held.
using QueueLock = std::unique_lock<std::mutex>;

/// A value that is accessible only with the queue's lock held.
template <class Value>
class Guarded {
 public:
  Value& of(const QueueLock&) { return value_; }
  const Value& of(const QueueLock&) const { return value_; }

 private:
  Value value_{};
};

/// The output side without the items: flow, flushing, the task.
class OutputFlow {
 public:
  /// `turn` is called repeatedly by the src pad's task, until pause_task().
  OutputFlow(GstPad* src, std::function<void()> turn) : src_(src), turn_(std::move(turn)) {}
  OutputFlow(const OutputFlow&) = delete;
  OutputFlow& operator=(const OutputFlow&) = delete;

  QueueLock lock() const { return QueueLock(mutex_); }
  /// Wakes all waiting threads.
  void changed(const QueueLock&);
  void changed() { changed(lock()); }
  /// Waits until `ready` returns true; it is called with the lock held, after each change.
  template <class Ready>
  void wait(QueueLock& lock, Ready ready) const {
    condition_.wait(lock, ready);
  }
  /// Waits for the change after `seen`, or for a flush.
  void wait_for_change(guint seen) const;
  /// False when there was none for so long.
  bool wait_for_change(guint seen, std::chrono::milliseconds at_most) const;

  bool is_flushing(const QueueLock&) const { return flushing_; }
  bool is_flushing() const { return is_flushing(lock()); }
  /// The state of the output: OK, EOS, or an error.
  GstFlowReturn flow(const QueueLock&) const { return flow_; }
  GstFlowReturn flow() const { return flow(lock()); }
  /// Neither flushing nor ended: input will be output.
  bool is_open(const QueueLock&) const { return !flushing_ && flow_ == GST_FLOW_OK; }

  // Activation of the src pad
  gboolean activate();
  /// After stop(): the task has ended when this returns.
  gboolean deactivate();

  /// Ends the run: all threads wake, and nothing can be started.
  void stop();
  void begin_flush();
  /// Input is accepted again, unless the run is over. Does not start the task.
  void end_flush();
  bool is_stopped() const;
  /// Nothing more will be output.
  void end(const QueueLock&, GstFlowReturn flow);
  /// After an end without an error, output continues: a seek.
  void go_on(const QueueLock&) {
    if (flow_ != GST_FLOW_ERROR) flow_ = GST_FLOW_OK;
  }

  /// Does nothing while flushing.
  void start_task();
  void pause_task();

  /// gst-launch-1.0 misses an error that is posted before its main loop runs; this waits for that.
  /// False when flushing: the error no longer matters.
  bool wait_before_error() const;

 protected:
  static void task(gpointer self);

  mutable std::mutex mutex_;
  mutable std::condition_variable condition_;
  guint changes_ = 0;
  bool stopped_ = false;
  bool flushing_ = true;  // until the src pad is activated
  GstFlowReturn flow_ = GST_FLOW_OK;

 private:
  GstPad* const src_;
  const std::function<void()> turn_;
  std::chrono::steady_clock::time_point errors_from_;  // from the activation of the src pad on
};

/// `Work` is the result of one input: it has its place in the output from the start.
template <class Work>
class OutputQueue : public OutputFlow {
 public:
  /// Exactly one member is set; none when there is no item.
  struct Item {
    std::shared_ptr<Work> work;
    EventPtr event;
    std::shared_ptr<const Error> error;  // not related to one piece of work

    explicit operator bool() const { return work || event || error; }
  };
  struct Front {
    Item item;
    guint seen = 0;  // for wait_for_change()
  };

  using OutputFlow::OutputFlow;

  void push(Item item) { push(lock(), std::move(item)); }
  void push(const QueueLock& lock, Item item) {
    if (item.work) ++open_;
    items_.push_back(std::move(item));
    changed(lock);
  }
  void push(EventPtr event) { push({nullptr, std::move(event), nullptr}); }
  void push(const Error& error) { push({nullptr, nullptr, std::make_shared<const Error>(error)}); }

  /// The next item without removing it; an empty item when the queue is empty or flushing.
  Front front() const {
    const QueueLock held = lock();
    if (flushing_ || items_.empty()) return {{}, changes_};
    return {items_.front(), changes_};
  }
  /// Empty when the queue is empty or flushing.
  Item pop_front() {
    const QueueLock held = lock();
    if (flushing_ || items_.empty()) return {};
    Item item = std::move(items_.front());
    items_.pop_front();
    return item;
  }
  /// Waits until `is_due` accepts the front and removes it; empty when flushing.
  template <class IsDue>
  Item wait_for_front(IsDue is_due) {
    for (;;) {
      const Front next = front();
      if (next.item && is_due(next.item)) return pop_front();
      if (is_flushing()) return {};
      wait_for_change(next.seen);
    }
  }

  // The window: work that was queued and is not completely output
  unsigned open(const QueueLock&) const { return open_; }
  void close_one(const QueueLock& lock) {
    if (open_ > 0) --open_;
    changed(lock);
  }
  /// Waits while this many are open, and for `also`, which is called with the lock held. False when
  /// flushing, or when the output has ended.
  template <class Also>
  bool wait_for_room(unsigned window, Also also) const {
    QueueLock held = lock();
    wait(held, [&] { return !is_open(held) || (open_ < window && also(held)); });
    return is_open(held);
  }

  bool is_empty(const QueueLock&) const { return items_.empty(); }
  template <class Predicate>
  unsigned count_if(const QueueLock&, Predicate predicate) const {
    return static_cast<unsigned>(std::count_if(items_.begin(), items_.end(), predicate));
  }

  /// The caller must free them without the lock.
  std::deque<Item> take_all() {
    const QueueLock held = lock();
    return std::exchange(items_, {});
  }
  /// Starts over with these events: nothing is open, and the flow is OK.
  void reset(const std::vector<EventPtr>& kept) {
    const QueueLock held = lock();
    for (const EventPtr& event : kept) items_.push_back({nullptr, event, nullptr});
    open_ = 0;
    flow_ = GST_FLOW_OK;
    changed(held);
  }

 private:
  std::deque<Item> items_;
  unsigned open_ = 0;
};

}  // namespace omni
