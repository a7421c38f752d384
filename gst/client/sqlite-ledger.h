// The ledger that jobs await: LedgerStore on a thread of its own, for another process may hold its
// lock; hashing and results on a second one.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "client/ledger-store.h"
#include "client/ledger.h"
#include "client/log.h"
#include "client/worker.h"

namespace omni {

struct LedgerSettings {
  std::string state_dir;
  std::uint64_t state_size = 0;  // for kept results, bytes; 0 = keep none
  bool required = false;         // without it nothing is bought
  LogSink log;
  /// Is told, once and from any thread, that things are not recorded. Without a lock held.
  std::function<void(const Error&)> warn;
};

class SqliteLedger : public Ledger {
 public:
  /// Throws Failure(budget) when it cannot be opened.
  explicit SqliteLedger(LedgerSettings settings);
  ~SqliteLedger() override { close(); }

  Async<Claim> claim(JobKey key, Reuse reuse, Hashed reference) override;
  Async<Claim> take(std::string id) override;
  Async<void> intent(std::string id, JobFacts facts, SpendLimit limit) override;
  Async<void> sent(std::string id, std::string reference_hash) override;
  Async<void> not_taken(std::string id) override;
  Async<void> accepted(std::string id, std::string task_id, std::string create_path) override;
  Async<void> ended(std::string id, Ending ending, Error error) override;
  Async<std::string> hash(Hashed reference) override;
  void fetched(std::string id, std::shared_ptr<const Bytes> result) override;
  void delivered(std::string id) override;
  void let_go(std::string id) override;
  void hurry() override { store_.hurry(); }
  void close() override;
  bool records() const override { return true; }

 private:
  /// A problem with the ledger itself: money must not depend on it (false), or may not flow.
  enum class Gravity { told, fatal_where_required };
  Async<void> write(Worker::Work work, Gravity gravity);
  void post(Worker::Work work);
  void trouble(const std::exception& problem);
  void keep(const std::string& id, const Bytes& result);

  const LedgerSettings settings_;
  LedgerStore store_;
  std::atomic<bool> told_ = false;
  // The second hands things on to the first.
  Worker rows_;
  Worker files_;
};

}  // namespace omni
