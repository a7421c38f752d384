// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A SoupSession that outlives a defect of libsoup 3.3.1 to 3.6.5. There, an exchange that fails or
// is cancelled while its reply is awaited is finished twice: libsoup releases its queue item and
// the session's features once too often, and its counts of items are wrong from then on. The next
// use of that memory ends the process, and later exchanges of the session may never start.
#pragma once

#include <libsoup/soup.h>

#include <functional>

#include "client/coroutine.h"
#include "service/glib-ptr.h"

namespace omni {

class Session {
 public:
  using Make = std::function<ObjectPtr<SoupSession>()>;
  struct Reply {
    ObjectPtr<GInputStream> stream;  // null after an error
    ErrorPtr error;
  };

  /// `make` is called now, and again for each session that has to be replaced. Its sessions have no
  /// feature but the SoupAuthManager.
  explicit Session(Make make);
  /// Cancels what is still running.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// soup_session_send_async(). An exchange that libsoup finished twice leaves a few hundred bytes
  /// behind, and the session is replaced; others that are under way keep the old one.
  Async<Reply> send(SoupMessage* message, int priority, GCancellable* cancellable);

 private:
  ObjectPtr<SoupSession> make_session() const;

  Make make_;
  ObjectPtr<SoupSession> session_;
};

}  // namespace omni
