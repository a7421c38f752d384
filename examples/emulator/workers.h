// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A few threads that run tasks in order. They report back to the main loop through on_main(), so
// that everything else in this program is on one thread and needs no lock.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace emu {

/// Runs `task` later on the main loop. Safe from any thread.
void on_main(std::function<void()> task);

class Workers {
 public:
  explicit Workers(unsigned threads);
  ~Workers() { stop(); }
  void post(std::function<void()> task);
  /// Drops the tasks that have not started and waits for the others.
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace emu
