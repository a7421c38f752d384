// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Which segment of omniv2vbin holds the style of the others: whose turn it is, and the still that
// comes of it. Only the states; the submitter waits, and makes the still. No lock of its own.
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
    open,       // the next segment that is submitted becomes the candidate
    under_way,  // the candidate is at work
    result,     // it came to a good end; no still was made of it yet
    still,      // there, for the rest of the run
  };

  State state() const { return state_; }
  /// The candidate's result; null without one.
  const std::shared_ptr<const ByteRope>& result() const { return result_; }
  /// As a data: URI; null without one.
  const std::shared_ptr<const std::string>& still() const { return still_; }

  /// open -> under_way. `planned`: a dry run's, whose result is its own reference.
  void choose(guint segment, bool planned);
  /// The dry run is over: what came of it holds for nothing that is bought.
  void forget_plan();
  /// A segment is over. The candidate's: under_way -> result, or open when it failed.
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
