// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// Settings for publishing, and the files to publish: services that accept no data URI fetch the
// reference, and images, from a URL. The implementation is in publisher.h and below.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/byte-rope.h"

namespace omni {

/// A file that the service fetches by URL: the reference, or an image.
struct Upload {
  std::string placeholder;  // stands for the URL in the create request's body; unguessable,
                            // JSON-safe
  std::shared_ptr<const ByteRope> bytes;
  std::string media_type;  // "video/mp4", "image/png"
  std::string extension;   // ".mp4"
  std::string url;  // if not empty, the application published it: only checked, never withdrawn
};

enum class Transport {
  none,   // nothing can be published; files with a URL of their own are still checked
  serve,  // from this process
  put,    // HTTP PUT to a WebDAV folder or the like
  s3,     // an object store with the S3 API
};

struct S3Credentials {
  std::string access_key, secret_key, session_token;
  std::string region, endpoint;
};

/// From AWS_ACCESS_KEY_ID and the related variables. `variable` returns the value of one, empty if
/// it is not set.
S3Credentials s3_credentials_from(const std::function<std::string(const char*)>& variable);
/// The same, from the environment of this process.
S3Credentials s3_credentials_from_environment();

struct PublishSettings {
  Transport transport = Transport::none;
  std::string serve_address;  // address to bind to; empty = all
  unsigned serve_port = 0;    // 0 = any free port
  /// serve: the URL at which the service reaches this process, a base or a template with {name}
  /// (and {port}). put: a template of the URL that the service fetches.
  std::string public_url;
  std::string put_url;  // template with {name}; user and password are sent as Basic credentials
  std::string s3_url;   // s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME]
  S3Credentials s3;
  bool delete_reference = false;  // put, s3: delete it when the service no longer needs it
};

}  // namespace omni
