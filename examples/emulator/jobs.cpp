// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "jobs.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "log.h"

namespace emu {

struct Jobs::Job {
  NewJob asked;
  const Look* look = nullptr;
  Fate fate;
  std::string token = random_hex(16);
  std::string upstream_id = "up-" + random_hex(8);
  unsigned polls = 0;
  State state = State::queued;
  std::shared_ptr<Ticket> ticket = std::make_shared<Ticket>();
  Rendered rendered;
  std::string error_code;
  std::string error_message;
  std::int64_t created_ms = now_ms();
  std::int64_t started_ms = 0;
  std::int64_t completed_ms = 0;
  std::int64_t link_expires_ms = 0;
  omni::SourceHandle timer;
};

namespace {

std::string length_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g s", seconds);
  return text;
}

unsigned worker_count() {
  return std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
}

omni::SourceHandle after(double seconds, std::function<void()> task) {
  GSource* source = g_timeout_source_new(static_cast<guint>(std::max(0.0, seconds) * 1000));
  g_source_set_callback(
      source,
      [](gpointer data) -> gboolean {
        // The task may destroy this source and with it its own closure.
        const std::function<void()> copy = *static_cast<std::function<void()>*>(data);
        copy();
        return G_SOURCE_REMOVE;
      },
      new std::function<void()>(std::move(task)),
      [](gpointer data) { delete static_cast<std::function<void()>*>(data); });
  g_source_attach(source, nullptr);
  return omni::SourceHandle(source);
}

std::string describe(const Order& order) {
  std::string text = order.seconds ? std::to_string(order.seconds) + " s" : "length as it is";
  if (!order.images.empty()) {
    text += ", " + std::to_string(order.images.size()) +
            (order.images.size() == 1 ? " image" : " images");
  }
  if (!order.resolution.empty()) text += ", " + order.resolution;
  if (!order.aspect_ratio.empty())
    text += (order.resolution.empty() ? ", " : " ") + order.aspect_ratio;
  return text;
}

}  // namespace

Jobs::Jobs(const Settings& settings, const StateFolder& folder, const Links& links)
    : settings_(settings),
      folder_(folder),
      links_(links),
      chance_(settings),
      workers_(worker_count()) {
}

Jobs::~Jobs() {
  shut_down();
}

void Jobs::shut_down() {
  for (const auto& [id, job] : jobs_) {
    job->timer.reset();
    g_cancellable_cancel(job->ticket->cancel.get());
  }
  waiting_.clear();
  workers_.stop();
}

bool Jobs::full() const {
  return settings_.concurrency > 0 && running_ >= settings_.concurrency &&
         waiting_.size() >= settings_.queue;
}

std::optional<JobView> Jobs::submit(NewJob asked) {
  if (full()) return std::nullopt;
  auto job = std::make_shared<Job>();
  job->look = &look_of(asked);
  job->asked = std::move(asked);
  const std::string& id = job->asked.id;
  jobs_[id] = job;
  by_token_[job->token] = id;
  if (!job->asked.idempotency_key.empty()) by_key_[job->asked.idempotency_key] = id;
  for (std::size_t i = 0; i < job->asked.order.images.size(); ++i) {
    job->asked.order.images[i].file = folder_.image(id, i);
  }
  const std::string reference = !job->asked.order.reference_url.empty() ? "reference by address"
                                : job->asked.reference_bytes
                                    ? human_bytes(job->asked.reference_bytes)
                                    : "no reference";
  const std::string how = settings_.command.empty()
                              ? std::string("look \"") + job->look->name + "\""
                              : "by the command";
  say("job %s  accepted  %s, %s, %s", id.c_str(), reference.c_str(),
      describe(job->asked.order).c_str(), how.c_str());
  for (const std::string& note : job->asked.order.notes) {
    say("job %s  note  %s", id.c_str(), note.c_str());
  }
  meet_fate(*job);
  waiting_.push_back(job);
  start_waiting();
  return view(id, {});
}

