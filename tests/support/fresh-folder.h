// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// A folder that nobody else has, gone with its owner. Each run gets one as its state-dir: what
// another test has paid for is no business of this one.
#pragma once

#include <glib.h>

#include <filesystem>
#include <string>

namespace omni::test {

class FreshFolder {
 public:
  FreshFolder() {
    char* made = g_dir_make_tmp("gst-omni-test-XXXXXX", nullptr);
    g_assert_nonnull(made);
    path_ = made;
    g_free(made);
  }
  ~FreshFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FreshFolder(const FreshFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace omni::test
