// What an element has spent in its life: the spend guard and the totals behind `stats`.
#pragma once

#include <mutex>

#include "client/client.h"
#include "elements/settings.h"

namespace omni {

class Account {
 public:
  /// Counts a job before it is submitted. Throws Failure(budget) when it would exceed max-jobs or
  /// max-seconds; then nothing is counted.
  void reserve(const Settings& settings, unsigned seconds);
  /// The job surely cost nothing after all.
  void give_back(unsigned seconds);

  /// The counts of a client that is about to go.
  void add(const ClientStats& stats);
  /// Totals with those of `running` (may be null) on top.
  ClientStats totals(const Client* running) const;

 private:
  mutable std::mutex lock_;  // innermost: nothing is called under it
  unsigned jobs_ = 0, seconds_ = 0;
  ClientStats past_;
};

}  // namespace omni
