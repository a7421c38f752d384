// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a job sends besides text: the reference and images, each inline or published first.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/publish.h"
#include "elements/common/settings.h"
#include "service/byte-rope.h"

namespace omni {

class Attachments {
 public:
  /// `publish` lets the application publish; may be null.
  Attachments(const Settings& settings, std::function<std::string(const ByteRope&)> publish);

  /// Passes URLs through; turns a local file or a data URI into what the service accepts. Throws
  /// Failure.
  std::string image(const std::string& image, const char* property);

  /// A placeholder for a reference sent by URL; `url` is its URL if the application has published
  /// it already.
  std::string reference(std::shared_ptr<const ByteRope> bytes, std::string url);

  /// The attachments that `body` refers to and that must be published. Throws Failure when there is
  /// no way to publish.
  std::vector<Upload> uploads_in(const std::string& body);

 private:
  std::string add(std::shared_ptr<const ByteRope> bytes, const char* type, const char* extension);
  bool images_by_url() const;

  const Settings& settings_;
  std::function<std::string(const ByteRope&)> publish_;
  std::vector<Upload> uploads_;
};

}  // namespace omni
