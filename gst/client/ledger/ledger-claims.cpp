// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Which rows of the ledger a new job can take up.
#include "client/ledger/ledger-store.h"

namespace omni {

namespace {

// The columns that found_in() reads.
const std::string kClaim =
    "SELECT id, state, owner, base_url, create_path, task_id, accepted_at, "
    "(SELECT hash FROM results WHERE hash=result_hash) FROM jobs ";
// The same job, and not over. The last parameter: also if delivered.
const std::string kSame =
    "WHERE request_hash=? AND reference_bytes=? AND provider=? "
    "AND (state IN ('sent', 'accepted', 'fetched') OR (? AND state='delivered')) ";

void bind_same(Statement& query, const JobKey& key, Reuse reuse) {
  query.bind(key.request_hash)
      .bind(static_cast<std::int64_t>(key.reference_bytes))
      .bind(key.provider)
      .bind(reuse == Reuse::all);
}

}  // namespace

bool LedgerStore::has_candidates(const JobKey& key, Reuse reuse) {
  Statement query(*database_, "SELECT 1 FROM jobs " + kSame + "LIMIT 1");
  bind_same(query, key, reuse);
  return query.step();
}

bool LedgerStore::is_free(const std::string& id, const std::string& owner) const {
  return owner.empty() || (owner == owner_->name() && !running_.contains(id));
}

/// `row` is free. What it gives to somebody who asks the service at `base_url`.
LedgerStore::Found LedgerStore::found_in(Statement& row, const std::string& base_url) {
  Found found;
  Claim& claim = found.claim;
  claim.id = row.text(0);
  const std::string state = row.text(1);
  claim.base_url = row.text(3);
  claim.create_path = row.text(4);
  claim.task_id = row.text(5);
  claim.accepted_at = row.number(6);
  found.result_hash = row.text(7);
  if (!found.result_hash.empty())
    claim.kind = Claim::Kind::result;
  else if (claim.task_id.empty())
    claim.kind = claim.base_url == base_url ? Claim::Kind::doubt : Claim::Kind::nothing;
  else if (state == "delivered")
    claim.kind = Claim::Kind::nothing;
  else
    claim.kind = claim.base_url == base_url ? Claim::Kind::task : Claim::Kind::elsewhere;
  return found;
}

LedgerStore::Found LedgerStore::claim(const JobKey& key, const std::string& reference_hash,
                                      Reuse reuse) {
  reap();
  Statement query(*database_, kClaim + kSame +
                                  "AND reference_hash=? ORDER BY CASE state WHEN 'fetched' THEN 0 "
                                  "WHEN 'accepted' THEN 1 WHEN 'delivered' THEN 2 ELSE 3 END, "
                                  "created_at");
  bind_same(query, key, reuse);
  query.bind(reference_hash);
  Found elsewhere;
  while (query.step()) {
    const bool delivered = query.text(1) == "delivered";
    const bool free = is_free(query.text(0), query.text(2));
    // A kept result may be had by many at once.
    const bool shared = reuse == Reuse::all && !query.is_null(7);
    if (!delivered && !free && !shared) continue;
    Found found = found_in(query, key.base_url);
    if (found.claim.kind == Claim::Kind::nothing) continue;
    if (found.claim.kind == Claim::Kind::elsewhere) {
      elsewhere = std::move(found);
      continue;
    }
    // One in doubt is held until the run ends: it stands in the way of one job, not of all that
    // are alike.
    if (!delivered && free) own(found.claim.id);
    return found;
  }
  return elsewhere;
}

LedgerStore::Found LedgerStore::take(const std::string& id) {
  reap();
  Statement query(*database_,
                  kClaim + "WHERE id=? AND state IN ('accepted', 'fetched', 'delivered')");
  query.bind(id);
  if (!query.step() || !is_free(id, query.text(2))) return {};
  Found found = found_in(query, query.text(3));
  if (found.claim.kind != Claim::Kind::nothing) own(id);
  return found;
}

void LedgerStore::own(const std::string& id) {
  running_.insert(id);
  Statement(*database_, "UPDATE jobs SET owner=? WHERE id=?")
      .bind(owner_->name())
      .bind(id)
      .finish();
}

void LedgerStore::disown(const std::string& id) {
  running_.erase(id);
  Statement(*database_, "UPDATE jobs SET owner=NULL WHERE id=? AND owner=?")
      .bind(id)
      .bind(owner_->name())
      .finish();
}

}  // namespace omni
