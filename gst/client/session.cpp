// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "client/session.h"

#include <mutex>
#include <utility>
#include <vector>

namespace omni {
namespace {

constexpr char kUnqueued[] = "omni-unqueued";

guint times_unqueued(SoupMessage* message) {
  return GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(message), kUnqueued));
}

void count_unqueued(SoupSession*, SoupMessage* message, gpointer) {
  g_object_set_data(G_OBJECT(message), kUnqueued, GUINT_TO_POINTER(times_unqueued(message) + 1));
}

/// Keeps a task from being freed, which would release its queue item once more; but not what it
/// holds besides. Kept tasks stay reachable, so that a leak checker does not report them.
void keep_task(GTask* task) {
  static std::mutex lock;
  static auto* const kept = new std::vector<GTask*>;
  GCancellable* cancellable = g_task_get_cancellable(task);
  GMainContext* context = g_task_get_context(task);
  gpointer session = g_task_get_source_object(task);
  {
    const std::lock_guard guard(lock);
    kept->push_back(task);
  }
  if (cancellable) g_object_unref(cancellable);
  g_main_context_unref(context);
  g_object_unref(session);
}

}  // namespace

Session::Session(Make make) : make_(std::move(make)), session_(make_session()) {
}

Session::~Session() {
  soup_session_abort(session_.get());
}

ObjectPtr<SoupSession> Session::make_session() const {
  ObjectPtr<SoupSession> session = make_();
  g_signal_connect(session.get(), "request-unqueued", G_CALLBACK(&count_unqueued), nullptr);
  return session;
}

Async<Session::Reply> Session::send(SoupMessage* message, int priority, GCancellable* cancellable) {
  const ObjectPtr<SoupSession> session = session_;
  // Stands in for the reference that libsoup releases too often.
  auto feature = ObjectPtr<SoupSessionFeature>::share(
      soup_session_get_feature(session.get(), SOUP_TYPE_AUTH_MANAGER));
  auto result = co_await GioCall([&](GAsyncReadyCallback callback, gpointer data) {
    soup_session_send_async(session.get(), message, priority, cancellable, callback, data);
  });
  GError* raw = nullptr;
  Reply reply;
  if (times_unqueued(message) > 1) {
    // soup_session_send_finish() would read the item, which is gone.
    g_task_propagate_pointer(G_TASK(result.get()), &raw);
    feature.release();
    keep_task(G_TASK(result.release()));
    if (session_.get() == session.get()) session_ = make_session();
  } else {
    reply.stream =
        ObjectPtr<GInputStream>::adopt(soup_session_send_finish(session.get(), result.get(), &raw));
  }
  reply.error.reset(raw);
  co_return reply;
}

}  // namespace omni
