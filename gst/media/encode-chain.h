// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The elements between raw video of any kind and H.264 that the services accept: square pixels, 8
// bits, even sides, progressive. Used for transcoding a file and for encoding segments of a stream.
// Where the frames come from is decided elsewhere.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "media/encoder.h"
#include "media/gst-ptr.h"

namespace omni {

struct EncodePlan {
  H264Settings settings;
  std::string encoder;     // factory; empty = by preference
  unsigned long_side = 0;  // of the frame, 0 = no limit; never scaled up
  unsigned short_side = 0;
};

/// The size in square pixels that a plan gives to frames with these caps; {0, 0} when they have no
/// size.
struct PictureSize {
  unsigned width = 0;
  unsigned height = 0;
};
PictureSize encoded_size(const GstCaps* raw, const EncodePlan& plan);

// Bits per pixel and frame that H.264 needs.
inline constexpr double kGoodBitsPerPixel = 0.04;   // below, a smaller frame looks better
inline constexpr double kLeastBitsPerPixel = 0.01;  // below, nothing is recognizable
inline constexpr double kRichBitsPerPixel = 0.25;   // above, no difference is visible
inline constexpr double kSizeTarget = 0.95;  // of a limit in bytes: encoders approximate their rate

struct PictureRate {
  PictureSize size;
  double frame_rate = 0;

  /// With this many lines on the short side; 0 = unscaled.
  double bits_per_pixel(double bits_per_second, unsigned short_side) const;
};

/// The largest short side, at most `most`, at which the rate is good; the smallest usual one when
/// there is none; 0 when no scaling is needed.
unsigned fitting_short_side(const PictureRate& picture, double bits_per_second, unsigned most);

class EncodeChain {
 public:
  /// Throws Failure (invalid_request) when an element is not installed.
  explicit EncodeChain(const EncodePlan& plan);

  /// In linking order. The last one outputs whole frames with codec_data.
  const std::vector<ElementPtr>& elements() const { return elements_; }
  const ElementPtr& encoder() const { return encoder_; }
  /// Must be called before these caps reach the first element.
  void set_input(const GstCaps* raw);

 private:
  EncodePlan plan_;
  ElementPtr intermediate_;
  ElementPtr crop_;
  ElementPtr filter_;
  ElementPtr encoder_;
  std::vector<ElementPtr> elements_;
};

ElementPtr make_caps_filter(const char* caps);

}  // namespace omni
