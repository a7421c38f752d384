// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The text of --help after the list of options, and the table of reply forms used in it.
#pragma once

#include <span>
#include <string>

#include "settings.h"

namespace emu {

struct NamedForm {
  Provider provider;
  const char* name;
  ReplyForm form;
  const char* description;
};

/// The forms of all providers, each provider's default first.
std::span<const NamedForm> reply_forms();

std::string help_text();

}  // namespace emu
