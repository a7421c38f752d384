// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Cross-fades two frames. When and which ones is decided elsewhere.
#pragma once

#include <gst/video/video.h>

#include <vector>

#include "media/clip-decoder.h"
#include "media/gst-ptr.h"

namespace omni {

class CrossFade {
 public:
  CrossFade() = default;
  ~CrossFade();
  CrossFade(const CrossFade&) = delete;
  CrossFade& operator=(const CrossFade&) = delete;

  /// A mix of both frames; `share` is the part of `to`, from 0 to 1. Neither input is changed.
  /// Empty when they cannot be mixed, for example because their caps differ.
  BufferPtr mix(const ClipFrame& from, const ClipFrame& to, double share);

 private:
  bool prepare(GstCaps* caps);
  void drop_pool();

  CapsPtr caps_;
  GstVideoInfo info_;
  PoolPtr pool_;
  std::vector<guint8> lines_[2];  // unpacked
};

}  // namespace omni
