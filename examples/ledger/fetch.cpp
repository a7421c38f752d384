// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Gets the result of a paid and undelivered job: from the folder of kept results, or from the
// service. The job runs in the same client as in the elements.
#include <config.h>
#include <errno.h>
#include <glib/gstdio.h>

#include <cstdio>
#include <future>

#include "client/api-key.h"
#include "client/client.h"
#include "client/ledger/sqlite-ledger.h"
#include "ledger-command.h"
#include "media/mp4/result-check.h"

namespace omni::ledger {

namespace {

class Waiting : public JobObserver {
 public:
  void job_updated(const JobUpdate& update) override {
    if (!update.progress) return;
    std::fprintf(stderr, "running: %.0f %%\n", *update.progress);
  }
  void job_recorded(std::shared_ptr<Receipt> given) override { receipt = std::move(given); }
  void job_warned(const Error& error) override {
    std::fprintf(stderr, "%s\n", error.message.c_str());
  }
  void job_finished(JobOutcome outcome) override { done.set_value(std::move(outcome)); }

  std::shared_ptr<Receipt> receipt;
  std::promise<JobOutcome> done;
};

/// Writes a temporary file first, so that a file with the final name is always complete.
void write_out(const ByteRope& bytes, const std::string& out) {
  const bool to_stdout = out == "-";
  const std::string unfinished = out + ".part";
  FILE* file = to_stdout ? stdout : std::fopen(unfinished.c_str(), "wb");
  bool good = file != nullptr;
  for (const BytesPtr& piece : bytes.pieces()) {
    gsize size = 0;
    const void* data = g_bytes_get_data(piece.get(), &size);
    good = good && std::fwrite(data, 1, size, file) == size;
  }
  if (file && to_stdout) good = std::fflush(file) == 0 && good;
  if (file && !to_stdout) good = std::fclose(file) == 0 && good;
  if (good && !to_stdout) good = g_rename(unfinished.c_str(), out.c_str()) == 0;
  if (good) return;
  const int problem = errno;
  if (!to_stdout) g_unlink(unfinished.c_str());
  throw Problem("Cannot write " + out + ": " + g_strerror(problem) +
                ". The result can still be fetched.");
}

ClientSettings client_settings(const LedgerRow& row, const FetchOptions& options) {
  ClientSettings settings;
  settings.dialect = find_dialect(row.provider);
  if (!settings.dialect) throw Problem("Its provider \"" + row.provider + "\" is unknown here.");
  settings.http.base_url = row.base_url;
  // A kept result needs no key.
  if (row.result_hash.empty())
    settings.http.api_key = find_api_key(*settings.dialect, "", options.api_key_file);
  settings.http.user_agent = PACKAGE "/" VERSION;
  settings.http.ssl_ca_file = options.ssl_ca_file;
  settings.log = [](LogLevel level, const std::string& text) {
    if (level == LogLevel::warning) std::fprintf(stderr, "%s\n", text.c_str());
  };
  return settings;
}

struct Fetched {
  std::unique_ptr<Client> client;  // its ledger takes the receipt
  JobOutcome outcome;
  std::shared_ptr<Receipt> receipt;
};

/// An empty `check` takes whatever comes.
Fetched fetch_once(const LedgerRow& row, const FetchOptions& options, ResultCheck check) {
  LedgerSettings of_ledger;
  of_ledger.state_dir = options.state_dir;
  of_ledger.required = true;
  of_ledger.log = [](LogLevel, const std::string&) {};
  auto client = std::make_unique<Client>(client_settings(row, options),
                                         std::make_shared<SqliteLedger>(of_ledger));
  JobSpec spec;
  spec.label = "fetch";
  spec.take_up = row.id;
  spec.download_folder = options.state_dir;
  spec.check_result = std::move(check);
  auto waiting = std::make_shared<Waiting>();
  auto future = waiting->done.get_future();
  client->submit(std::move(spec), waiting);
  JobOutcome outcome = future.get();
  return {std::move(client), std::move(outcome), waiting->receipt};
}

}  // namespace

void fetch_result(const LedgerRow& row, const FetchOptions& options) {
  const ResultCheck check = [seconds = row.seconds](const ByteRope& result) {
    return mp4::result_problem(result, seconds);
  };
  Fetched fetched = fetch_once(row, options, check);
  std::string problem;
  if (std::holds_alternative<Error>(fetched.outcome)) {
    const Error error = std::get<Error>(fetched.outcome);
    // What is kept here may be what was refused, and the service may have it no longer.
    if (error.reason != Reason::bad_result && row.result_hash.empty()) throw Failure(error);
    problem = error.message;
    fetched.client->stop();
    Fetched anything = fetch_once(row, options, {});
    if (std::holds_alternative<Error>(anything.outcome)) throw Failure(error);
    fetched = std::move(anything);
  }
  write_out(*std::get<0>(fetched.outcome), options.out);
  if (problem.empty()) fetched.receipt->confirm();
  fetched.client->stop();
  if (problem.empty()) return;
  std::fprintf(
      stderr,
      "omni-ledger: warning: %s\nWhat the service sent was written to %s as it is. The job "
      "stays undelivered.\n",
      problem.c_str(), options.out.c_str());
}

}  // namespace omni::ledger
