// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The landscape of text-to-video: a sky with a sun, three rows of hills that move at different
// speeds, and water that reflects all of it. The prompt's letters determine colours and shapes, so
// that two prompts look different and the same one looks the same.
#include "scene.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace emu {
namespace {

constexpr unsigned kHills = 3;
constexpr double kShore = 0.70;  // where the water begins, as a fraction of the height
constexpr double kTurn = 6.283185307179586;

struct Colour {
  double r = 0, g = 0, b = 0;
};

Colour mix(const Colour& from, const Colour& to, double part) {
  return {from.r + (to.r - from.r) * part, from.g + (to.g - from.g) * part,
          from.b + (to.b - from.b) * part};
}

/// One colour in the frame's format: BT.709, video range.
struct Yuv {
  int y = 16, u = 128, v = 128;
};

Yuv to_yuv(const Colour& c) {
  return {static_cast<int>(16 + 46.6 * c.r + 156.6 * c.g + 15.8 * c.b),
          static_cast<int>(128 - 25.7 * c.r - 86.3 * c.g + 112.0 * c.b),
          static_cast<int>(128 + 112.0 * c.r - 101.7 * c.g - 10.3 * c.b)};
}

struct Palette {
  Colour zenith, horizon, sun, far_hill, near_hill;
};

constexpr Palette kPalettes[] = {
    {{.10, .20, .48}, {.98, .62, .35}, {1.0, .93, .70}, {.50, .36, .50}, {.10, .10, .22}},
    {{.16, .42, .78}, {.80, .92, .98}, {1.0, 1.0, .88}, {.48, .64, .70}, {.10, .30, .18}},
    {{.05, .05, .20}, {.45, .25, .58}, {.92, .90, 1.0}, {.28, .20, .46}, {.05, .05, .14}},
    {{.12, .36, .42}, {.98, .84, .55}, {1.0, .96, .80}, {.52, .56, .48}, {.16, .18, .10}},
    {{.30, .14, .36}, {1.0, .45, .38}, {1.0, .84, .56}, {.56, .26, .38}, {.16, .06, .16}},
};

/// FNV-1a: the same prompt gives the same numbers on every machine.
std::uint64_t hash(const std::string& text) {
  std::uint64_t value = 14695981039346656037ULL;
  for (const unsigned char c : text) value = (value ^ c) * 1099511628211ULL;
  return value;
}

/// Numbers from 0 to 1 from one seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  double roll() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<double>((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
  }

 private:
  std::uint64_t state_;
};

struct Wave {
  double height, length, phase;
};

struct Hill {
  double base = 0;   // height above the shore, as a fraction of the frame height
  double speed = 0;  // frame heights per second
  std::array<Wave, 4> waves{};
  Yuv colour;
};

class Landscape final : public Painter {
 public:
  Landscape(const std::string& prompt, unsigned width, unsigned height)
      : width_(width), height_(height), shore_(static_cast<unsigned>(height * kShore)) {
    Dice dice(hash(prompt));
    const auto count = static_cast<double>(std::size(kPalettes));
    palette_ = kPalettes[static_cast<std::size_t>(dice.roll() * count)];
    sun_x_ = 0.25 + 0.5 * dice.roll();
    sun_y_ = 0.20 + 0.15 * dice.roll();
    for (unsigned i = 0; i < kHills; ++i) hills_[i] = make_hill(i, dice);
    for (auto& ridge : ridges_) ridge.resize(width);
    upper_.resize(std::size_t{width} * shore_);
    make_sky();
  }

  void paint(const Canvas& canvas, double at, double seconds) override;

 private:
  Hill make_hill(unsigned index, Dice& dice) const;
  void make_sky();
  void trace_ridges(double seconds);
  void paint_land(unsigned sun_row);
  void put(const Canvas& canvas, unsigned x, unsigned y, const Yuv& colour) const;
  void paint_water(const Canvas& canvas, double seconds) const;

  unsigned width_, height_, shore_;
  Palette palette_;
  double sun_x_ = 0, sun_y_ = 0;
  std::array<Hill, kHills> hills_;
  std::array<std::vector<double>, kHills> ridges_;  // the height of each column's top, in pixels
  std::vector<Colour> sky_;                         // one colour per row
  std::vector<Yuv> upper_;                          // everything above the water
};

Hill Landscape::make_hill(unsigned index, Dice& dice) const {
  const double near = index / (kHills - 1.0);
  Hill hill{.base = 0.34 - 0.24 * near, .speed = 0.02 + 0.10 * near, .waves = {}, .colour = {}};
  double height = 0.075 - 0.02 * near, length = 0.9;
  for (Wave& wave : hill.waves) {
    wave = {height, length * (0.8 + 0.4 * dice.roll()), dice.roll() * kTurn};
    height *= 0.45;
    length *= 0.42;
  }
  hill.colour = to_yuv(mix(palette_.far_hill, palette_.near_hill, near));
  return hill;
}