/// The script's faults take precedence over random ones.
void Jobs::meet_fate(Job& job) {
  job.fate = chance_.next();
  const std::string& id = job.asked.id;
  if (settings_.service_time.least < settings_.service_time.most || job.fate.slow) {
    say("job %s  chance  takes at least %.3f s%s", id.c_str(), job.fate.service_time,
        job.fate.slow ? ", one of the slow ones" : "");
  }
  if (!job.fate.fails || !job.asked.fail_code.empty()) return;
  say("job %s  chance  will fail", id.c_str());
  job.asked.fail_code = "generation_failed";
  job.asked.fail_message = "the upstream model failed";
}

void Jobs::start_waiting() {
  while (!waiting_.empty() && (settings_.concurrency == 0 || running_ < settings_.concurrency)) {
    const std::shared_ptr<Job> job = waiting_.front();
    waiting_.pop_front();
    start(job);
  }
}

/// Images are shown unchanged unless a look is requested.
const Look& Jobs::look_of(const NewJob& asked) const {
  const Look* fallback = find_look(settings_.look);
  const bool from_images = !asked.has_reference() && !asked.order.images.empty();
  if (!fallback) fallback = from_images ? &looks().back() : &looks().front();
  return choose_look(asked.order.prompt, *fallback);
}

RenderSpec Jobs::spec(const Job& job) const {
  const Order& order = job.asked.order;
  const std::string& id = job.asked.id;
  return {.reference = folder_.reference(id),
          .reference_url = order.reference_url,
          .has_reference = job.asked.has_reference(),
          .fetch = {.limit = order.reference_limit, .anywhere = settings_.fetch_anywhere},
          .fetch_images = settings_.fetch_images,
          .clip_min = order.clip_min,
          .clip_max = order.clip_max,
          .images = order.images,
          .result = folder_.result(id),
          .prompt = order.prompt,
          .seconds = order.seconds,
          .aspect_ratio = order.aspect_ratio,
          .short_side = order.short_side,
          .fps = settings_.fps,
          .stretch = settings_.stretch,
          .size = settings_.size,
          .sound = order.sound,
          .mute = order.mute,
          .look = job.look,
          .command = settings_.command};
}

void Jobs::start(const std::shared_ptr<Job>& job) {
  ++running_;
  job->state = State::running;
  job->started_ms = now_ms();
  if (!job->asked.fail_code.empty()) {
    job->error_code = job->asked.fail_code;
    job->error_message = job->asked.fail_message;
    rendered(job);
    return;
  }
  workers_.post([this, job, work = spec(*job), ticket = job->ticket] {
    Rendered rendered_as;
    std::string code, message;
    try {
      rendered_as = render(work, *ticket);
    } catch (const TaskFailure& failure) {
      code = failure.code;
      message = failure.what();
    } catch (const std::exception& error) {
      code = "internal_error";
      message = error.what();
    }
    on_main([this, job, rendered_as, code, message] {
      job->rendered = rendered_as;
      job->error_code = code;
      job->error_message = message;
      rendered(job);
    });
  });
}

void Jobs::rendered(const std::shared_ptr<Job>& job) {
  const double left =
      job->fate.service_time - static_cast<double>(now_ms() - job->started_ms) / 1000;
  // A zero wait also goes through the loop, so that the reply to a create request never reports an
  // ended job.
  job->timer = after(left, [this, job] { finish(job); });
}

void Jobs::finish(const std::shared_ptr<Job>& job) {
  const std::string id = job->asked.id;
  --running_;
  job->completed_ms = now_ms();
  const double took = static_cast<double>(job->completed_ms - job->started_ms) / 1000;
  if (job->error_code.empty()) {
    job->state = State::completed;
    std::error_code ignored;
    const auto bytes = std::filesystem::file_size(folder_.result(id), ignored);
    const double seconds =
        job->asked.order.seconds ? job->asked.order.seconds : job->rendered.seconds;
    const std::string billed = seconds > 0 ? length_text(seconds) : "the reference's length";
    say("job %s  completed  %s after %.1f s, billed %s", id.c_str(), human_bytes(bytes).c_str(),
        took, billed.c_str());
  } else {
    job->state = State::failed;
    say("job %s  failed  %s: %s", id.c_str(), job->error_code.c_str(), job->error_message.c_str());
  }
  job->timer = after(kTaskLifeSeconds, [this, id] { forget(id); });
  start_waiting();
}

