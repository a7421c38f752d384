// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// How the tests of the ledger run a job: with a ledger in a folder, from the client's start to its
// end; and what stands in the ledger after it.
#pragma once

#include <filesystem>

#include "client/ledger/sqlite-ledger.h"
#include "support/client-run.h"
#include "support/fresh-folder.h"
#include "support/ledger-rows.h"

namespace omni::test {

inline constexpr std::uint64_t kRoom = 100'000'000;

inline std::shared_ptr<SqliteLedger> ledger_in(const std::string& folder, bool required = false,
                                               std::uint64_t room = kRoom,
                                               std::vector<Error>* warnings = nullptr) {
  LedgerSettings settings;
  settings.state_dir = folder;
  settings.state_size = room;
  settings.required = required;
  settings.log = [](LogLevel, const std::string&) {};
  settings.warn = [warnings](const Error& error) {
    if (warnings) warnings->push_back(error);
  };
  return std::make_shared<SqliteLedger>(settings);
}

/// The only row.
inline LedgerRow row_in(const std::string& folder) {
  const auto rows = rows_in(folder);
  ck_assert_uint_eq(rows.size(), 1);
  return rows.front();
}

struct Done {
  JobOutcome outcome;
  JobCounters counters;
  std::string log;
  std::vector<Error> warnings;
  std::vector<JobUpdate> updates;

  const Error& error() const {
    ck_assert_msg(std::holds_alternative<Error>(outcome), "the job succeeded\n%s", log.c_str());
    return std::get<Error>(outcome);
  }
  void has_result() const {
    if (const auto* error = std::get_if<Error>(&outcome))
      ck_abort_msg("%s: %s\n%s", reason_word(error->reason), error->message.c_str(), log.c_str());
    ck_assert(text_of(*std::get<0>(outcome)) == kResult);
  }
};

/// One run of one job from the client's start to its end.
inline Done run_job(const std::string& url, std::shared_ptr<Ledger> ledger, bool deliver = true,
                    const std::function<void(Run&)>& change = nullptr) {
  Run run(url);
  if (change) change(run);
  Done done;
  done.outcome = run.go(std::move(ledger));
  if (deliver && run.recorder->receipt && succeeded(done.outcome)) run.recorder->receipt->confirm();
  run.recorder->receipt.reset();
  run.client->stop();
  done.counters = run.client->stats().jobs;
  done.log = run.log;
  done.warnings = run.recorder->warnings;
  done.updates = run.recorder->updates;
  return done;
}

}  // namespace omni::test
