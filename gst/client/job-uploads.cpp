// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/job-uploads.h"

#include "client/publish-check.h"
#include "client/url.h"
#include "service/json.h"

namespace omni {

namespace {

// The longest time to hold back a result while the store deletes the reference.
constexpr Micros kLongestHold = 2 * kSecond;

constexpr char kApplication[] = "the URL that the application gave";

std::unique_ptr<Publisher> new_publisher(const PublisherParts& parts) {
  switch (parts.settings.transport) {
    case Transport::serve:
      return new_serve_publisher(parts);
    case Transport::put:
      return new_put_publisher(parts);
    case Transport::s3:
      return new_s3_publisher(parts);
    case Transport::none:
      break;
  }
  return nullptr;
}

/// The text escaped for use inside a JSON string.
std::string json_escaped(const std::string& text) {
  const JsonNodePtr node(json_node_new(JSON_NODE_VALUE));
  json_node_set_string(node.get(), text.c_str());
  const std::string quoted = to_text(node.get());
  return quoted.substr(1, quoted.size() - 2);
}

bool is_in(const std::string& text, const std::string& part) {
  return !part.empty() && text.find(part) != std::string::npos;
}

void replace_all(std::string& text, const std::string& part, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += by.size())
    text.replace(at, part.size(), by);
}

bool is_wanted(const Upload& upload, const CreateBody& body) {
  return is_in(body.head, upload.placeholder) || is_in(body.tail, upload.placeholder);
}

}  // namespace

void place_url(CreateBody& body, const std::string& placeholder, const std::string& url) {
  if (placeholder.empty()) return;
  const std::string escaped = json_escaped(url);
  replace_all(body.head, placeholder, escaped);
  replace_all(body.tail, placeholder, escaped);
}

Publishing::Publishing(const PublishSettings& settings, Http& http, LogSink log,
                       ByteCounters& counters)
    : settings_(settings),
      http_(http),
      log_(std::move(log)),
      publisher_(new_publisher({settings_, http_, log_, counters})) {
}

void Publishing::withdraw(PublishedUpload offer, const JobLimits& terms,
                          std::shared_ptr<Withdrawals> of_job) {
  JobLimits own = terms;
  own.on_retry = nullptr;  // the job may have ended by then
  ++withdrawing_;
  ++of_job->running;
  run_detached(withdraw_one(std::move(offer), std::move(own), of_job), [this, of_job] {
    --withdrawing_;
    --of_job->running;
    of_job->ended.notify_all();
  });
}

Async<void> Publishing::withdraw_one(PublishedUpload offer, JobLimits terms,
                                     std::shared_ptr<Withdrawals> of_job) {
  std::string problem;
  try {
    co_await publisher_->withdraw(offer, terms, stopping_);
  } catch (const std::exception& failure) {
    problem = failure.what();
  }
  if (problem.empty()) co_return;
  of_job->left.push_back(redact_url(offer.url) +
                         " may still be stored; delete it yourself: " + problem);
  log_(LogLevel::warning, terms.label + ": " + of_job->left.back());
}

JobUploads::JobUploads(Publishing& publishing, std::vector<Upload> uploads, JobLimits terms)
    : publishing_(publishing), uploads_(std::move(uploads)), terms_(std::move(terms)) {
}

bool JobUploads::any_in(const CreateBody& body) const {
  for (const Upload& upload : uploads_) {
    if (is_wanted(upload, body)) return true;
  }
  return false;
}

