// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The segment of omniv2vbin that sets the style of the others: which one it is, and the still made
// of it. Holds only the state; the submitter waits and makes the still. Has no lock of its own.
#pragma once

#include <glib.h>

#include <memory>
#include <string>

#include "client/job.h"
#include "service/byte-rope.h"

namespace omni {

class Anchor {
 public:
  enum class State {
    open,       // the next submitted segment becomes the candidate
    under_way,  // the candidate's job is running
    result,     // the job succeeded; no still was made yet
    still,      // the still exists, for the rest of the run
  };

  State state() const { return state_; }
  /// The candidate's result; null if there is none.
  const std::shared_ptr<const ByteRope>& result() const { return result_; }
  /// As a data: URI; null if there is none.
  const std::shared_ptr<const std::string>& still() const { return still_; }

  /// open -> under_way. `planned`: in a dry run, where the result is the reference itself.
  void choose(guint segment, bool planned);
  /// The dry run is over: its candidate and still must not be used for paid jobs.
  void forget_plan();
  /// A segment has finished. For the candidate: under_way -> result, or open when it failed.
  void finished(guint segment, const JobOutcome& outcome);
  /// The candidate is cancelled: under_way -> open
  void cancel();
  /// result -> still
  void set_still(std::string data_uri);
  /// No still can be made of the result: result -> open. True the first time.
  bool reject_result();

 private:
  State state_ = State::open;
  guint candidate_ = 0;
  bool planned_ = false;
  std::shared_ptr<const ByteRope> result_;
  std::shared_ptr<const std::string> still_;
  bool result_rejected_ = false;
};

}  // namespace omni
