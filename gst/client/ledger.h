// Where a job writes down what it is about to do and what it did, so that nothing is paid twice and
// nothing paid is lost. The job awaits each step; which store stands behind it is not its business.
#pragma once

#include <string>

#include "client/coroutine.h"
#include "service/error.h"

namespace omni {

class Ledger {
 public:
  virtual ~Ledger() = default;
  /// Before the create is sent. A row that stays here was surely never taken.
  virtual Async<void> intent(std::string job) = 0;
  /// Everything but the request's last chunk is out. Only when this returns does that chunk go.
  virtual Async<void> sent(std::string job) = 0;
  /// The service took it. On disk before the next step.
  virtual Async<void> accepted(std::string job, std::string task_id) = 0;
  virtual Async<void> delivered(std::string job) = 0;
  virtual Async<void> failed(std::string job, Error error) = 0;
};

/// Keeps nothing.
class NoLedger : public Ledger {
 public:
  Async<void> intent(std::string) override { co_return; }
  Async<void> sent(std::string) override { co_return; }
  Async<void> accepted(std::string, std::string) override { co_return; }
  Async<void> delivered(std::string) override { co_return; }
  Async<void> failed(std::string, Error) override { co_return; }
};

}  // namespace omni
