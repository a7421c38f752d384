// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/ledger/sqlite-ledger.h"

#include "client/files.h"
#include "client/sha256.h"

namespace omni {

namespace {

// A kept result that cannot be read is removed, and the next one is tried: at most this many.
constexpr int kDamagedResults = 8;
// If the ledger cannot be written for a long time: each job has about four entries.
constexpr std::size_t kMostUnwritten = 1000;
// A larger result would delay a stop for too long. The service still has it.
constexpr std::size_t kMostWhileStopping = 32 * 1024 * 1024;

}  // namespace

SqliteLedger::SqliteLedger(LedgerSettings settings)
    : settings_(std::move(settings)),
      results_(LedgerStore::results_folder(settings_.state_dir)),
      rows_("omni-ledger", [this](const auto& works) { return batch(works); }),
      files_("omni-results") {
}

void SqliteLedger::close() {
  prepare_to_stop();
  files_.stop();
  rows_.stop();
  if (!unwritten_.empty()) batch({});  // one last time; the threads have ended
}

void SqliteLedger::trouble(const std::exception& problem) {
  const std::string text =
      std::string("the ledger in ") + settings_.state_dir + ": " + problem.what();
  settings_.log(LogLevel::warning, text);
  if (told_.exchange(true) || !settings_.warn) return;
  settings_.warn({Reason::budget,
                  "Jobs are not recorded: " + text +
                      ". A crash now may lose what was paid. state-dir must be a writable folder "
                      "on a local disk. Set ledger=required to buy nothing in this case, or "
                      "ledger=off to work without a ledger",
                  0,
                  {},
                  {}});
}

std::string SqliteLedger::forget_command(const std::string& id) const {
  const bool usual = settings_.state_dir == state_folder("");
  return "`omni-ledger forget " + id + (usual ? "`" : " --state-dir " + settings_.state_dir + "`");
}

/// Writes that failed before go first, in order, together with the new work.
Worker::Outcomes SqliteLedger::batch(const std::vector<Worker::Work>& works) {
  std::vector<Worker::Work> all;
  {
    const std::lock_guard lock(unwritten_lock_);
    all.swap(unwritten_);
  }
  const std::size_t before = all.size();
  all.insert(all.end(), works.begin(), works.end());
  Worker::Outcomes outcomes;
  try {
    if (!store_) store_ = std::make_unique<LedgerStore>(settings_.state_dir, &wait_briefly_);
    outcomes = store_->transaction(all);
  } catch (const std::exception& problem) {
    outcomes.assign(all.size(),
                    std::make_exception_ptr(SqliteError(SQLITE_CANTOPEN, problem.what())));
  }
  judge(outcomes);
  for (std::size_t i = 0; i < before; ++i)
    if (outcomes[i]) write_later(std::move(all[i]));
  outcomes.erase(outcomes.begin(), outcomes.begin() + static_cast<std::ptrdiff_t>(before));
  return outcomes;
}

/// While the database has a problem, nothing waits long for it.
void SqliteLedger::judge(const Worker::Outcomes& outcomes) {
  bool trouble = false;
  for (const std::exception_ptr& outcome : outcomes) {
    try {
      if (outcome) std::rethrow_exception(outcome);
    } catch (const SqliteError& error) {
      trouble = true;
      if (error.code == SQLITE_READONLY_DBMOVED) store_.reset();  // the next batch opens a new one
    } catch (const std::exception&) {
      // Thrown by a step on purpose.
    }
  }
  wait_briefly_ = trouble || stopping_;
}

void SqliteLedger::write_later(Worker::Work work) {
  const std::lock_guard lock(unwritten_lock_);
  if (unwritten_.size() == kMostUnwritten) unwritten_.erase(unwritten_.begin());
  unwritten_.push_back(std::move(work));
}

void SqliteLedger::require(const std::string& problem) const {
  if (!settings_.required) return;
  throw Failure(
      Reason::budget,
      "Nothing is bought, because the ledger in " + settings_.state_dir +
          " cannot be written: " + problem +
          ". Set state-dir to a writable folder on a local disk, or ledger=on to buy without it.");
}

/// Failures that a step throws on purpose are passed on; those of the database are reported.
Async<void> SqliteLedger::run(Worker::Work work, Step step) {
  std::string problem;
  try {
    co_await rows_.run(work);
  } catch (const SqliteError& error) {
    trouble(error);
    problem = error.what();
  }
  if (problem.empty()) co_return;
  if (step != Step::note) require(problem);
  if (step != Step::ask) write_later(std::move(work));
}

void SqliteLedger::post(Worker::Work work) {
  rows_.post(work, [this, work](std::exception_ptr failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& problem) {
      trouble(problem);
    }
    write_later(work);
  });
}

