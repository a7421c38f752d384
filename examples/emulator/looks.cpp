// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "looks.h"

#include <cctype>
#include <utility>
#include <vector>

namespace emu {
namespace {

// Two tricks are used here. Mixing two images at 0.5 each, followed by contrast 2 and saturation 2,
// gives their sum: light added to an image. With one of them inverted and the brightness reduced it
// gives their difference: ink on an image. And slow effects work at half or a quarter of the size.
// edgetv draws blocks of 4 pixels, one block beside the edge, and does not write its first row:
// scaled down its edges are smooth, and shifted by one block they fit.
constexpr Look kLooks[] = {
    {"neon", "neon night rain cyber city glow dark", "dark blue-violet night with glowing edges",
     "tee name=split "
     "split. ! queue ! gamma gamma=0.45 ! videobalance hue=0.06 contrast=0.85 ! mix.sink_0 "
     "split. ! queue ! videobalance saturation=2 ! videoconvert ! edgetv "
     "! videobox left=4 top=4 right=-4 bottom=-4 ! videoscale method=bilinear2 "
     "! video/x-raw,width={w4},height={h4} ! videoconvert ! video/x-raw,format=I420 "
     "! gamma gamma=1.2 ! videobalance contrast=1.6 saturation=2 hue=-0.1 ! glow.sink_0 "
     "split. ! queue ! videoscale method=bilinear2 add-borders=false "
     "! video/x-raw,width=120,height=20,pixel-aspect-ratio=1/1 ! gamma gamma=0.6 ! videoconvert "
     "! coloreffects preset=sepia ! videoconvert ! video/x-raw,format=I420 "
     "! videobalance hue=0.8 contrast=0.65 saturation=2 ! glow.sink_1 "
     "compositor name=glow background=black sink_1::alpha=0.5 sink_1::width={w4} "
     "sink_1::height={h4} ! video/x-raw,width={w4},height={h4} ! mix.sink_1 "
     "compositor name=mix background=black sink_1::alpha=0.6 sink_1::width={w} sink_1::height={h} "
     "! video/x-raw,width={w},height={h} ! videobalance contrast=2 saturation=1.8"},
    {"noir", "noir black-and-white monochrome detective film grey gray",
     "hard black and white with film scratches",
     "videobalance saturation=0 contrast=1.55 brightness=-0.25 ! videoconvert "
     "! agingtv scratch-lines=3 pits=false color-aging=false"},
    {"vintage", "vintage old sepia retro antique western nostalg",
     "sepia print with dust and scratches",
     "videobalance saturation=0.6 contrast=1.25 brightness=0.08 ! videoconvert "
     "! coloreffects preset=sepia ! videoconvert ! videobalance saturation=1.5 ! videoconvert "
     "! agingtv scratch-lines=7 color-aging=false"},
    {"cartoon", "cartoon comic anime drawn drawing ink edge sketch",
     "flat bright colours with ink outlines",
     "tee name=split "
     "split. ! queue ! videoconvert ! edgetv ! videobox left=4 top=4 right=-4 bottom=-4 "
     "! videoscale method=bilinear2 ! video/x-raw,width={w2},height={h2} "
     "! coloreffects preset=xray ! videoconvert ! video/x-raw,format=I420 "
     "! videobalance saturation=0 ! mix.sink_0 "
     "split. ! queue ! videoscale ! video/x-raw,width={w2},height={h2} ! videoconvert "
     "! videomedian filtersize=9 ! videobalance saturation=1.5 contrast=1.3 brightness=0.08 "
     "! mix.sink_1 "
     "compositor name=mix background=black sink_0::width={w} sink_0::height={h} "
     "sink_1::alpha=0.5 sink_1::width={w} sink_1::height={h} "
     "! video/x-raw,width={w},height={h} ! videobalance contrast=2 brightness=-0.85 saturation=2"},
    {"dream", "dream blur soft mist fog haze romantic memory", "soft focus, bright and warm",
     "tee name=split split. ! queue ! videobalance saturation=1.2 brightness=0.06 ! mix.sink_0 "
     "split. ! queue ! videoscale ! video/x-raw,width={w4},height={h4} ! videoconvert "
     "! gaussianblur sigma=3 ! videoconvert ! videobalance brightness=0.15 saturation=1.5 "
     "! mix.sink_1 "
     "compositor name=mix background=black sink_1::alpha=0.65 sink_1::width={w} sink_1::height={h} "
     "! video/x-raw,width={w},height={h}"},
    {"thermal", "thermal heat infrared predator temperature", "false colours of a thermal camera",
     "videobalance contrast=1.1 ! videoconvert ! coloreffects preset=heat"},
    {"xray", "x-ray xray negative skeleton scan", "blue-green negative",
     "videoconvert ! coloreffects preset=xray"},
    {"psychedelic", "psychedelic trippy acid hallucinat surreal vertigo",
     "wrong colours that flow from the centre",
     "videobalance saturation=2 ! videoscale ! video/x-raw,width={w2},height={h2} ! videoconvert "
     "! solarize threshold=110 ! videoconvert ! videoscale ! video/x-raw,width={w},height={h} "
     "! videoconvert ! vertigotv"},
    {"identity", "", "the reference itself, byte for byte, not even decoded (but see Results)", ""},
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-') {
      words.back() += static_cast<char>(std::tolower(byte));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

void replace_all(std::string& text, std::string_view what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

std::span<const Look> looks() {
  return kLooks;
}

const Look* find_look(std::string_view name) {
  for (const Look& look : kLooks) {
    if (name == look.name) return &look;
  }
  return nullptr;
}

const Look& choose_look(std::string_view prompt, const Look& fallback) {
  const std::vector<std::string> said = words_of(prompt);
  // "identity" has no words, because prompts often contain it: it must be the whole prompt.
  if (said.size() == 1) {
    if (const Look* named = find_look(said.front())) return *named;
  }
  const Look* best = &fallback;
  unsigned most = 0;
  for (const Look& look : kLooks) {
    unsigned hits = 0;
    for (const std::string& key : words_of(look.words)) {
      for (const std::string& word : said) hits += word.starts_with(key) ? 1 : 0;
    }
    if (hits > most) {
      most = hits;
      best = &look;
    }
  }
  return *best;
}

std::string look_pipeline(const Look& look, unsigned width, unsigned height) {
  std::string text = look.pipeline;
  const auto even = [](unsigned value) { return std::to_string(value < 2 ? 2 : value / 2 * 2); };
  const std::pair<const char*, std::string> sizes[] = {
      {"{w}", even(width)},       {"{h}", even(height)},     {"{w2}", even(width / 2)},
      {"{h2}", even(height / 2)}, {"{w4}", even(width / 4)}, {"{h4}", even(height / 4)}};
  for (const auto& [name, value] : sizes) replace_all(text, name, value);
  return text;
}

}  // namespace emu
