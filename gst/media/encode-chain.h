// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The elements between raw pictures of any sort and H.264 as the services take it: square pixels,
// 8 bits, even sides, progressive. Used for a file that is encoded anew and for a stream that is
// cut; where the pictures come from is none of its business.
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
  unsigned long_side = 0;  // of the picture, 0 = no limit; never made larger
  unsigned short_side = 0;
};

/// The size in square pixels that a plan makes of a picture with these caps; {0, 0} when they say
/// no size.
struct PictureSize {
  unsigned width = 0;
  unsigned height = 0;
};
PictureSize encoded_size(const GstCaps* raw, const EncodePlan& plan);

// Bits that H.264 needs for each pixel of each frame.
inline constexpr double kGoodBitsPerPixel = 0.04;   // below, a smaller picture looks better
inline constexpr double kLeastBitsPerPixel = 0.01;  // below, there is nothing to see
inline constexpr double kRichBitsPerPixel = 0.25;   // more is not seen

struct PictureRate {
  PictureSize size;
  double frame_rate = 0;

  /// With this many lines on the short side; 0 = as it is.
  double bits_per_pixel(double bits_per_second, unsigned short_side) const;
};

/// The largest short side, at most `most`, at which the rate is good; the smallest usual one when
/// none is; 0 when the picture can stay as large as it is.
unsigned fitting_short_side(const PictureRate& picture, double bits_per_second, unsigned most);

class EncodeChain {
 public:
  /// Throws Failure (invalid_request) when an element is not installed.
  explicit EncodeChain(const EncodePlan& plan);

  /// In the order in which they are to be linked. The last one gives whole frames with codec_data.
  const std::vector<ElementPtr>& elements() const { return elements_; }
  const ElementPtr& encoder() const { return encoder_; }
  /// Before these caps reach the first element.
  void set_input(const GstCaps* raw);

 private:
  EncodePlan plan_;
  ElementPtr by_way_of_;
  ElementPtr crop_;
  ElementPtr filter_;
  ElementPtr encoder_;
  std::vector<ElementPtr> elements_;
};

ElementPtr make_caps_filter(const char* caps);

}  // namespace omni
