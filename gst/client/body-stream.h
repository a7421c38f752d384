// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The body of a create request as a stream: JSON head, the reference as base64, JSON tail. Nothing
// is built up in memory: each read encodes what it returns. The length is known in advance.
//
// The last chunk is withheld until release_last_chunk(). Until then the body is incomplete, so the
// service cannot have accepted the request, whatever happens to the connection.
#pragma once

#include <gio/gio.h>

#include <functional>
#include <memory>

#include "service/byte-rope.h"
#include "service/dialect.h"
#include "service/glib-ptr.h"

namespace omni {

class BodyStream {
 public:
  /// `on_last_chunk` is called once, on the reading thread, when only the last chunk is left.
  BodyStream(const CreateBody& body, std::shared_ptr<const ByteRope> reference,
             std::function<void()> on_last_chunk);
  ~BodyStream();
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;

  GInputStream* stream() const { return stream_.get(); }
  goffset length() const;
  void release_last_chunk();
  /// True once the last chunk was read, that is, passed to the network.
  bool complete() const;

 private:
  ObjectPtr<GInputStream> stream_;
};

}  // namespace omni
