// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

#include "state.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <filesystem>
#include <stdexcept>

#include "service/glib-ptr.h"

namespace emu {

StateFolder::StateFolder(std::string path) : path_(std::move(path)), temporary_(path_.empty()) {
  if (temporary_) {
    GError* raw = nullptr;
    const omni::CharPtr made(g_dir_make_tmp("omni-emulator-XXXXXX", &raw));
    const omni::ErrorPtr error(raw);
    if (!made) throw std::runtime_error(error->message);
    path_ = made.get();
    return;
  }
  // Absolute: files are also named by URI, and a command may change its working directory.
  const omni::CharPtr absolute(g_canonicalize_filename(path_.c_str(), nullptr));
  path_ = absolute.get();
  if (g_mkdir_with_parents(path_.c_str(), 0700) != 0) {
    throw std::runtime_error("cannot make the folder " + path_);
  }
}

StateFolder::~StateFolder() {
  std::error_code ignored;
  if (temporary_) std::filesystem::remove_all(path_, ignored);
}

}  // namespace emu
