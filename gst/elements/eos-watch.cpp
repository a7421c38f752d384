#include "elements/eos-watch.h"

#include <atomic>

namespace omni {

namespace {

ElementPtr toplevel(GstPad* pad) {
  auto top = ObjectPtr<GstObject>::adopt(gst_object_get_parent(GST_OBJECT(pad)));
  while (GstObject* parent = gst_object_get_parent(top.get()))
    top = ObjectPtr<GstObject>::adopt(parent);
  return ElementPtr::share(GST_ELEMENT(top.get()));
}

/// Sinks are stopped first, so the pipeline knows before this element does.
bool is_being_stopped(GstPad* src) {
  return GST_PAD_IS_FLUSHING(src) || GST_STATE_TARGET(toplevel(src).get()) < GST_STATE_PAUSED;
}

}  // namespace

struct EosWatch::Pusher {
  GThread* const thread = g_thread_self();
  std::atomic<bool> refused = false;
};

EosWatch::EosWatch(GstPad* src)
    : pusher_(std::make_shared<Pusher>()),
      bus_(BusPtr::adopt(gst_element_get_bus(toplevel(src).get()))) {
  if (!bus_) return;
  // Other threads may be in the handler when it is disconnected.
  using Shared = std::shared_ptr<Pusher>;
  const auto heard = +[](GstBus*, GstMessage*, gpointer data) {
    const auto& pusher = *static_cast<Shared*>(data);
    if (pusher->thread == g_thread_self()) pusher->refused = true;
  };
  const auto destroy = +[](gpointer data, GClosure*) { delete static_cast<Shared*>(data); };
  handler_ = g_signal_connect_data(bus_.get(), "sync-message::error", G_CALLBACK(heard),
                                   new Shared(pusher_), destroy, GConnectFlags());
  gst_bus_enable_sync_message_emission(bus_.get());
}

EosWatch::~EosWatch() {
  if (!bus_) return;
  gst_bus_disable_sync_message_emission(bus_.get());
  g_signal_handler_disconnect(bus_.get(), handler_);
}

bool EosWatch::refused() const {
  return pusher_->refused;
}

bool push_end(GstPad* src, EventPtr event) {
  const EosWatch watch(src);
  const bool taken = gst_pad_push_event(src, event.release());
  return !watch.refused() && (taken || is_being_stopped(src));
}

}  // namespace omni