/// Chooses all addresses before any traffic, and rejects those that no service can reach.
void JobUploads::prepare(const CreateBody& body) {
  const std::string& base_url = publishing_.http().settings().base_url;
  for (const Upload& upload : uploads_) {
    if (!is_wanted(upload, body)) continue;
    PublishedUpload offer{
        .bytes = upload.bytes, .media_type = upload.media_type, .url = upload.url};
    offer.setting = kApplication;
    offer.advice = "Check the URL that the application gave.";
    if (upload.url.empty() && (!upload.bytes || upload.bytes->empty()))
      throw Failure(Reason::bad_input,
                    "The file to publish as " + upload.media_type + " is empty.");
    if (upload.url.empty()) {
      if (!publishing_.publisher())
        throw Failure(Reason::invalid_request, "The service downloads " + upload.media_type +
                                                   " by URL, and no transport is configured: set "
                                                   "reference-transport and its properties.");
      offer = publishing_.publisher()->prepare(upload, terms_);
    }
    tasks_.push_back({upload, std::move(offer)});
    require_fetchable(tasks_.back().offer.url, tasks_.back().offer.setting, base_url);
  }
}

Async<void> JobUploads::publish(CreateBody& body, Cancellation& cancellation) {
  prepare(body);
  Cancellation mine;
  running_ = static_cast<unsigned>(tasks_.size());
  for (Task& task : tasks_) {
    run_detached(run(task, mine), [this] {
      --running_;
      changed_.notify_all();
    });
  }
  while (running_ > 0 && !failure_) {
    try {
      co_await Wait(cancellation, kNever, &changed_);
    } catch (const Failure& cancelled) {
      failure_ = cancelled.error();
    }
  }
  if (failure_) mine.cancel();
  Cancellation never;
  while (running_ > 0) co_await Wait(never, kNever, &changed_);
  if (failure_) throw Failure(*failure_);
  for (const Task& task : tasks_) place_url(body, task.upload.placeholder, task.offer.url);
}

/// Nobody awaits it: the first failure is kept and cancels the others.
Async<void> JobUploads::run(Task& task, Cancellation& cancellation) {
  std::optional<Error> error;
  try {
    co_await publish_one(task, cancellation);
  } catch (const Failure& failure) {
    error = failure.error();
  } catch (const std::exception& problem) {
    error = {Reason::service_error, std::string("internal error: ") + problem.what(), 0, {}, {}};
  }
  if (error && !failure_) failure_ = error;
}

Async<void> JobUploads::publish_one(Task& task, Cancellation& cancellation) {
  const std::string shown = redact_url(task.offer.url);
  if (task.upload.url.empty()) {
    task.offer.begun = true;
    try {
      co_await publishing_.publisher()->publish(task.offer, terms_, cancellation);
    } catch (const Failure& failure) {
      // Definitely refused: there is nothing to withdraw.
      const int status = failure.error().http_status;
      if (status >= 300 && status < 500) task.offer.begun = false;
      throw;
    }
    publishing_.log(LogLevel::info, terms_.label + ": published as " + shown);
  }
  const auto log = [this](LogLevel level, const std::string& text) {
    publishing_.log(level, text);
  };
  co_await check_published(publishing_.http(), log, task.offer, terms_, cancellation);
}

void JobUploads::withdraw(bool still_needed) {
  std::vector<Task> tasks;
  tasks.swap(tasks_);
  for (Task& task : tasks) {
    if (!task.upload.url.empty()) continue;
    if (still_needed && publishing_.publisher()->deletes())
      withdrawals_->left.push_back(redact_url(task.offer.url) +
                                   " is not deleted: the job may continue at the service and "
                                   "download it. Delete it yourself later.");
    else
      publishing_.withdraw(std::move(task.offer), terms_, withdrawals_);
  }
}

std::vector<std::string> JobUploads::left_behind() const {
  std::vector<std::string> left = withdrawals_->left;
  if (withdrawals_->running > 0)
    left.push_back(
        "The store did not confirm in time that the published file was deleted: check whether it "
        "is gone.");
  return left;
}

Async<void> JobUploads::withdrawn(Cancellation& cancellation) {
  const auto ours = withdrawals_;
  const Micros latest = now() + kLongestHold;
  try {
    while (ours->running > 0 && now() < latest) co_await Wait(cancellation, latest, &ours->ended);
  } catch (const Failure&) {
    // Cancelled: do not hold anything up.
  }
}

}  // namespace omni
