// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "elements/common/delivery.h"

#include <mutex>
#include <utility>

#include "elements/common/debug.h"

#define GST_CAT_DEFAULT omni::debug_category()

namespace omni {

namespace {

using GstObjectPtr = ObjectPtr<GstObject>;

GstObjectPtr toplevel(gpointer object) {
  auto top = GstObjectPtr::share(GST_OBJECT(object));
  while (GstObject* parent = gst_object_get_parent(top.get())) top = GstObjectPtr::adopt(parent);
  return top;
}

}  // namespace

/// Shared with the handlers: another thread may be in one when it is disconnected.
struct Deliveries::Waiting {
  explicit Waiting(GstPad* src) {
    const auto parent = ElementPtr::adopt(gst_pad_get_parent_element(src));
    g_weak_ref_init(&element, parent.get());
  }
  ~Waiting() { g_weak_ref_clear(&element); }
  Waiting(const Waiting&) = delete;

  /// Several pipelines may share a bus, and an element may have been moved to another one.
  void hear(GstMessage* message) {
    const auto mine = ElementPtr::adopt(static_cast<GstElement*>(g_weak_ref_get(&element)));
    if (!mine || !GST_MESSAGE_SRC(message)) return;
    const GstObjectPtr top = toplevel(mine.get());
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
      if (GST_MESSAGE_SRC(message) != top.get()) return;
      for (const std::shared_ptr<PendingResult>& pending : take()) pending->confirm_delivered();
    } else if (toplevel(GST_MESSAGE_SRC(message)).get() == top.get()) {
      fail(mine.get());
    }
  }

  void add(const Results& more) {
    const std::lock_guard guard(lock);
    if (!failed) results.insert(results.end(), more.begin(), more.end());
  }
  Results take() {
    const std::lock_guard guard(lock);
    return std::exchange(results, {});
  }

 private:
  void fail(GstElement* mine) {
    {
      const std::lock_guard guard(lock);
      failed = true;
    }
    if (const auto owed = take().size())
      GST_INFO_OBJECT(mine,
                      "an error in the pipeline: %zu results that were output count as undelivered",
                      owed);
  }

  // For logging. A strong reference would be a cycle: element, bus, handler.
  GWeakRef element;
  std::mutex lock;  // innermost
  Results results;
  bool failed = false;
};

Deliveries::Deliveries(GstPad* src)
    : waiting_(std::make_shared<Waiting>(src)),
      bus_(BusPtr::adopt(gst_element_get_bus(GST_ELEMENT(toplevel(src).get())))) {
  if (!bus_) return;
  using Shared = std::shared_ptr<Waiting>;
  const auto heard = +[](GstBus*, GstMessage* message, gpointer waiting) {
    (*static_cast<Shared*>(waiting))->hear(message);
  };
  const auto connect = [&](const char* signal) {
    const auto destroy = +[](gpointer data, GClosure*) { delete static_cast<Shared*>(data); };
    return g_signal_connect_data(bus_.get(), signal, G_CALLBACK(heard), new Shared(waiting_),
                                 destroy, GConnectFlags());
  };
  // In the posting thread, so that an error is handled before its consequences.
  on_eos_ = connect("sync-message::eos");
  on_error_ = connect("sync-message::error");
  gst_bus_enable_sync_message_emission(bus_.get());
}

Deliveries::~Deliveries() {
  if (!bus_) return;
  gst_bus_disable_sync_message_emission(bus_.get());
  g_signal_handler_disconnect(bus_.get(), on_eos_);
  g_signal_handler_disconnect(bus_.get(), on_error_);
}

void Deliveries::hand_over(const Results& results) {
  waiting_->add(results);
}

void Deliveries::drop() {
  waiting_->take();
}

}  // namespace omni
