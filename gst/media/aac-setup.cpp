// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "media/aac-setup.h"

namespace omni {
namespace {

constexpr std::array kRates = {96000u, 88200u, 64000u, 48000u, 44100u, 32000u, 24000u,
                               22050u, 16000u, 12000u, 11025u, 8000u,  7350u};
constexpr std::array kChannels = {0u, 1u, 2u, 3u, 4u, 5u, 6u, 8u};
constexpr unsigned kEscapedType = 31;
constexpr unsigned kEscapedRate = 15;
constexpr unsigned kPlainTypes = 4;  // Main, LC, SSR, LTP
constexpr unsigned kSbr = 5;
constexpr unsigned kParametricStereo = 29;

class Bits {
 public:
  explicit Bits(std::string_view bytes) : bytes_(bytes) {}
  unsigned take(unsigned count) {
    unsigned value = 0;
    for (; count > 0; --count, ++at_) {
      const std::size_t byte = at_ / 8;
      over_ = over_ || byte >= bytes_.size();
      const unsigned bit =
          over_ ? 0 : static_cast<std::uint8_t>(bytes_[byte]) >> (7 - at_ % 8) & 1u;
      value = value << 1 | bit;
    }
    return value;
  }
  bool over() const { return over_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool over_ = false;
};

unsigned take_type(Bits& bits) {
  const unsigned type = bits.take(5);
  return type == kEscapedType ? 32 + bits.take(6) : type;
}
unsigned take_rate(Bits& bits) {
  const unsigned index = bits.take(4);
  if (index == kEscapedRate) return bits.take(24);
  return index < kRates.size() ? kRates[index] : 0;
}

}  // namespace

std::optional<AacSetup> read_aac_config(std::string_view config) {
  Bits bits(config);
  AacSetup setup;
  unsigned type = take_type(bits);
  setup.rate = take_rate(bits);
  const unsigned channels = bits.take(4);
  if (type == kSbr || type == kParametricStereo) {
    take_rate(bits);  // the output rate
    type = take_type(bits);
  }
  if (bits.take(1)) setup.unit = 960;
  if (bits.over() || type == 0 || type > kPlainTypes || setup.rate == 0) return std::nullopt;
  if (channels < kChannels.size()) setup.channels = kChannels[channels];
  setup.config = std::string(config);
  return setup;
}

std::optional<AdtsHeader> read_adts(const std::array<std::uint8_t, kAdtsBytes>& bytes) {
  Bits bits({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (bits.take(12) != 0xFFF) return std::nullopt;
  bits.take(1);  // MPEG-2 or MPEG-4
  if (bits.take(2) != 0) return std::nullopt;
  AdtsHeader adts;
  adts.header = bits.take(1) ? 7 : 9;
  const unsigned type = bits.take(2) + 1;
  const unsigned rate = bits.take(4);
  bits.take(1);
  const unsigned channels = bits.take(3);
  bits.take(4);
  adts.size = bits.take(13);
  bits.take(11);
  const bool several = bits.take(2) != 0;
  // With channel configuration 0 the layout is inside the unit, where an MP4 reader does not look.
  if (adts.size <= adts.header || rate >= kRates.size() || channels == 0 || several) {
    return std::nullopt;
  }
  const unsigned config = type << 11 | rate << 7 | channels << 3;
  const std::string text = {static_cast<char>(config >> 8), static_cast<char>(config & 0xFF)};
  adts.setup = {text, kRates[rate], kChannels[channels], 1024};
  return adts;
}

}  // namespace omni
