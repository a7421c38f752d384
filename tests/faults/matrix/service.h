// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The service that a cell talks to: a well-behaved one of the octopusx dialect, one of whose jobs
// meets the row's fault. Its results are a clip, whatever the reference was.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "faults/matrix/matrix.h"

namespace omni::test {

class MatrixService {
 public:
  MatrixService(const Row& row, int faulty_job, const Clips& clips, std::string tls_url);

  std::string base_url() const;
  std::string faulty_id() const { return id_of(faulty_job_); }
  /// The POSTs of the faulty job, which its Idempotency-Key tells from others.
  int posts(bool whole_only) const;
  /// What was asked that must never be.
  std::vector<std::string> problems() const;

 private:
  EarlyDecision early(const SeenRequest& request);
  ServerReply answer(const SeenRequest& request);
  ServerReply usual(const SeenRequest& request, int job);
  ServerReply poll(int job);
  ServerReply elsewhere(const SeenRequest& request);
  bool meets_fault(const SeenRequest& request, int job);
  int job_of(const SeenRequest& request);
  int job_of_key(const std::string& key);
  std::string id_of(int job) const;
  ServerReply filled(ServerReply reply) const;
  std::string filled(std::string text) const;

  const Script& script_;
  const int faulty_job_;
  const std::string& delivered_;  // to the faulty job
  const std::string& result_;     // to the others
  const std::string tls_url_;
  const ClosedPort closed_;
  mutable std::mutex lock_;
  std::vector<std::string> keys_;  // of the jobs, in the order of their creates
  int heads_ = 0;                  // creates of the faulty job that began
  int met_ = 0;                    // requests that met the fault
  std::map<int, int> polls_;       // of each job
  std::map<int, int> links_;       // that each job was given

 public:
  FaultServer other;  // last: their threads end before what they use
  FaultServer server;
};

}  // namespace omni::test
