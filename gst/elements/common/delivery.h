// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// When is a result delivered? A sink may hold the end of it until EOS, and after a queue, a demuxer
// or a muxer everything happens later than here: a full disk, caps that do not fit, a stop. So a
// result that was pushed counts as delivered with the EOS message of the whole pipeline. Two
// results count earlier, and not here: one that was shown live (Playout::end_segment), and one that
// was pushed whole in buffer mode (V2vOutput::push_result).
#pragma once

#include <gst/gst.h>

#include <memory>
#include <vector>

#include "elements/common/pending-result.h"
#include "media/gst-ptr.h"

namespace omni {

/// The results of one run that were pushed and are not confirmed by the pipeline's EOS yet. Those
/// that never are stay undelivered, and are reused at no cost. So do all results after an error of
/// the pipeline, even if EOS follows.
class Deliveries {
 public:
  /// `src` is where results leave; its element is in its pipeline by now.
  explicit Deliveries(GstPad* src);
  /// The run ends.
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;

  using Results = std::vector<std::shared_ptr<PendingResult>>;

  /// These have gone out, or as much of them as downstream wants. Before EOS is pushed.
  void hand_over(const Results& results);
  /// A flush has thrown away what was on its way.
  void drop();

 private:
  struct Waiting;

  const std::shared_ptr<Waiting> waiting_;
  BusPtr bus_;
  gulong on_eos_ = 0, on_error_ = 0;
};

}  // namespace omni
