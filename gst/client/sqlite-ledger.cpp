#include "client/sqlite-ledger.h"

#include "client/sha256.h"

namespace omni {

namespace {

// A kept result that cannot be read is taken out, and the next one looked at.
constexpr int kDamagedResults = 8;

}  // namespace

SqliteLedger::SqliteLedger(LedgerSettings settings)
    : settings_(std::move(settings)),
      store_(settings_.state_dir),
      rows_("omni-ledger", [this](const auto& works) { return store_.transaction(works); }),
      files_("omni-results") {
}

void SqliteLedger::close() {
  store_.hurry();
  files_.stop();
  rows_.stop();
}

void SqliteLedger::trouble(const std::exception& problem) {
  const std::string text =
      std::string("the ledger in ") + settings_.state_dir + ": " + problem.what();
  settings_.log(LogLevel::warning, text);
  if (told_.exchange(true) || !settings_.warn) return;
  settings_.warn({Reason::budget,
                  "Jobs are not recorded: " + text +
                      ". A crash now may lose what was paid. Set ledger=required to buy nothing "
                      "then, or ledger=off to do without.",
                  0,
                  {},
                  {}});
}

/// Failures that a step throws on purpose pass; those of the database are told.
Async<void> SqliteLedger::write(Worker::Work work, Gravity gravity) {
  std::string problem;
  try {
    co_await rows_.run(std::move(work));
  } catch (const SqliteError& error) {
    trouble(error);
    problem = error.what();
  }
  if (problem.empty() || gravity == Gravity::told || !settings_.required) co_return;
  throw Failure(Reason::budget, "Nothing is bought, for the ledger in " + settings_.state_dir +
                                    " cannot be written (ledger=required): " + problem + ".");
}

void SqliteLedger::post(Worker::Work work) {
  rows_.post(std::move(work), [this](std::exception_ptr failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& problem) {
      trouble(problem);
    }
  });
}

Async<Claim> SqliteLedger::claim(JobKey key, Reuse reuse, Hashed reference) {
  if (reuse == Reuse::none) co_return Claim{};
  // Most jobs are new. That shows without reading the whole reference.
  bool candidates = false;
  co_await write([&] { candidates = store_.has_candidates(key, reuse); },
                 Gravity::fatal_where_required);
  if (!candidates) co_return Claim{};
  const std::string reference_hash = co_await hash(reference);
  if (reference.bytes && reference_hash.empty()) co_return Claim{};
  for (int i = 0; i < kDamagedResults; ++i) {
    LedgerStore::Found found;
    co_await write([&] { found = store_.claim(key, reference_hash, reuse); },
                   Gravity::fatal_where_required);
    if (found.claim.kind != Claim::Kind::result) co_return std::move(found.claim);
    found.claim.result =
        co_await files_.run([&] { return store_.results().load(found.result_hash); });
    if (found.claim.result) co_return std::move(found.claim);
    co_await write(
        [&] {
          store_.lost(found.result_hash);
          store_.let_go(found.claim.id);
        },
        Gravity::told);
  }
  co_return Claim{};
}

Async<Claim> SqliteLedger::take(std::string id) {
  LedgerStore::Found found;
  co_await write([&] { found = store_.take(id); }, Gravity::told);
  if (found.claim.kind == Claim::Kind::result)
    found.claim.result =
        co_await files_.run([&] { return store_.results().load(found.result_hash); });
  if (found.claim.kind == Claim::Kind::result && !found.claim.result)
    found.claim.kind = Claim::Kind::task;
  co_return std::move(found.claim);
}

Async<void> SqliteLedger::intent(std::string id, JobFacts facts, SpendLimit limit) {
  co_await write([&] { store_.intent(id, facts, limit); }, Gravity::fatal_where_required);
}

Async<void> SqliteLedger::sent(std::string id, std::string reference_hash) {
  co_await write([&] { store_.sent(id, reference_hash); }, Gravity::fatal_where_required);
}

Async<void> SqliteLedger::not_taken(std::string id) {
  co_await write([&] { store_.not_taken(id); }, Gravity::told);
}

Async<void> SqliteLedger::accepted(std::string id, std::string task_id, std::string create_path) {
  // Paid already: to stop here would lose it.
  co_await write([&] { store_.accepted(id, task_id, create_path); }, Gravity::told);
}

Async<void> SqliteLedger::ended(std::string id, Ending ending, Error error) {
  co_await write([&] { store_.ended(id, ending, error); }, Gravity::told);
}

Async<std::string> SqliteLedger::hash(Hashed reference) {
  if (!reference.bytes) co_return std::string();
  co_return co_await files_.run(
      [&] { return sha256_hex(*reference.bytes, reference.abandoned.get()); });
}

void SqliteLedger::fetched(std::string id, std::shared_ptr<const Bytes> result) {
  post([this, id] { store_.fetched(id); });
  if (settings_.state_size == 0 || result->size() > settings_.state_size) return;
  files_.post([this, id, result] { keep(id, *result); });
}

/// On the thread of the files.
void SqliteLedger::keep(const std::string& id, const Bytes& result) {
  try {
    const std::string hash = store_.results().keep(result);
    post([this, id, hash, size = result.size()] {
      store_.kept(id, hash, size, settings_.state_size);
    });
  } catch (const Failure& failure) {
    settings_.log(LogLevel::warning, failure.what());
  }
}

void SqliteLedger::delivered(std::string id) {
  post([this, id] { store_.delivered(id); });
}

void SqliteLedger::let_go(std::string id) {
  post([this, id] { store_.let_go(id); });
}

}  // namespace omni
