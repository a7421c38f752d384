#include "elements/delivery.h"

#include <algorithm>
#include <mutex>
#include <utility>

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

/// Shared with the handlers: another thread may be in one when it is disconnected.
struct Deliveries::Waiting {
  explicit Waiting(GstPad* src) : element(ElementPtr::adopt(gst_pad_get_parent_element(src))) {}

  void confirm() {
    for (const std::shared_ptr<Slot>& slot : take()) slot->confirm_delivered();
  }
  void fail() {
    {
      const std::lock_guard guard(lock);
      failed = true;
    }
    take();
  }
  Results take() {
    const std::lock_guard guard(lock);
    return std::exchange(results, {});
  }
  void add(const Results& more) {
    const std::lock_guard guard(lock);
    if (!failed) results.insert(results.end(), more.begin(), more.end());
  }
  void withdraw(const Results& these) {
    const std::lock_guard guard(lock);
    std::erase_if(results, [&](const std::shared_ptr<Slot>& slot) {
      return std::find(these.begin(), these.end(), slot) != these.end();
    });
  }

  const ElementPtr element;  // which slots log with
  std::mutex lock;           // innermost
  Results results;
  bool failed = false;
};

Deliveries::Deliveries(GstPad* src)
    : src_(src),
      waiting_(std::make_shared<Waiting>(src)),
      bus_(BusPtr::adopt(gst_element_get_bus(toplevel(src).get()))) {
  if (!bus_) return;
  using Shared = std::shared_ptr<Waiting>;
  const auto eos =
      +[](GstBus*, GstMessage*, gpointer data) { (*static_cast<Shared*>(data))->confirm(); };
  const auto error =
      +[](GstBus*, GstMessage*, gpointer data) { (*static_cast<Shared*>(data))->fail(); };
  const auto connect = [this](const char* signal, auto handler) {
    const auto destroy = +[](gpointer data, GClosure*) { delete static_cast<Shared*>(data); };
    return g_signal_connect_data(bus_.get(), signal, G_CALLBACK(handler), new Shared(waiting_),
                                 destroy, GConnectFlags());
  };
  // In the thread that posts, so that an error comes before what follows from it.
  on_eos_ = connect("sync-message::eos", eos);
  on_error_ = connect("sync-message::error", error);
  gst_bus_enable_sync_message_emission(bus_.get());
}

Deliveries::~Deliveries() {
  if (bus_) {
    gst_bus_disable_sync_message_emission(bus_.get());
    g_signal_handler_disconnect(bus_.get(), on_eos_);
    g_signal_handler_disconnect(bus_.get(), on_error_);
  }
  waiting_->confirm();
}

void Deliveries::hand_over(const Results& results) {
  waiting_->add(results);
}

void Deliveries::push_end(EventPtr event, const Results& results) {
  waiting_->add(results);
  // A sink that cannot take it says no. So does one that is being stopped, which says nothing.
  if (!gst_pad_push_event(src_, event.release()) && !is_being_stopped(src_))
    waiting_->withdraw(results);
}

}  // namespace omni
