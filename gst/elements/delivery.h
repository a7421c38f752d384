// When is a result delivered? A sink may hold the end of it until EOS, and behind a queue, a
// demuxer or a muxer everything happens later than here: a disk that is full, caps that do not fit.
// So what has gone out waits for the pipeline's EOS message, or for the run to end without an
// error.
#pragma once

#include <gst/gst.h>

#include <memory>
#include <vector>

#include "elements/slot.h"
#include "media/gst-ptr.h"

namespace omni {

/// What one run of an element has handed to downstream to its end, and is not known to have
/// arrived. From its first error on a pipeline gets nothing delivered: that is owed, and free when
/// it comes again.
class Deliveries {
 public:
  /// `src` is where results leave; its element is in its pipeline by now.
  explicit Deliveries(GstPad* src);
  /// The run ends.
  ~Deliveries();
  Deliveries(const Deliveries&) = delete;

  using Results = std::vector<std::shared_ptr<Slot>>;

  /// Downstream has got these, or all that it wants of them.
  void hand_over(const Results& results);
  /// The same, with the event by which they end: EOS or SEGMENT_DONE.
  void push_end(EventPtr event, const Results& results);

 private:
  struct Waiting;

  GstPad* const src_;
  const std::shared_ptr<Waiting> waiting_;
  BusPtr bus_;
  gulong on_eos_ = 0, on_error_ = 0;
};

}  // namespace omni
