// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// What a job takes along besides words: the reference and images, each inline or as something to be
// published first.
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
  /// `publish` has the application publish; may be null.
  Attachments(const Settings& settings, std::function<std::string(const ByteRope&)> publish);

  /// URLs pass; a local file or a data URI becomes what the service takes. Throws Failure.
  std::string image(const std::string& image, const char* property);

  /// A placeholder for a reference that goes by URL; `url` is where the application has put it
  /// already, if it has.
  std::string reference(std::shared_ptr<const ByteRope> bytes, std::string url);

  /// What is to be published, when `body` has a place for it. Throws Failure when there is no way.
  std::vector<Upload> uploads_in(const std::string& body);

 private:
  std::string add(std::shared_ptr<const ByteRope> bytes, const char* type, const char* extension);
  bool images_by_url() const;

  const Settings& settings_;
  std::function<std::string(const ByteRope&)> publish_;
  std::vector<Upload> uploads_;
};

}  // namespace omni
