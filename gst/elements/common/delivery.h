// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Decides when a result is delivered. A sink may hold back its end until EOS, and after a queue,
// demuxer or muxer everything happens later than the push: a full disk, incompatible caps, a stop.
// So a pushed result counts as delivered only with the EOS message of the whole pipeline. Two kinds
// count earlier, and elsewhere: one shown live (Playout::end_segment), and one pushed whole in
// buffer mode (V2vOutput::push_result).
#pragma once

#include <gst/gst.h>

#include <memory>
#include <vector>

#include "elements/common/pending-result.h"
#include "media/gst-ptr.h"

namespace omni {

/// The results of one run that were pushed but are not yet confirmed by the pipeline's EOS.
/// Unconfirmed ones stay undelivered and are reused at no cost. So are all results after an error
/// of the pipeline, even if EOS follows.
class Deliveries {
 public:
  /// `src` is the pad that outputs results; its element must already be in its pipeline.
  explicit Deliveries(GstPad* src);
  /// The run ends.
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;

  using Results = std::vector<std::shared_ptr<PendingResult>>;

  /// These were output, or as much of them as downstream wants. Must be called before EOS is
  /// pushed.
  void hand_over(const Results& results);
  /// A flush has discarded the results on their way.
  void drop();

 private:
  struct Waiting;

  const std::shared_ptr<Waiting> waiting_;
  BusPtr bus_;
  gulong on_eos_ = 0, on_error_ = 0;
};

}  // namespace omni
