// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Still images in slow motion. Frames are cut out of a slightly larger image with sub-pixel
// precision; otherwise a slow zoom would visibly jump.
#include <algorithm>
#include <cmath>

#include "scene.h"

namespace emu {
namespace {

constexpr double kZoom = 0.12;      // how far the view zooms in
constexpr double kDrift = 0.35;     // how far it moves meanwhile, as a fraction of the room gained
                                    // by zooming
constexpr double kFadeBegin = 0.2;  // as a fraction of the duration
constexpr double kFadeEnd = 0.8;

/// The source of a column or row of the frame: the sample left of it and the weight (0 to 256) of
/// the one right of it.
struct Tap {
  unsigned at = 0;
  unsigned weight = 0;
};

std::vector<Tap> taps(unsigned count, double start, double length, unsigned limit) {
  std::vector<Tap> taps(count);
  const double step = length / count;
  for (unsigned i = 0; i < count; ++i) {
    const double from = std::clamp(start + (i + 0.5) * step - 0.5, 0.0, limit - 1.0);
    taps[i].at = std::min(static_cast<unsigned>(from), limit - 2);
    taps[i].weight = static_cast<unsigned>(std::lround((from - taps[i].at) * 256));
  }
  return taps;
}

/// A view of an image: its top left corner and the visible fraction of each side.
struct View {
  double x = 0, y = 0, part = 1;
};

View moving(double zoom, double sign) {
  const double part = 1 / (1 + zoom);
  const double room = 1 - part;
  return {.x = room / 2 * (1 + sign * kDrift), .y = room / 2 * (1 - sign * kDrift), .part = part};
}

struct Plane {
  std::uint8_t* to;
  std::size_t stride;
  unsigned width, height;
};

/// `mix` = 256 replaces the frame; less blends with it.
void draw(const Plane& plane, const std::vector<std::uint8_t>& from, unsigned from_width,
          unsigned from_height, const View& view, unsigned mix) {
  const auto columns = taps(plane.width, view.x * from_width, view.part * from_width, from_width);
  const auto rows = taps(plane.height, view.y * from_height, view.part * from_height, from_height);
  for (unsigned y = 0; y < plane.height; ++y) {
    const std::uint8_t* upper = from.data() + std::size_t{rows[y].at} * from_width;
    const std::uint8_t* lower = upper + from_width;
    const unsigned down = rows[y].weight;
    std::uint8_t* out = plane.to + y * plane.stride;
    for (unsigned x = 0; x < plane.width; ++x) {
      const Tap tap = columns[x];
      const unsigned high = upper[tap.at] * (256 - tap.weight) + upper[tap.at + 1] * tap.weight;
      const unsigned low = lower[tap.at] * (256 - tap.weight) + lower[tap.at + 1] * tap.weight;
      const unsigned value = (high * (256 - down) + low * down + 32768) >> 16;
      out[x] = static_cast<std::uint8_t>((out[x] * (256 - mix) + value * mix + 128) >> 8);
    }
  }
}

void draw(const Canvas& canvas, const Picture& picture, const View& view, unsigned mix) {
  for (unsigned i = 0; i < 3; ++i) {
    const unsigned half = i == 0 ? 1 : 2;
    const Plane plane{canvas.planes[i], canvas.strides[i], canvas.width / half,
                      canvas.height / half};
    draw(plane, picture.planes[i], picture.width / half, picture.height / half, view, mix);
  }
}

unsigned even(double value) {
  return std::max(4U, static_cast<unsigned>(std::lround(value / 2)) * 2);
}

/// The centre of the image with the frame's aspect ratio, large enough for the closest view.
Picture cover(const std::string& path, unsigned width, unsigned height) {
  const ImageSize size = image_size(path);
  const double scale =
      std::max(static_cast<double>(width) / size.width, static_cast<double>(height) / size.height) *
      (1 + kZoom);
  const Picture whole = load_picture(path, even(size.width * scale), even(size.height * scale));
  Picture picture{.width = std::min(even(width * (1 + kZoom)), whole.width),
                  .height = std::min(even(height * (1 + kZoom)), whole.height),
                  .planes = {}};
  const unsigned left = (whole.width - picture.width) / 4 * 2;
  const unsigned top = (whole.height - picture.height) / 4 * 2;
  for (unsigned i = 0; i < 3; ++i) {
    const unsigned half = i == 0 ? 1 : 2;
    for (unsigned y = 0; y < picture.height / half; ++y) {
      const auto* row =
          whole.planes[i].data() + std::size_t{top / half + y} * (whole.width / half) + left / half;
      picture.planes[i].insert(picture.planes[i].end(), row, row + picture.width / half);
    }
  }
  return picture;
}

double smooth(double x) {
  x = std::clamp(x, 0.0, 1.0);
  return x * x * (3 - 2 * x);
}

class Stills final : public Painter {
 public:
  Stills(const std::string& first, const std::string& last, unsigned width, unsigned height)
      : first_(cover(first, width, height)) {
    if (!last.empty()) last_ = cover(last, width, height);
  }

  /// The first frame is the whole first image, the last frame the whole last image.
  void paint(const Canvas& canvas, double at, double) override {
    const bool fades = last_.width > 0;
    const double faded = fades ? smooth((at - kFadeBegin) / (kFadeEnd - kFadeBegin)) : 0;
    const auto mix = static_cast<unsigned>(std::lround(faded * 256));
    if (mix < 256) draw(canvas, first_, moving(kZoom * at, 1), 256);
    if (mix > 0) draw(canvas, last_, moving(kZoom * (1 - at), -1), mix);
  }

 private:
  Picture first_, last_;
};

}  // namespace

std::unique_ptr<Painter> stills(const std::string& first, const std::string& last, unsigned width,
                                unsigned height) {
  return std::make_unique<Stills>(first, last, width, height);
}

}  // namespace emu
