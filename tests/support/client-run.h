// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// How the client's tests run a job: settings and a spec that work, changed by the test, and what
// became of it. The service is a FakeService, or any FaultServer.
#pragma once

#include <future>

#include "client/client.h"
#include "support/fake-service.h"
#include "unit/check-main.h"

namespace omni::test {

inline constexpr char kKey[] = "sk-test-0123456789";
// Not a real MP4: what makes a result usable is the test's own check here.
inline const std::string kResult = std::string(
                                       "\0\0\0\x10"
                                       "ftypisom",
                                       12) +
                                   std::string(3000000, 'r');

inline std::shared_ptr<const ByteRope> rope(const std::string& text, std::size_t piece) {
  auto bytes = std::make_shared<ByteRope>();
  for (std::size_t at = 0; at < text.size(); at += piece)
    bytes->append(
        BytesPtr::adopt(g_bytes_new(text.data() + at, std::min(piece, text.size() - at))));
  return bytes;
}

inline std::string text_of(const ByteRope& bytes) {
  std::string text(bytes.size(), '\0');
  bytes.read(0, text.data(), text.size());
  return text;
}

inline bool succeeded(const JobOutcome& outcome) {
  return std::holds_alternative<std::shared_ptr<const ByteRope>>(outcome);
}

class Recorder : public JobObserver {
 public:
  void job_updated(const JobUpdate& update) override { updates.push_back(update); }
  void job_recorded(std::shared_ptr<Receipt> given) override { receipt = std::move(given); }
  void job_warned(const Error& error) override { warnings.push_back(error); }
  void job_finished(JobOutcome outcome) override { done.set_value(std::move(outcome)); }
  std::vector<JobUpdate> updates;
  std::vector<Error> warnings;
  std::shared_ptr<Receipt> receipt;
  std::promise<JobOutcome> done;
};

struct Run {
  /// Nothing but what hangs takes as long as `idle`, on a slow disk either.
  explicit Run(const std::string& base_url, Micros idle = 60 * kSecond) {
    settings.dialect = &octopusx();
    settings.http.base_url = base_url;
    settings.http.api_key = kKey;
    settings.http.user_agent = "test";
    settings.http.idle_timeout = idle;
    settings.log = [this](LogLevel, const std::string& line) {
      const std::lock_guard lock(log_lock);
      log += line + "\n";
    };
    spec.label = "segment 0";
    spec.reference = rope(reference, 1001);
    spec.seconds = 8;
    spec.body = {"{\"model\":\"m\",\"video\":\"data:video/mp4;base64,", "\",\"seconds\":\"8\"}",
                 true};
    spec.poll_interval = kSecond / 50;
    spec.first_pause = kSecond / 10;  // the real one would make this test wait for minutes
    spec.download_folder = std::string(g_get_tmp_dir()) + "/gst-omni-test-state";
    spec.check_result = [](const ByteRope& bytes) -> std::optional<std::string> {
      if (bytes.size() == kResult.size()) return std::nullopt;
      return "wrong size";
    };
  }

  /// A new client, and one job, which tells `recorder`.
  std::future<JobOutcome> start(std::shared_ptr<Ledger> ledger = nullptr) {
    client = std::make_unique<Client>(settings, std::move(ledger));
    auto future = recorder->done.get_future();
    client->submit(spec, recorder);
    return future;
  }
  /// One more job of the same client; its result is let go of when it is there.
  std::future<JobOutcome> another() {
    auto other = std::make_shared<Recorder>();
    auto future = other->done.get_future();
    client->submit(spec, other);
    return future;
  }
  /// A new client, and so many jobs at once.
  std::vector<std::future<JobOutcome>> start_many(int count) {
    client = std::make_unique<Client>(settings);
    std::vector<std::future<JobOutcome>> futures;
    for (int i = 0; i < count; ++i) futures.push_back(another());
    return futures;
  }

  JobOutcome go(std::shared_ptr<Ledger> ledger = nullptr) {
    auto future = start(std::move(ledger));
    if (future.wait_for(std::chrono::seconds(300)) != std::future_status::ready)
      ck_abort_msg("the job hangs; log:\n%s", log.c_str());
    return future.get();
  }
  Error fails() {
    JobOutcome outcome = go();
    if (!std::holds_alternative<Error>(outcome)) ck_abort_msg("the job succeeded");
    return std::get<Error>(outcome);
  }
  void succeeds() {
    const JobOutcome outcome = go();
    if (const auto* error = std::get_if<Error>(&outcome))
      ck_abort_msg("the job failed: %s: %s\n%s", reason_word(error->reason), error->message.c_str(),
                   log.c_str());
    ck_assert(text_of(*std::get<0>(outcome)) == kResult);
  }

  std::string reference = std::string(100000, 'x') + "end";
  ClientSettings settings;
  JobSpec spec;
  std::mutex log_lock;
  std::string log;
  std::shared_ptr<Recorder> recorder = std::make_shared<Recorder>();
  std::unique_ptr<Client> client;
};

/// Not ck_assert_str_eq: that keeps pointers into texts that are gone by then.
inline void ck_text(const std::string& text, const std::string& wanted) {
  ck_assert_msg(text == wanted, "\"%s\" is not \"%s\"", text.c_str(), wanted.c_str());
}

inline void ck_reason(const Error& error, Reason wanted) {
  ck_assert_msg(error.reason == wanted, "reason is %s, not %s: %s", reason_word(error.reason),
                reason_word(wanted), error.message.c_str());
}

}  // namespace omni::test