void Jobs::forget(const std::string& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return;
  const std::shared_ptr<Job> job = found->second;
  by_token_.erase(job->token);
  by_key_.erase(job->asked.idempotency_key);
  jobs_.erase(found);
  // With --state the files belong to the user.
  if (!folder_.temporary()) return;
  std::remove(folder_.reference(id).c_str());
  std::remove(folder_.result(id).c_str());
  for (const ImageInput& image : job->asked.order.images) std::remove(image.file.c_str());
}

int Jobs::progress(const Job& job) const {
  if (job.state == State::queued) return 0;
  if (job.state != State::running) return 100;
  double part = job.ticket->progress;
  if (job.fate.service_time > 0) {
    const double waited =
        static_cast<double>(now_ms() - job.started_ms) / 1000 / job.fate.service_time;
    // The slower one decides: an unchanged copy reports no progress of its own.
    const bool silent = job.look->pipeline[0] == '\0' || part >= 1 || !job.asked.fail_code.empty();
    part = silent ? waited : std::min(part, waited);
  }
  return static_cast<int>(std::clamp(part * 100, 0.0, 99.0));
}

std::optional<JobView> Jobs::view(const std::string& id, const std::string& origin) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) return std::nullopt;
  Job& job = *found->second;
  JobView view{.id = id,
               .upstream_id = job.upstream_id,
               .model = job.asked.order.model,
               .prompt = job.asked.order.prompt,
               .state = job.state,
               .polls = job.polls,
               .progress = progress(job),
               .created_at = job.created_ms / 1000,
               .started_at = job.started_ms / 1000,
               .completed_at = job.completed_ms / 1000,
               .expires_at = job.created_ms / 1000 + kTaskLifeSeconds,
               .seconds = job.asked.order.seconds,
               .width = job.rendered.width,
               .height = job.rendered.height,
               .error_code = job.state == State::failed ? job.error_code : "",
               .error_message = job.state == State::failed ? job.error_message : "",
               .url = {},
               .early_url = {},
               .artifact_url = {}};
  add_addresses(view, job, origin);
  return view;
}

void Jobs::add_addresses(JobView& view, Job& job, const std::string& origin) const {
  // The same link until it expires, then a new one.
  if (now_ms() > job.link_expires_ms) {
    job.link_expires_ms = now_ms() + static_cast<std::int64_t>(settings_.expire * 1000);
  }
  view.early_url = origin + links_.path_and_query(job.token, job.link_expires_ms);
  if (job.state != State::completed) return;
  view.expires_at = job.link_expires_ms / 1000;
  view.url = view.early_url;
  view.artifact_url = origin + "/v1/tasks/" + view.id + "/artifacts/video/content?access=" +
                      links_.access(job.token, job.link_expires_ms);
}

std::optional<JobView> Jobs::polled(const std::string& id, const std::string& origin) {
  auto seen = view(id, origin);
  if (seen) ++jobs_.at(id)->polls;
  return seen;
}

std::string Jobs::token_of(const std::string& id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? std::string() : found->second->token;
}

std::optional<std::string> Jobs::with_idempotency_key(const std::string& key) const {
  const auto found = by_key_.find(key);
  if (key.empty() || found == by_key_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Jobs::id_of_token(const std::string& token) const {
  const auto found = by_token_.find(token);
  if (found == by_token_.end()) return std::nullopt;
  return found->second;
}

std::string Jobs::result_file(const std::string& id) const {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second->state != State::completed) return {};
  return folder_.result(id);
}

}  // namespace emu