Async<Claim> SqliteLedger::claim(JobKey key, Reuse reuse, HashRequest reference) {
  if (reuse == Reuse::none) co_return Claim{};
  // Most jobs are new. That can be seen without reading the whole reference.
  bool candidates = false;
  co_await run([&] { candidates = store_->has_candidates(key, reuse); }, Step::ask);
  if (!candidates) co_return Claim{};
  const std::string reference_hash = co_await hash(reference);
  if (reference.bytes && reference_hash.empty()) co_return Claim{};
  for (int i = 0; i < kDamagedResults; ++i) {
    LedgerStore::Found found;
    co_await run([&] { found = store_->claim(key, reference_hash, reuse); }, Step::ask);
    if (found.claim.kind != Claim::Kind::result) co_return std::move(found.claim);
    found.claim.result = co_await files_.run([&] { return results_.load(found.result_hash); });
    if (found.claim.result) co_return std::move(found.claim);
    const Worker::Work forget = [this, hash = found.result_hash, id = found.claim.id] {
      store_->lost(hash);
      store_->release(id);
    };
    co_await run(forget, Step::note);
  }
  co_return Claim{};
}

Async<Claim> SqliteLedger::take(std::string id) {
  LedgerStore::Found found;
  co_await run([&] { found = store_->take(id); }, Step::ask);
  if (found.claim.kind == Claim::Kind::result)
    found.claim.result = co_await files_.run([&] { return results_.load(found.result_hash); });
  if (found.claim.kind == Claim::Kind::result && !found.claim.result)
    found.claim.kind = Claim::Kind::task;
  co_return std::move(found.claim);
}

// `work` is a variable of its own: gcc 12 destroys the captures of a lambda in the awaited
// expression twice.

Async<void> SqliteLedger::intent(std::string id, JobFacts facts, SpendLimit limit) {
  const Worker::Work work = [&] { store_->intent(id, facts, limit); };
  co_await run(work, Step::ask);
}

Async<void> SqliteLedger::sent(std::string id, JobFacts facts, std::string reference_hash) {
  const Worker::Work work = [this, id, facts, reference_hash] {
    store_->sent(id, facts, reference_hash);
  };
  co_await run(work, Step::write);
}

Async<void> SqliteLedger::not_taken(std::string id) {
  const Worker::Work work = [this, id] { store_->not_taken(id); };
  co_await run(work, Step::note);
}

/// Already paid: stopping here would lose it.
Async<void> SqliteLedger::accepted(std::string id, JobFacts facts, std::string task_id,
                                   std::string create_path) {
  const Worker::Work work = [this, id, facts, task_id, create_path] {
    store_->accepted(id, facts, task_id, create_path);
  };
  co_await run(work, Step::note);
}

Async<void> SqliteLedger::ended(std::string id, Ending ending, Error error) {
  const Worker::Work work = [this, id, ending, error] { store_->ended(id, ending, error); };
  co_await run(work, Step::note);
}

Async<std::string> SqliteLedger::hash(HashRequest reference) {
  if (!reference.bytes) co_return std::string();
  co_return co_await files_.run(
      [&] { return sha256_hex(*reference.bytes, reference.cancelled.get()); });
}

void SqliteLedger::fetched(std::string id, std::shared_ptr<const ByteRope> result) {
  post([this, id] { store_->fetched(id); });
  if (settings_.state_size == 0 || result->size() > settings_.state_size) return;
  files_.post([this, id, result] { keep(id, *result); });
}

/// Runs on the thread for files.
void SqliteLedger::keep(const std::string& id, const ByteRope& result) {
  if (stopping_ && result.size() > kMostWhileStopping) return;
  try {
    const std::string hash = results_.keep(result);
    post([this, id, hash, size = result.size()] {
      store_->kept(id, hash, size, settings_.state_size);
    });
  } catch (const Failure& failure) {
    settings_.log(LogLevel::warning, failure.what());
  }
}

void SqliteLedger::delivered(std::string id) {
  post([this, id] { store_->delivered(id); });
}

void SqliteLedger::release(std::string id) {
  post([this, id] { store_->release(id); });
}

}  // namespace omni
