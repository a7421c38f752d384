// Has downstream got everything? It has when EOS is through: until then a sink may hold the end of
// a result, and on a full disk it is then that it cannot write it out.
#pragma once

#include <gst/gst.h>

#include <memory>

#include "media/gst-ptr.h"

namespace omni {

/// Made by the thread that is about to push EOS. A sink that cannot take it posts an error from
/// within the push. What the push returns says less: one to a sink that had everything, and was
/// stopped for its EOS message before the push was back, fails as well.
class EosWatch {
 public:
  explicit EosWatch(GstPad* src);
  ~EosWatch();
  EosWatch(const EosWatch&) = delete;

  /// After the push, from any thread.
  bool refused() const;

 private:
  struct Pusher;

  const std::shared_ptr<Pusher> pusher_;
  BusPtr bus_;
  gulong handler_ = 0;
};

/// Pushes the last event, EOS or SEGMENT_DONE; true when downstream has everything.
bool push_end(GstPad* src, EventPtr event);

}  // namespace omni
