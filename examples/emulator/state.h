// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The folder for references, results and the record of requests.
#pragma once

#include <string>

namespace emu {

class StateFolder {
 public:
  /// An empty path creates a temporary folder that is deleted with this object.
  explicit StateFolder(std::string path);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  const std::string& path() const { return path_; }
  bool temporary() const { return temporary_; }
  std::string reference(const std::string& id) const { return path_ + "/reference-" + id + ".mp4"; }
  std::string result(const std::string& id) const { return path_ + "/result-" + id + ".mp4"; }
  std::string image(const std::string& id, std::size_t nth) const {
    return path_ + "/image-" + id + "-" + std::to_string(nth);
  }
  std::string requests() const { return path_ + "/requests.jsonl"; }

 private:
  std::string path_;
  bool temporary_;
};

}  // namespace emu