void Landscape::make_sky() {
  sky_.resize(shore_);
  for (unsigned y = 0; y < shore_; ++y) {
    const double down = static_cast<double>(y) / shore_;
    sky_[y] = mix(palette_.zenith, palette_.horizon, down * down * 0.4 + down * 0.6);
  }
}

void Landscape::trace_ridges(double seconds) {
  for (unsigned i = 0; i < kHills; ++i) {
    const Hill& hill = hills_[i];
    for (unsigned x = 0; x < width_; ++x) {
      const double place = static_cast<double>(x) / height_ + hill.speed * seconds;
      double top = hill.base;
      for (const Wave& wave : hill.waves) {
        top += wave.height * std::sin(place / wave.length * kTurn + wave.phase);
      }
      ridges_[i][x] = shore_ - std::max(top, 0.01) * height_;
    }
  }
}

Yuv blend(const Yuv& under, const Yuv& over, double part) {
  const int weight = static_cast<int>(part * 256);
  const auto one = [weight](int a, int b) { return a + (b - a) * weight / 256; };
  return {one(under.y, over.y), one(under.u, over.u), one(under.v, over.v)};
}

/// The sky, the sun's disc and glow, and the hills in front with soft edges.
void Landscape::paint_land(unsigned sun_row) {
  const double sun_x = sun_x_ * width_, radius = 0.07 * height_, glow = 0.6 * height_;
  for (unsigned y = 0; y < shore_; ++y) {
    const Yuv row = to_yuv(sky_[y]);
    const Yuv sun = to_yuv(palette_.sun);
    const double dy = static_cast<double>(y) - sun_row;
    for (unsigned x = 0; x < width_; ++x) {
      Yuv colour = row;
      const double dx = x - sun_x;
      const double distance = std::sqrt(dx * dx + dy * dy);
      if (distance < glow) {
        const double shine = 1 - distance / glow;
        const double disc = std::clamp(radius - distance + 0.5, 0.0, 1.0);
        colour = blend(row, sun, std::max(disc, 0.35 * shine * shine));
      }
      for (unsigned i = 0; i < kHills; ++i) {
        const double inside = y - ridges_[i][x] + 0.5;
        if (inside > 0) colour = blend(colour, hills_[i].colour, std::min(inside, 1.0));
      }
      upper_[std::size_t{y} * width_ + x] = colour;
    }
  }
}

void Landscape::put(const Canvas& canvas, unsigned x, unsigned y, const Yuv& colour) const {
  canvas.planes[0][y * canvas.strides[0] + x] = static_cast<std::uint8_t>(colour.y);
  if (x % 2 != 0 || y % 2 != 0) return;
  canvas.planes[1][y / 2 * canvas.strides[1] + x / 2] = static_cast<std::uint8_t>(colour.u);
  canvas.planes[2][y / 2 * canvas.strides[2] + x / 2] = static_cast<std::uint8_t>(colour.v);
}

/// Water reflects what is above it, darker and shifted sideways by waves that grow towards the
/// viewer.
void Landscape::paint_water(const Canvas& canvas, double seconds) const {
  const Yuv deep = to_yuv(mix(palette_.zenith, palette_.near_hill, 0.5));
  const unsigned rows = height_ - shore_;
  for (unsigned y = shore_; y < height_; ++y) {
    const double near = static_cast<double>(y - shore_) / rows;
    const auto mirrored = static_cast<unsigned>((1 - near) * (shore_ - 1));
    const double wave = std::sin(30 / (near + 0.12) + seconds * 2.6) * (0.002 + 0.010 * near);
    const int shift = static_cast<int>(wave * height_);
    const double dark = 0.25 + 0.40 * near + 0.10 * std::sin(55 / (near + 0.2) + seconds * 3.7);
    const Yuv* row = &upper_[std::size_t{mirrored} * width_];
    for (unsigned x = 0; x < width_; ++x) {
      const int from = std::clamp(static_cast<int>(x) + shift, 0, static_cast<int>(width_) - 1);
      put(canvas, x, y, blend(row[from], deep, std::clamp(dark, 0.0, 1.0)));
    }
  }
}

void Landscape::paint(const Canvas& canvas, double at, double seconds) {
  trace_ridges(seconds);
  paint_land(static_cast<unsigned>((sun_y_ + 0.10 * at) * height_));
  for (unsigned y = 0; y < shore_; ++y) {
    const Yuv* row = &upper_[std::size_t{y} * width_];
    for (unsigned x = 0; x < width_; ++x) put(canvas, x, y, row[x]);
  }
  paint_water(canvas, seconds);
}

}  // namespace

std::unique_ptr<Painter> landscape(const std::string& prompt, unsigned width, unsigned height) {
  return std::make_unique<Landscape>(prompt, width, height);
}

}  // namespace emu
