// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The looks: what "regenerated" means here. Each is a piece of GStreamer pipeline, selected by
// words in the prompt. No model is involved.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace emu {

struct Look {
  const char* name;
  const char* words;  // separated by spaces; each matches the beginning of a word in the prompt
  const char* description;  // for the help
  const char* pipeline;     // {w} {h} = size, {w2} {h2} = half, {w4} {h4} = a quarter
};

/// All looks, the default first. "identity" is the last and has no pipeline.
std::span<const Look> looks();

const Look* find_look(std::string_view name);

/// The look that is the whole prompt, else the one with the most words in it; `fallback` if there
/// is none.
const Look& choose_look(std::string_view prompt, const Look& fallback);

/// The look's pipeline with the sizes filled in.
std::string look_pipeline(const Look& look, unsigned width, unsigned height);

}  // namespace emu
