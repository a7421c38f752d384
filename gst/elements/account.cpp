#include "elements/account.h"

namespace omni {

namespace {

void add_counts(ClientStats& to, const ClientStats& from) {
  to.jobs.submitted += from.jobs.submitted;
  to.jobs.completed += from.jobs.completed;
  to.jobs.failed += from.jobs.failed;
  to.jobs.retried += from.jobs.retried;
  to.jobs.jobs_paid += from.jobs.jobs_paid;
  to.jobs.seconds_paid += from.jobs.seconds_paid;
  to.bytes_up += from.bytes_up;
  to.bytes_down += from.bytes_down;
}

std::string used_up(const char* property, unsigned limit) {
  return std::string("The spend guard ") + property + "=" + std::to_string(limit) +
         " is reached: nothing more is submitted. Raise it to go on.";
}

}  // namespace

void Account::reserve(const Settings& settings, unsigned seconds) {
  const std::lock_guard lock(lock_);
  if (settings.max_jobs && jobs_ + 1 > settings.max_jobs)
    throw Failure(Reason::budget, used_up("max-jobs", settings.max_jobs));
  if (settings.max_seconds && seconds == 0)
    throw Failure(Reason::budget,
                  "The spend guard max-seconds is set, and how long the service makes this one is "
                  "not known: nothing is submitted. Set seconds, or use max-jobs instead.");
  if (settings.max_seconds && seconds_ + seconds > settings.max_seconds)
    throw Failure(Reason::budget, used_up("max-seconds", settings.max_seconds));
  ++jobs_;
  seconds_ += seconds;
}

void Account::give_back(unsigned seconds) {
  const std::lock_guard lock(lock_);
  --jobs_;
  seconds_ -= seconds;
}

void Account::add(const ClientStats& stats) {
  const std::lock_guard lock(lock_);
  add_counts(past_, stats);
}

ClientStats Account::totals(const Client* running) const {
  ClientStats totals = running ? running->stats() : ClientStats{};
  const std::lock_guard lock(lock_);
  add_counts(totals, past_);
  return totals;
}

}  // namespace omni
