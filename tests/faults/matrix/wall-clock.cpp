// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A wall clock that jumps, for this process alone: clock_gettime(), gettimeofday() and time() of
// this program take the place of libc's for every library in it. The monotonic clock, which cannot
// jump, stays as it is.
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "faults/matrix/matrix.h"

#define EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

std::atomic<int> offset{0};

}  // namespace

EXPORTED int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long status = syscall(SYS_clock_gettime, clock, time);
  if (status == 0 && clock == CLOCK_REALTIME) time->tv_sec += offset;
  return static_cast<int>(status);
}

EXPORTED int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

EXPORTED time_t time(time_t* to) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}

void omni::test::set_wall_clock_offset(int seconds) {
  offset = seconds;
}
